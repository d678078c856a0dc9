import { type CfnResource, Stack } from 'aws-cdk-lib';
import { AwsCustomResource } from 'aws-cdk-lib/custom-resources';
import type { Construct } from 'constructs';
import { acknowledge, acknowledgeCfnLint, acknowledgeCheckov, COMPLIANCE_PACKS, Pack } from './acknowledge';

/** Accepts the findings on the one function that CDK makes for all calls of a stack by `AwsCustomResource`. */
export function acknowledgeSdkCaller(scope: Construct): void {
  const caller = Stack.of(scope).node.findChild(`AWS${AwsCustomResource.PROVIDER_FUNCTION_UUID.replaceAll('-', '')}`);
  const once =
    'It runs when the stack is deployed and never else: CloudFormation waits for its answer and shows its failure, so a ' +
    'queue for lost events, reserved capacity and traces have no use, and the APIs that it calls are in no network of ours';
  acknowledge(caller, [Pack.HIPAA, Pack.NIST], 'LambdaConcurrency', once);
  acknowledge(caller, [Pack.HIPAA, Pack.NIST, Pack.SERVERLESS], 'LambdaDLQ', once);
  acknowledge(caller, COMPLIANCE_PACKS, 'LambdaInsideVPC', once);
  acknowledge(caller, [Pack.SERVERLESS], 'LambdaTracing', once);
  const handler = caller.node.findChild('Resource') as CfnResource;
  acknowledgeCheckov(handler, ['CKV_AWS_115', 'CKV_AWS_116', 'CKV_AWS_117'], once);
  acknowledgeCfnLint(handler, ['W3005'], 'CDK writes the dependency on the role out, which does no harm');
}
