import type { CfnStage, Method, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { acknowledge, acknowledgeCheckov, COMPLIANCE_PACKS, Pack } from '../private/acknowledge';

/** What is accepted of the API of findings. */
export function acknowledgeApi(
  api: RestApi,
  { methods, userPoolArn, webAclArn }: { methods: Method[]; userPoolArn?: string; webAclArn?: string },
): void {
  acknowledgeStage(api);
  if (webAclArn === undefined) acknowledgeMissingAcl(api);
  const signed = 'Requests are signed with AWS credentials: IAM says who may ask';
  for (const method of userPoolArn === undefined ? methods : []) {
    acknowledge(method, [Pack.AWS_SOLUTIONS], 'COG4', signed);
  }
  acknowledge(
    api.node.findChild('CloudWatchRole'),
    [Pack.AWS_SOLUTIONS],
    'IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]',
    "API Gateway's role for the logs of all APIs of the account in this region; AWS documents no narrower one",
  );
}

function acknowledgeStage({ deploymentStage: stage }: RestApi): void {
  const resource = stage.node.defaultChild as CfnStage;
  const log = 'Its access log has each request and its outcome; the execution log would have the findings themselves';
  acknowledge(stage, [Pack.AWS_SOLUTIONS], 'APIG6', log);
  acknowledge(stage, COMPLIANCE_PACKS, 'APIGWExecutionLoggingEnabled', log);
  const cache = 'An answer is what the database says now; a cache costs more than the whole service and pauses never';
  acknowledge(stage, COMPLIANCE_PACKS, 'APIGWCacheEnabledAndEncrypted', cache);
  const client =
    'It calls a function by the API of Lambda, which knows the caller by IAM; no certificate has a use there';
  acknowledge(stage, COMPLIANCE_PACKS, 'APIGWSSLEnabled', client);
  const traces = 'Its log tells each step; traces need permission on all of X-Ray, which has no narrower one';
  acknowledge(stage, [Pack.HIPAA], 'APIGWXrayEnabled', traces);
  acknowledge(stage, [Pack.SERVERLESS], 'APIGWXrayEnabled', traces);
  acknowledgeCheckov(resource, ['CKV_AWS_73'], traces);
  acknowledgeCheckov(resource, ['CKV_AWS_120'], cache);
}

function acknowledgeMissingAcl({ deploymentStage: stage }: RestApi): void {
  const reason =
    'Nobody gets an answer without credentials of AWS or of the user pool, and requests are throttled; the setting webAclArn ' +
    'puts a web ACL in front';
  acknowledge(stage, [Pack.AWS_SOLUTIONS], 'APIG3', reason);
  acknowledge(stage, [Pack.NIST, Pack.PCI], 'APIGWAssociatedWithWAF', reason);
}
