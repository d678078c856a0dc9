import { InstanceType, type InstanceArchitecture } from 'aws-cdk-lib/aws-ec2';

/**
 * An EC2 instance type that can run Amazon Linux and that CDK understands: a family, its generation and attributes, a
 * size. Mac types run macOS alone, and CDK cannot read the high-memory families with a dash and digits (u7i-12tb).
 */
export const INSTANCE_TYPE =
  /^(?!mac)[a-z]+\d{1,2}[a-z-]*\.(nano|micro|small|medium|large|xlarge|\d+xlarge|metal|metal-\d+xl)$/;

/**
 * The CPU architecture of an instance type: Graviton families carry a `g` among the letters after the generation
 * (t4g, c7gn, im4gn), and a1 is Graviton too; a family whose name begins with g (g5) is not.
 *
 * @param instanceType one that INSTANCE_TYPE accepts.
 */
export function architectureOf(instanceType: string): InstanceArchitecture {
  return new InstanceType(instanceType).architecture;
}
