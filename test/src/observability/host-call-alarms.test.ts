import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, test } from 'vitest';
import { HostCallAlarms, type HostCallAlarmsProps } from '../../../src';
import { synthesize, inStack, templateOf } from '../../support/synthesis';
import { resourcesOf } from '../../support/template';
import { HOURS } from '../../support/variants';
import { alarmMetrics } from '../../support/watched-metrics';

type Watched = Pick<HostCallAlarmsProps, 'scheduleGroupName' | 'idleStopArn'>;

const HOURS_GROUP = { scheduleGroupName: 'hours' };
const IDLE_STOP = { idleStopArn: 'arn:aws:states:us-east-2:111122223333:stateMachine:idle' };

const alarmsOf = (watched: Watched) =>
  templateOf((stack) => {
    const topic = new Topic(stack, 'Topic');
    new HostCallAlarms(stack, 'Calls', { environmentName: 'dev', topic, ...watched });
  });

test('fails when there is nothing to watch', () => {
  const build = () =>
    inStack(
      (stack) => new HostCallAlarms(stack, 'Calls', { environmentName: 'dev', topic: new Topic(stack, 'Topic') }),
    );
  expect(build).toThrow('Test/Calls: got neither scheduleGroupName nor idleStopArn');
});

describe('by the dimensions that AWS documents', () => {
  test('a call of the hours that is refused, and one that is given up, are alarms', () => {
    expect([...alarmMetrics(alarmsOf(HOURS_GROUP))]).toEqual([
      [
        'tablesleuth-dev-HoursRefused',
        { namespace: 'AWS/Scheduler', name: 'TargetErrorCount', dimensions: { ScheduleGroup: 'hours' } },
      ],
      [
        'tablesleuth-dev-HoursDropped',
        { namespace: 'AWS/Scheduler', name: 'InvocationDroppedCount', dimensions: { ScheduleGroup: 'hours' } },
      ],
    ]);
  });

  test('an idle stop that fails is one', () => {
    expect([...alarmMetrics(alarmsOf(IDLE_STOP))]).toEqual([
      [
        'tablesleuth-dev-IdleStopFailed',
        {
          namespace: 'AWS/States',
          name: 'ExecutionsFailed',
          dimensions: { StateMachineArn: IDLE_STOP.idleStopArn },
        },
      ],
    ]);
  });
});

test('one failure is enough, no data is well, and each tells the topic and says why', () => {
  const alarms = resourcesOf(alarmsOf({ ...HOURS_GROUP, ...IDLE_STOP }), 'AWS::CloudWatch::Alarm');
  expect(alarms).toHaveLength(3);
  for (const { Properties } of alarms) {
    expect(Properties).toMatchObject({
      Threshold: 1,
      EvaluationPeriods: 1,
      Statistic: 'Sum',
      TreatMissingData: 'notBreaching',
      AlarmActions: [expect.anything()],
      AlarmDescription: expect.stringContaining('Missing data is not breaching') as string,
    });
  }
});

describe('in the operations stack', () => {
  const alarms = { email: 'team@example.com' };
  const names = (settings: Parameters<typeof synthesize>[0]) =>
    [...alarmMetrics(synthesize(settings).operations).keys()].filter((name) => /Hours|IdleStop/.test(name));

  test('they are where hours or idle stop are, and nowhere else', () => {
    expect(names({ alarms })).toEqual([]);
    expect(names({ hours: HOURS })).toEqual([]);
    expect(names({ alarms, hours: HOURS })).toEqual(['tablesleuth-dev-HoursRefused', 'tablesleuth-dev-HoursDropped']);
    expect(names({ alarms, idleStop: {} })).toEqual(['tablesleuth-dev-IdleStopFailed']);
  });

  test('they watch the group and the workflow that the workbench publishes', () => {
    const { operations } = synthesize({ alarms, hours: HOURS, idleStop: {} });
    const watched = alarmMetrics(operations);
    expect(watched.get('tablesleuth-dev-HoursDropped')?.dimensions).toEqual({
      ScheduleGroup: '<ssm:/tablesleuth/dev/workbench/hours-group>',
    });
    expect(watched.get('tablesleuth-dev-IdleStopFailed')?.dimensions).toEqual({
      StateMachineArn: '<ssm:/tablesleuth/dev/workbench/idle-stop-arn>',
    });
  });
});
