import { Duration } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { describe, expect, test } from 'vitest';
import { FindingsQueue } from '../../../src';
import { templateOf } from '../../support/synthesis';
import { plain, propertiesOf, resourceOf, resourcesOf } from '../../support/template';

const template = templateOf((stack) => {
  const bucket = Bucket.fromBucketName(stack, 'Findings', 'findings-of-tables');
  new FindingsQueue(stack, 'Arrivals', { bucket, visibilityTimeout: Duration.minutes(5) });
});

describe('the queue', () => {
  test('gets a message for each finding of this bucket, and for nothing else', () => {
    const { EventPattern, Targets } = propertiesOf(template, 'AWS::Events::Rule') as Record<string, unknown>;
    expect(EventPattern).toEqual({
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: { bucket: { name: ['findings-of-tables'] }, object: { key: [{ prefix: 'findings/' }] } },
    });
    expect(Targets).toEqual([expect.objectContaining({ DeadLetterConfig: expect.anything() as unknown })]);
  });

  test('gives up after five attempts, into a queue that keeps for two weeks what was given up', () => {
    const queues = resourcesOf(template, 'AWS::SQS::Queue').map(({ Properties }) => Properties);
    expect(queues).toHaveLength(2);
    for (const queue of queues) {
      expect(queue).toMatchObject({ SqsManagedSseEnabled: true, MessageRetentionPeriod: 1_209_600 });
    }
    expect(queues.filter((queue) => queue?.RedrivePolicy !== undefined)).toEqual([
      expect.objectContaining({ RedrivePolicy: expect.objectContaining({ maxReceiveCount: 5 }) as unknown }),
    ]);
  });

  test('takes messages from its rule alone, and refuses requests without TLS', () => {
    const policies = resourcesOf(template, 'AWS::SQS::QueuePolicy').map(({ Properties }) =>
      plain(template, Properties?.PolicyDocument),
    );
    expect(policies).toHaveLength(2);
    for (const policy of policies) {
      expect(policy).toMatchObject({
        Statement: [
          { Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
          {
            Principal: { Service: 'events.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Condition: { ArnEquals: { 'aws:SourceArn': `<${resourceOf(template, 'AWS::Events::Rule').id}.Arn>` } },
          },
        ],
      });
    }
  });
});
