import { TimeZone } from 'aws-cdk-lib';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { describe, expect, test } from 'vitest';
import { Capacity, HostHours, Weekday, type WeeklyHoursOptions } from '../../../src';
import { statementsOf } from '../../support/iam';
import { inStack, templateOf } from '../../support/synthesis';
import { plain, propertiesOf, resourceOf, resourcesOf, type TemplateDocument } from '../../support/template';
import { host, hostTemplate } from '../../support/workbench';

const SCHEDULE = 'AWS::Scheduler::Schedule';
const GROUP = 'AWS::AutoScaling::AutoScalingGroup';
const FLEET = 'AWS::EC2::EC2Fleet';

const weekly = (options: Partial<WeeklyHoursOptions> = {}) =>
  HostHours.weekly({ start: '08:00', stop: '18:00', timeZone: TimeZone.AMERICA_NEW_YORK, ...options });

const fleetTemplate = (hours?: HostHours) =>
  templateOf((stack) => {
    const wantedHosts = StringParameter.fromStringParameterName(stack, 'Wanted', '/wanted');
    host(stack, { hours, capacity: Capacity.fleet({ wantedHosts }) });
  });

/** What is called, when, with what, and with which permissions. */
function schedulesOf(template: TemplateDocument): string[][] {
  return resourcesOf(template, SCHEDULE).map(({ Properties }) => {
    const { Target, ScheduleExpression } = plain(template, Properties) as {
      readonly Target: { readonly Arn: string; readonly Input: string };
      readonly ScheduleExpression: string;
    };
    return [Target.Arn.replace(/^arn:aws:scheduler:::aws-sdk:/, ''), ScheduleExpression, Target.Input];
  });
}

const allowed = (template: TemplateDocument) =>
  statementsOf(template)
    .filter(({ policy }) => policy.startsWith('WorkbenchHours'))
    .map(({ actions, resources }) => [actions.join(), resources.join()]);

describe('hours fail', () => {
  test.each<[string, Partial<WeeklyHoursOptions>, string]>([
    ['with a time that no clock shows', { start: '24:00' }, 'start is "24:00", expected a time from 00:00 to 23:59'],
    ['with minutes that no clock shows', { stop: '18:60' }, 'stop is "18:60", expected a time from 00:00 to 23:59'],
    ['with an hour of one digit', { start: '8:00' }, 'start is "8:00", expected a time from 00:00 to 23:59'],
    [
      'with one time for both',
      { stop: '08:00' },
      'start and stop are both 08:00: a host without hours off needs no hours',
    ],
    ['without days', { days: [] }, 'hours need at least one day'],
  ])('%s', (_name, options, message) => {
    expect(() => weekly(options)).toThrow(message);
  });

  test('on a fleet that has nothing to remember them with', () => {
    expect(() => inStack((stack) => host(stack, { hours: weekly(), capacity: Capacity.fleet() }))).toThrow(
      'Test/Workbench/Fleet: hours need `wantedHosts` of the fleet: each changed host is a new fleet',
    );
  });
});

describe('hours', () => {
  test('are those of working days', () => {
    const { startExpression, stopExpression, timeZoneName } = weekly();
    expect(startExpression).toBe('cron(0 8 ? * MON,TUE,WED,THU,FRI *)');
    expect(stopExpression).toBe('cron(0 18 ? * MON,TUE,WED,THU,FRI *)');
    expect(timeZoneName).toBe('America/New_York');
  });

  test('over midnight end on the next day, also at the end of the week', () => {
    const { startExpression, stopExpression } = weekly({
      start: '22:15',
      stop: '06:45',
      days: [Weekday.SUNDAY, Weekday.FRIDAY],
    });
    expect(startExpression).toBe('cron(15 22 ? * FRI,SUN *)');
    expect(stopExpression).toBe('cron(45 6 ? * MON,SAT *)');
  });

  test.each([
    ['08:00', '18:00'],
    ['00:00', '23:59'],
    ['09:00', '09:01'],
    ['20:00', '04:00'],
  ])('from %s to %s: a stop that is put off at any minute leaves out the next one alone', (start, stop) => {
    const { minutesPastStop } = weekly({ start, stop });
    const minutes = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
    const length = (minutes(stop) - minutes(start) + 1440) % 1440;
    // Asked for in the first minute and in the last one of the hours; the stop after the next is a day later.
    expect(minutesPastStop).toBeGreaterThanOrEqual(length);
    expect(minutesPastStop).toBeLessThan(1440);
  });
});

