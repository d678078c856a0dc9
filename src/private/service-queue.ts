import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type CfnQueue, Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge, acknowledgeCheckov, Pack } from './acknowledge';

/**
 * A queue whose messages wait for at most two weeks: encrypted, over TLS alone, gone with its stack.
 *
 * @internal
 */
export class ServiceQueue extends Queue {
  constructor(scope: Construct, id: string, props: QueueProps = {}) {
    super(scope, id, {
      ...props,
      retentionPeriod: Duration.days(14),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    acknowledgeCheckov(
      this.node.defaultChild as CfnQueue,
      ['CKV_AWS_27'],
      "It is encrypted, with a key of Amazon SQS's own; checkov looks for one of ours, which each sender would have to use",
    );
  }
}

/**
 * Where messages wait that nothing could handle.
 *
 * @internal
 */
export class DeadLetterQueue extends ServiceQueue {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    acknowledge(
      this,
      [Pack.SERVERLESS],
      'SQSRedrivePolicy',
      'It is itself where messages go that could not be handled',
    );
  }
}
