import type { CfnResource } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { acknowledge, acknowledgeCfnLint, acknowledgeCheckov, COMPLIANCE_PACKS, Pack } from './acknowledge';

/**
 * Accepts the findings on a function of CDK's own that runs in deployments alone.
 *
 * @param callee why it needs no network, as the end of a sentence about what it calls
 */
export function acknowledgeDeploymentFunction(framework: IConstruct, callee: string): void {
  const once =
    'It runs when the stack is deployed and never else: CloudFormation waits for its answer and shows its failure, so a ' +
    `queue for lost events, reserved capacity and traces have no use, and ${callee}`;
  acknowledge(framework, [Pack.HIPAA, Pack.NIST], 'LambdaConcurrency', once);
  acknowledge(framework, [Pack.HIPAA, Pack.NIST, Pack.SERVERLESS], 'LambdaDLQ', once);
  acknowledge(framework, COMPLIANCE_PACKS, 'LambdaInsideVPC', once);
  acknowledge(framework, [Pack.SERVERLESS], 'LambdaTracing', once);
  const handler = framework.node.findChild('Resource') as CfnResource;
  acknowledgeCheckov(handler, ['CKV_AWS_115', 'CKV_AWS_116', 'CKV_AWS_117'], once);
  acknowledgeCfnLint(handler, ['W3005'], 'CDK writes the dependency on the role out, which does no harm');
}