describe('a group with hours', () => {
  const template = hostTemplate({ hours: weekly(), capacity: Capacity.autoScaling() });
  const group = resourceOf(template, GROUP);

  test('is started and stopped by its desired capacity, which no template names', () => {
    expect(schedulesOf(template)).toEqual([
      [
        'autoscaling:setDesiredCapacity',
        'cron(0 8 ? * MON,TUE,WED,THU,FRI *)',
        `{"AutoScalingGroupName":"<${group.id}>","DesiredCapacity":1}`,
      ],
      [
        'autoscaling:setDesiredCapacity',
        'cron(0 18 ? * MON,TUE,WED,THU,FRI *)',
        `{"AutoScalingGroupName":"<${group.id}>","DesiredCapacity":0}`,
      ],
    ]);
    expect(group.Properties).toMatchObject({ MinSize: '0', MaxSize: '1' });
    expect(group.Properties?.DesiredCapacity).toBeUndefined();
  });

  test('waits for no signal when it is made, and for one of each host that an update replaces', () => {
    expect(group.CreationPolicy).toBeUndefined();
    expect(group.UpdatePolicy).toMatchObject({ AutoScalingRollingUpdate: { WaitOnResourceSignals: true } });
  });

  test('may set the capacity of this one group and nothing else, for this one group of schedules', () => {
    const one = [
      'autoscaling:SetDesiredCapacity',
      expect.stringMatching(new RegExp(`autoScalingGroup:\\*:autoScalingGroupName/<${group.id}>$`)),
    ];
    expect(allowed(template)).toEqual([one, one]);
    const { id } = resourceOf(template, 'AWS::Scheduler::ScheduleGroup');
    const roles = resourcesOf(template, 'AWS::IAM::Role').filter((role) => role.id.startsWith('WorkbenchHours'));
    expect(roles).toHaveLength(2);
    for (const role of roles) {
      expect(JSON.stringify(plain(template, role.Properties?.AssumeRolePolicyDocument))).toContain(
        `{"StringEquals":{"aws:SourceAccount":"111122223333","aws:SourceArn":"<${id}.Arn>"}}`,
      );
    }
  });

  test('needs no function, and its schedules are read by the clock of their time zone', () => {
    expect(resourcesOf(template, 'AWS::Lambda::Function')).toEqual([]);
    for (const { Properties } of resourcesOf(template, SCHEDULE)) {
      expect(Properties).toMatchObject({
        ScheduleExpressionTimezone: 'America/New_York',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: { RetryPolicy: { MaximumEventAgeInSeconds: 3600 } },
      });
    }
  });
});

describe('an instance with hours', () => {
  const template = hostTemplate({ hours: weekly() });
  const { id } = resourceOf(template, 'AWS::EC2::Instance');

  test('is started and stopped, and its roles may do one of both', () => {
    expect(schedulesOf(template).map(([action, , input]) => [action, input])).toEqual([
      ['ec2:startInstances', `{"InstanceIds":["<${id}>"]}`],
      ['ec2:stopInstances', `{"InstanceIds":["<${id}>"]}`],
    ]);
    expect(allowed(template)).toEqual([
      ['ec2:StartInstances', expect.stringMatching(new RegExp(`:instance/<${id}>$`))],
      ['ec2:StopInstances', expect.stringMatching(new RegExp(`:instance/<${id}>$`))],
    ]);
  });

  test('is the same with hours and without: switching them on or off replaces nothing', () => {
    const without = hostTemplate();
    const kinds = ['AWS::EC2::Instance', 'AWS::EC2::LaunchTemplate'];
    expect(resourcesOf(template, ...kinds)).toEqual(resourcesOf(without, ...kinds));
  });
});

describe('a fleet with hours', () => {
  const template = fleetTemplate(weekly());

  test('has as many hosts as were wanted last, which its schedules remember', () => {
    const { TargetCapacitySpecification } = propertiesOf(template, FLEET);
    expect(plain(template, TargetCapacitySpecification)).toMatchObject({ TotalTargetCapacity: '<ssm:/wanted>' });
    expect(schedulesOf(template).map(([action, , input]) => [action, input])).toEqual([
      ['ec2:modifyFleet', expect.stringMatching(/"TargetCapacitySpecification":{"TotalTargetCapacity":1}}$/)],
      ['ssm:putParameter', '{"Name":"/wanted","Value":"1","Overwrite":true}'],
      ['ec2:modifyFleet', expect.stringMatching(/"TargetCapacitySpecification":{"TotalTargetCapacity":0}}$/)],
      ['ssm:putParameter', '{"Name":"/wanted","Value":"0","Overwrite":true}'],
    ]);
    const one = [
      ['ec2:ModifyFleet', expect.stringMatching(/:fleet\/<WorkbenchFleet\w+\.FleetId>$/)],
      ['ssm:PutParameter', expect.stringMatching(/:parameter\/wanted$/)],
    ];
    expect(allowed(template)).toEqual([...one, ...one]);
  });

  test('waits for no host that may not be wanted', () => {
    expect(resourcesOf(template, 'AWS::CloudFormation::WaitCondition')).toEqual([]);
    expect(resourcesOf(fleetTemplate(), 'AWS::CloudFormation::WaitCondition')).toHaveLength(1);
  });
});

test('a workbench without hours has no schedule, no command to leave a stop out, and commands to start and stop', () => {
  const { commands } = inStack((stack) => host(stack, { capacity: Capacity.autoScaling() }));
  expect(commands.keepRunning).toBeUndefined();
  const update = 'aws autoscaling update-auto-scaling-group';
  expect(commands.start).toMatch(new RegExp(`^${update} .* --min-size 1 --desired-capacity 1$`));
  expect(commands.stop).toMatch(/--min-size 0 --desired-capacity 0$/);
  expect(resourcesOf(hostTemplate(), SCHEDULE)).toEqual([]);
});
