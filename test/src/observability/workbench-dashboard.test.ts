import type { Stack } from 'aws-cdk-lib';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, test } from 'vitest';
import { HostAlarms, HostMetrics, WorkbenchDashboard, type WorkbenchDashboardProps } from '../../../src';
import { inStack, templateOf } from '../../support/synthesis';
import { propertiesOf } from '../../support/template';
import { dashboardBody, widgetMetrics } from '../../support/watched-metrics';

const make = (stack: Stack, metrics: HostMetrics, props: Partial<WorkbenchDashboardProps> = {}) =>
  new WorkbenchDashboard(stack, 'Dashboard', {
    metrics,
    hostLogGroup: LogGroup.fromLogGroupName(stack, 'Logs', 'hosts'),
    ...props,
  });

const group = () => HostMetrics.ofGroup('dev', 'hosts-of-dev');
const bodyOf = (metrics: HostMetrics, props?: Partial<WorkbenchDashboardProps>) =>
  dashboardBody(templateOf((stack) => void make(stack, metrics, props)));

test.each([0, -1, NaN])('fails on the hourly price %s', (hourlyPrice) => {
  expect(() => inStack((stack) => make(stack, group(), { hourlyPrice }))).toThrow(
    `Test/Dashboard: got an hourlyPrice of ${hourlyPrice}, wants more than 0 USD an hour`,
  );
});

describe('with nothing said', () => {
  const body = bodyOf(group());

  test('is named after the workbench', () => {
    const template = templateOf((stack) => void make(stack, group()));
    expect(propertiesOf(template, 'AWS::CloudWatch::Dashboard').DashboardName).toBe('tablesleuth-dev');
  });

  test('answers what an operator asks', () => {
    expect(body.widgets.map(({ properties }) => properties.title)).toEqual([
      'Healthy? (1 is yes)',
      'Who is on it',
      'Disk left',
      'Today (UTC)',
      'CPU and memory',
      'Network',
      'Status',
      'Sessions and connections',
      'Each minute',
      'Disk used',
      'Recent errors',
    ]);
  });

  test('shows hours, and no money that nobody knows', () => {
    expect(JSON.stringify(body)).toContain('reports / 60');
    expect(JSON.stringify(body)).not.toContain('USD');
  });

  test('looks for errors in the hosts’ logs, newest first', () => {
    const [errors] = body.widgets.filter(({ type }) => type === 'log');
    expect(errors?.properties.query).toMatch(/^SOURCE 'hosts' \| fields @timestamp.*sort @timestamp desc/s);
  });

  test('fits the width of a dashboard, without a gap or an overlap', () => {
    const rows = new Map<number, number>();
    for (const { y, width } of body.widgets as unknown as Array<{ y: number; width: number }>) {
      rows.set(y, (rows.get(y) ?? 0) + width);
    }
    expect([...rows.values()]).toEqual([...rows.values()].map(() => 24));
  });
});

test('turns hours into money where the price is known', () => {
  expect(JSON.stringify(bodyOf(group(), { hourlyPrice: 0.0208 }))).toContain('reports / 60 * 0.0208');
});

test('has another name where one is given', () => {
  const template = templateOf((stack) => void make(stack, group(), { dashboardName: 'lake' }));
  expect(propertiesOf(template, 'AWS::CloudWatch::Dashboard').DashboardName).toBe('lake');
});

test('shows the alarms that are given first', () => {
  const body = dashboardBody(
    templateOf((stack) => {
      const topic = new Topic(stack, 'Topic');
      const { alarms } = new HostAlarms(stack, 'Alarms', { metrics: group(), topic });
      make(stack, group(), { alarms });
    }),
  );
  expect(body.widgets[0]).toMatchObject({ type: 'alarm', properties: { title: 'Alarms' } });
  expect(body.widgets[0]?.properties.alarms).toHaveLength(6);
});

test('of a fleet shows the agent’s figures where EC2 has none, and no status check', () => {
  const shown = widgetMetrics(bodyOf(HostMetrics.ofFleet('dev')));
  expect(new Set(shown.map(({ namespace }) => namespace))).toEqual(new Set(['CWAgent']));
  const names = shown.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['cpu_usage_active', 'net_bytes_recv', 'net_bytes_sent']));
  expect(names).not.toContain('StatusCheckFailed');
});

test('metrics say whether EC2 has figures of the hosts', () => {
  expect(HostMetrics.ofFleet('dev').hasEc2Metrics).toBe(false);
  expect(HostMetrics.ofInstance('dev', 'i-0123456789abcdef0').hasEc2Metrics).toBe(true);
});
