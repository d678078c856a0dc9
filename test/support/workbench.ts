import type { Stack } from 'aws-cdk-lib';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Workbench, WorkbenchData, WorkbenchNetwork, type WorkbenchProps } from '../../src';
import { REGION, templateOf } from './synthesis';
import type { TemplateDocument } from './template';

interface OneStackProps extends Partial<WorkbenchProps> {
  readonly natGateways?: number;
}

/** A whole workbench in one stack, as users of the library may write it. */
export function workbench(stack: Stack, { natGateways, ...props }: OneStackProps = {}): Workbench {
  const data = new WorkbenchData(stack, 'Data');
  const vpc = props.vpc ?? new WorkbenchNetwork(stack, 'Network', { natGateways, flowLogGroup: data.flowLogGroup }).vpc;
  return new Workbench(stack, 'Workbench', { data, ...props, vpc });
}

/** The template of a whole workbench in one stack. */
export function workbenchTemplate(props?: OneStackProps): TemplateDocument {
  return templateOf((stack) => workbench(stack, props));
}

/** A workbench alone, in two public subnets and with data that exist: a third of the template, for many examples. */
export function host(stack: Stack, props: Partial<WorkbenchProps> = {}): Workbench {
  const arn = (service: string, resource: string) => `arn:aws:${service}:${REGION}:111122223333:${resource}`;
  return new Workbench(stack, 'Workbench', {
    vpc: Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-0123456789abcdef0',
      availabilityZones: ['a', 'b'].map((zone) => `${REGION}${zone}`),
      publicSubnetIds: ['subnet-a', 'subnet-b'],
      publicSubnetRouteTableIds: ['rtb-a', 'rtb-b'],
    }),
    data: WorkbenchData.fromWorkbenchDataAttributes(stack, 'Data', {
      encryptionKeyArn: arn('kms', 'key/1234abcd'),
      gizmosqlSecretArn: arn('secretsmanager', 'secret:gizmosql-AbCdEf'),
      hostLogGroupName: 'hosts',
      sessionLogGroupName: 'sessions',
    }),
    ...props,
  });
}

/** The template of a workbench alone. */
export function hostTemplate(props?: Partial<WorkbenchProps>): TemplateDocument {
  return templateOf((stack) => host(stack, props));
}
