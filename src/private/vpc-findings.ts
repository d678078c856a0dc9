import { type CfnResource, Stack } from 'aws-cdk-lib';
import type { Vpc } from 'aws-cdk-lib/aws-ec2';
import { acknowledge, acknowledgeCfnLint, acknowledgeCheckov, COMPLIANCE_PACKS } from './acknowledge';

/** Accepts that public subnets have a way out, for a reason. */
export function acknowledgeRoutes(vpc: Vpc, reason: string): void {
  for (const subnet of vpc.publicSubnets) {
    acknowledge(subnet, COMPLIANCE_PACKS, 'VPCNoUnrestrictedRouteToIGW', reason);
  }
}

/** The rule packs cannot look into the function that CDK brings to empty the default security group; these two can. */
export function acknowledgeRestriction(vpc: Vpc): void {
  const provider = Stack.of(vpc).node.findChild('Custom::VpcRestrictDefaultSGCustomResourceProvider');
  const handler = provider.node.findChild('Handler') as CfnResource;
  acknowledgeCheckov(
    handler,
    ['CKV_AWS_115', 'CKV_AWS_116', 'CKV_AWS_117'],
    'It runs when the network is deployed and never else: CloudFormation waits for its answer and shows its failure, so a ' +
      'queue for lost events and reserved capacity have no use, and the EC2 API that it calls is not in the network',
  );
  acknowledgeCfnLint(handler, ['W3005'], 'CDK writes the dependency on the role out, which does no harm');
}
