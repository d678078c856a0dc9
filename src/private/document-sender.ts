import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { CfnDocument } from 'aws-cdk-lib/aws-ssm';

/** What it takes to send one document, and no other, to the hosts with a tag. */
export function sendStatements(document: CfnDocument, tag: { key: string; value: string }): PolicyStatement[] {
  const stack = Stack.of(document);
  return [
    new PolicyStatement({
      sid: 'SendOneDocument',
      actions: ['ssm:SendCommand'],
      resources: [stack.formatArn({ service: 'ssm', resource: 'document', resourceName: document.ref })],
    }),
    new PolicyStatement({
      sid: 'SendToHosts',
      actions: ['ssm:SendCommand'],
      resources: [stack.formatArn({ service: 'ec2', resource: 'instance', resourceName: '*' })],
      conditions: { StringEquals: { [`ssm:resourceTag/${tag.key}`]: tag.value } },
    }),
  ];
}
