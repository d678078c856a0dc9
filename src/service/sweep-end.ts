import { Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { addEventWorkflow, apiCall, wait, type Workflow } from '../private/event-workflow';
import { PLAN_JOB_NAME } from '../sweep/sweep-schedule';

/** Properties of `SweepEnd`. */
export interface SweepEndProps {
  /** The queue of the `Sweep`. */
  readonly queueArn: string;

  /** Where findings wait to be taken in: the queue of `FindingsIngest`. */
  readonly arrivals: IQueue;

  /** Who is told: the topic of `FindingsNotifications`. */
  readonly topic: ITopic;

  /** Encrypts the topic. */
  readonly encryptionKey: IKey;

  /**
   * How long it is waited before the arrivals are looked at, each time.
   *
   * @default - one minute
   */
  readonly lookEvery?: Duration;
}

/** After that an alarm has told people that findings wait. */
const GIVE_UP_AFTER = Duration.hours(12);
const COUNTS = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'];

/**
 * Says that a sweep ended as soon as its findings are taken in, so that the digest tells of this sweep and not of the one
 * before: a state machine, without any function. Costs less than a cent a month.
 */
export class SweepEnd extends Construct {
  constructor(scope: Construct, id: string, props: SweepEndProps) {
    super(scope, id);
    const { arrivals, topic, encryptionKey } = props;
    addEventWorkflow(this, {
      rule: { description: 'TableSleuth: a sweep ended', targetId: 'SayIt' },
      eventPattern: {
        source: ['aws.batch'],
        'detail-type': ['Batch Job State Change'],
        detail: {
          jobQueue: [props.queueArn],
          // The planner ends before its workers begin.
          jobName: [{ 'anything-but': [PLAN_JOB_NAME] }],
          status: ['SUCCEEDED', 'FAILED'],
          // An array ends once, each of its members too.
          arrayProperties: { index: [{ exists: false }] },
        },
      },
      definition: definition(Stack.of(this).partition, props),
      statements: [
        new PolicyStatement({ actions: ['sqs:GetQueueAttributes'], resources: [arrivals.queueArn] }),
        new PolicyStatement({ actions: ['sns:Publish'], resources: [topic.topicArn] }),
        new PolicyStatement({ actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: [encryptionKey.keyArn] }),
      ],
      role: {
        description: 'Says that a TableSleuth sweep ended and its findings are taken in',
        policyDescription: 'Counts the messages of one queue, and publishes to one encrypted topic',
      },
      lossReason: 'The next sweep tells of all that got worse since people were told last',
    });
  }
}

function definition(partition: string, { arrivals, topic, lookEvery }: SweepEndProps): object {
  const asked = { QueueUrl: arrivals.queueUrl, AttributeNames: COUNTS };
  const isNone = (count: string) => ({ Variable: `$.arrivals.Attributes.${count}`, StringEquals: '0' });
  const workflow: Workflow = {
    StartAt: 'LetThemBeTakenIn',
    States: {
      LetThemBeTakenIn: { ...wait(lookEvery ?? Duration.minutes(1)), Next: 'CountArrivals' },
      CountArrivals: {
        ...apiCall(partition, 'sqs:getQueueAttributes', asked),
        ResultPath: '$.arrivals',
        Next: 'AreAllTakenIn',
      },
      AreAllTakenIn: {
        Type: 'Choice',
        Choices: [{ And: COUNTS.map(isNone), Next: 'SayIt' }],
        Default: 'LetThemBeTakenIn',
      },
      SayIt: {
        ...apiCall(partition, 'sns:publish', {
          TopicArn: topic.topicArn,
          Subject: 'A sweep ended',
          'Message.$': "States.Format('The sweep {} ended: {}', $.detail.jobName, $.detail.status)",
        }),
        End: true,
      },
    },
  };
  return { ...workflow, TimeoutSeconds: GIVE_UP_AFTER.toSeconds() };
}
