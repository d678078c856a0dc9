import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { AlertTopic } from '../observability/alert-topic';

/** The role with which a rule tells people: it publishes to one encrypted topic. */
export function alertPublisher(scope: Construct, { topic, encryptionKey }: AlertTopic, description: string): Role {
  const policy = new ManagedPolicy(scope, 'PublishPolicy', {
    description: 'Publishes to one encrypted topic',
    statements: [
      new PolicyStatement({ actions: ['sns:Publish'], resources: [topic.topicArn] }),
      new PolicyStatement({ actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: [encryptionKey.keyArn] }),
    ],
  });
  return new Role(scope, 'Publisher', {
    description,
    assumedBy: new ServicePrincipal('events.amazonaws.com'),
    managedPolicies: [policy],
  });
}
