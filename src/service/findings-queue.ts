import type { Duration } from 'aws-cdk-lib';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { DeadLetterQueue, ServiceQueue } from '../private/service-queue';
import { FindingsBucket } from './findings-bucket';

/** Properties of `FindingsQueue`. */
export interface FindingsQueueProps {
  /** The bucket; it sends its events to the default event bus. */
  readonly bucket: IBucket;
  /** How long a worker has for one message before another one gets it. */
  readonly visibilityTimeout: Duration;
}

/**
 * A message for each finding that arrives in the bucket. What five attempts could not take in waits for two weeks in a
 * second queue, where an alarm sees it. $0.40 for each million messages.
 */
export class FindingsQueue extends Construct {
  /** The queue that workers read. */
  public readonly queue: IQueue;

  /** What no worker could take in. */
  public readonly deadLetterQueue: IQueue;

  constructor(scope: Construct, id: string, props: FindingsQueueProps) {
    super(scope, id);
    const deadLetterQueue = new DeadLetterQueue(this, 'Dead');
    const arrivals = new ServiceQueue(this, 'Resource', {
      visibilityTimeout: props.visibilityTimeout,
      deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: 5 },
    });
    const rule = new CfnRule(this, 'Rule', {
      description: 'A finding arrived',
      eventPattern: {
        source: ['aws.s3'],
        'detail-type': ['Object Created'],
        detail: {
          bucket: { name: [props.bucket.bucketName] },
          object: { key: [{ prefix: FindingsBucket.PREFIX }] },
        },
      },
      targets: [{ id: 'Queue', arn: arrivals.queueArn, deadLetterConfig: { arn: deadLetterQueue.queueArn } }],
    });
    for (const target of [arrivals, deadLetterQueue]) {
      target.addToResourcePolicy(
        new PolicyStatement({
          sid: 'ArrivalsOfFindings',
          principals: [new ServicePrincipal('events.amazonaws.com')],
          actions: ['sqs:SendMessage'],
          resources: [target.queueArn],
          conditions: { ArnEquals: { 'aws:SourceArn': rule.attrArn } },
        }),
      );
    }
    this.queue = arrivals;
    this.deadLetterQueue = deadLetterQueue;
  }
}
