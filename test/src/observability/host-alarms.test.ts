import type { Stack } from 'aws-cdk-lib';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, test } from 'vitest';
import { HostAlarms, type HostAlarmsProps, HostMetrics } from '../../../src';
import { inStack, templateOf } from '../../support/synthesis';
import { plain, propertiesOf, resourcesOf, type TemplateDocument } from '../../support/template';
import { alarmMetrics } from '../../support/watched-metrics';

const KINDS = {
  instance: () => HostMetrics.ofInstance('dev', 'i-0123456789abcdef0'),
  group: () => HostMetrics.ofGroup('dev', 'hosts'),
  fleet: () => HostMetrics.ofFleet('dev'),
};

type Options = Partial<Omit<HostAlarmsProps, 'metrics'>>;

const alarmsIn = (stack: Stack, metrics: HostMetrics, options: Options = {}) =>
  new HostAlarms(stack, 'Alarms', { metrics, topic: new Topic(stack, 'Topic'), ...options });

const templateWith = (kind: keyof typeof KINDS, options?: Options) =>
  templateOf((stack) => void alarmsIn(stack, KINDS[kind](), options));

function alarm(template: TemplateDocument, id: string): Record<string, unknown> {
  const [found] = resourcesOf(template, 'AWS::CloudWatch::Alarm').filter(
    ({ Properties }) => Properties?.['AlarmName'] === `tablesleuth-dev-${id}`,
  );
  return plain(template, found?.Properties) as Record<string, unknown>;
}

const names = (template: TemplateDocument) =>
  resourcesOf(template)
    .map(({ Properties }) => Properties?.['AlarmName'])
    .filter((name) => name !== undefined)
    .sort();

describe('fails on a percentage out of its bounds', () => {
  test.each([0, 100, -1, NaN])('%s', (percent) => {
    const wants = `, wants a percentage from 1 to 99`;
    expect(() => inStack((stack) => alarmsIn(stack, KINDS.fleet(), { cpuPercent: percent }))).toThrow(
      `Test/Alarms: got cpuPercent ${percent}${wants}`,
    );
    expect(() => inStack((stack) => alarmsIn(stack, KINDS.fleet(), { diskPercent: percent }))).toThrow(
      `Test/Alarms: got diskPercent ${percent}${wants}`,
    );
  });

  test.each([1, 99])('and takes %s', (percent) => {
    const template = templateWith('fleet', { cpuPercent: percent, diskPercent: percent });
    expect(alarm(template, 'CpuHigh')).toMatchObject({ Threshold: percent });
    expect(alarm(template, 'DiskFull')).toMatchObject({ Threshold: percent });
  });
});

describe('the alarms', () => {
  const EVERYWHERE = ['CpuHigh', 'DiskFull', 'GizmosqlRestarts', 'NoData'];
  const OF_EC2 = [...EVERYWHERE, 'Off', 'Silent', 'StatusCheck', 'Unhealthy'];
  const named = (ids: readonly string[]) => ids.map((id) => `tablesleuth-dev-${id}`);

  test.each<[keyof typeof KINDS, string[]]>([
    ['instance', OF_EC2],
    ['group', OF_EC2],
    ['fleet', [...EVERYWHERE, 'Unhealthy']],
  ])('of an %s have the names that they always had', (kind, expected) => {
    expect(names(templateWith(kind))).toEqual(named(expected));
  });

  test.each<[string, object]>([
    ['CpuHigh', { Threshold: 80, EvaluationPeriods: 2, Period: 300, TreatMissingData: 'notBreaching' }],
    ['DiskFull', { Threshold: 85, EvaluationPeriods: 2, Period: 300, TreatMissingData: 'ignore' }],
    ['StatusCheck', { Threshold: 1, EvaluationPeriods: 2, Period: 60, TreatMissingData: 'notBreaching' }],
    ['Unhealthy', { Threshold: 1, EvaluationPeriods: 3, Period: 60, TreatMissingData: 'notBreaching' }],
    ['GizmosqlRestarts', { Threshold: 3, EvaluationPeriods: 1, Period: 900, TreatMissingData: 'notBreaching' }],
    ['Silent', { Threshold: 1, EvaluationPeriods: 3, Period: 300, TreatMissingData: 'breaching' }],
    ['Off', { Threshold: 1, EvaluationPeriods: 1, Period: 300, TreatMissingData: 'breaching' }],
  ])('%s has its threshold, periods and treatment of missing data', (id, expected) => {
    expect(alarm(templateWith('instance'), id)).toMatchObject(expected);
  });

  test('say what they mean and why missing data is treated so, for the e-mail', () => {
    for (const { Properties } of resourcesOf(templateWith('group'), 'AWS::CloudWatch::Alarm')) {
      expect(Properties?.['AlarmDescription']).toMatch(/Missing data/);
      expect(String(Properties?.['AlarmDescription']).length).toBeLessThan(1024);
    }
  });

  test('tell the topic, but for the two halves of NoData', () => {
    const template = templateWith('group');
    const quiet = resourcesOf(template, 'AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm')
      .filter(({ Properties }) => Properties?.['AlarmActions'] === undefined)
      .map(({ Properties }) => Properties?.['AlarmName']);
    expect(quiet.sort()).toEqual(named(['Off', 'Silent']));
  });

  test('are given to a dashboard without the two halves', () => {
    const told = inStack((stack) => alarmsIn(stack, KINDS.instance()).alarms);
    expect(told).toHaveLength(6);
  });

  test('watch every disk that is named', () => {
    const template = templateWith('fleet', { diskPaths: ['/', '/data/lake'] });
    expect(alarmMetrics(template).get('tablesleuth-dev-DiskFull-data-lake')).toEqual({
      namespace: 'CWAgent',
      name: 'disk_used_percent',
      dimensions: { Environment: 'dev', path: '/data/lake' },
    });
    expect(names(template)).toContain('tablesleuth-dev-DiskFull');
  });
});

describe('silence', () => {
  test('of an instance counts while EC2 checks it: an instance that is stopped is silent on purpose', () => {
    const template = templateWith('instance');
    const { AlarmRule } = plain(template, propertiesOf(template, 'AWS::CloudWatch::CompositeAlarm')) as {
      AlarmRule: string;
    };
    expect(AlarmRule).toMatch(/^\(ALARM\("<AlarmsSilent\w+\.Arn>"\) AND \(NOT \(ALARM\("<AlarmsOff\w+\.Arn>"\)\)\)\)$/);
    expect(alarm(template, 'Off')).toMatchObject({ MetricName: 'StatusCheckFailed', Statistic: 'SampleCount' });
  });

  test('of a group counts while the group wants a host, and when nobody knows', () => {
    expect(alarm(templateWith('group'), 'Off')).toMatchObject({
      Namespace: 'AWS/AutoScaling',
      MetricName: 'GroupDesiredCapacity',
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'notBreaching',
    });
  });

  test('of a fleet always counts', () => {
    const template = templateWith('fleet');
    expect(alarm(template, 'NoData')).toMatchObject({ TreatMissingData: 'breaching', Statistic: 'SampleCount' });
    expect(resourcesOf(template, 'AWS::CloudWatch::CompositeAlarm')).toEqual([]);
  });

  test('of a fleet that is stopped on purpose has no alarm, and that of a group still has', () => {
    expect(names(templateWith('fleet', { stopsOnPurpose: true }))).not.toContain('tablesleuth-dev-NoData');
    expect(names(templateWith('group', { stopsOnPurpose: true }))).toContain('tablesleuth-dev-NoData');
  });
});
