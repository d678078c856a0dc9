import type { CfnResource, RemovalPolicy } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** What happens to the resource of each construct when its stack is destroyed. */
export function applyRemovalPolicy(constructs: readonly IConstruct[], policy: RemovalPolicy): void {
  for (const { node } of constructs) (node.defaultChild as CfnResource).applyRemovalPolicy(policy);
}
