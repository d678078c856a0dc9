import { Duration, type Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, test } from 'vitest';
import { SweepEnd } from '../../../src';
import { statementsOf } from '../../support/iam';
import { templateOf } from '../../support/synthesis';
import { propertiesOf } from '../../support/template';

const QUEUE = 'arn:aws:batch:us-east-2:111122223333:job-queue/sweep';

const sweepEndIn = (stack: Stack, lookEvery?: Duration) =>
  new SweepEnd(stack, 'SweepEnd', {
    queueArn: QUEUE,
    arrivals: new Queue(stack, 'Arrivals'),
    topic: new Topic(stack, 'Topic'),
    encryptionKey: new Key(stack, 'Key'),
    ...(lookEvery && { lookEvery }),
  });

describe('the end of a sweep', () => {
  const template = templateOf((stack) => void sweepEndIn(stack));

  test('is that of its workers, which an array says once, whether it succeeded or not', () => {
    expect(propertiesOf(template, 'AWS::Events::Rule').EventPattern).toEqual({
      source: ['aws.batch'],
      'detail-type': ['Batch Job State Change'],
      detail: {
        jobQueue: [QUEUE],
        jobName: [{ 'anything-but': ['sweep-plan'] }],
        status: ['SUCCEEDED', 'FAILED'],
        arrayProperties: { index: [{ exists: false }] },
      },
    });
  });

  test('is said when no finding waits and none is being taken in, and not while one is', () => {
    const { States } = propertiesOf(template, 'AWS::StepFunctions::StateMachine').Definition as {
      States: Record<string, unknown>;
    };
    expect(States).toMatchObject({
      LetThemBeTakenIn: { Type: 'Wait', Seconds: 60, Next: 'CountArrivals' },
      CountArrivals: { ResultPath: '$.arrivals', Next: 'AreAllTakenIn' },
      AreAllTakenIn: {
        Choices: [
          {
            And: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'].map((count) => ({
              Variable: `$.arrivals.Attributes.${count}`,
              StringEquals: '0',
            })),
            Next: 'SayIt',
          },
        ],
        Default: 'LetThemBeTakenIn',
      },
      SayIt: { Parameters: { Subject: 'A sweep ended' }, End: true },
    });
  });

  test('needs no permission but to count one queue and to publish to one encrypted topic', () => {
    const allowed = statementsOf(template)
      .filter(({ policy }) => policy.startsWith('SweepEndUpdatePolicy'))
      .map(({ actions, resources }) => [actions, resources.map((each) => each.replace(/[0-9A-F]{8}/, ''))]);
    expect(allowed).toEqual([
      [['sqs:GetQueueAttributes'], ['<Arrivals.Arn>']],
      [['sns:Publish'], ['<Topic>']],
      [['kms:Decrypt', 'kms:GenerateDataKey'], ['<Key.Arn>']],
    ]);
  });
});

test('looks as often as it is told to', () => {
  const machine = propertiesOf(
    templateOf((stack) => void sweepEndIn(stack, Duration.minutes(5))),
    'AWS::StepFunctions::StateMachine',
  );
  expect(JSON.stringify(machine.Definition)).toContain('"Seconds":300');
});
