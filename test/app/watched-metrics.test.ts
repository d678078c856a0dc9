import { describe, expect, test } from 'vitest';
import type { GivenSettings } from '../../app/settings/schema';
import { agentConfiguration, agentMetrics, emittedMetrics, written } from '../support/emitted-metrics';
import { synthesize } from '../support/synthesis';
import { BALANCED, HOURS } from '../support/variants';
import { resourcesOf } from '../support/template';
import { alarmMetrics, dashboardBody, widgetMetrics } from '../support/watched-metrics';

const WATCHED: GivenSettings = { alarms: { email: 'team@example.com' }, dashboard: { hourlyPrice: 0.02 } };
const EMITTED = new Set(emittedMetrics('dev').map(written));
const LAUNCHER = '<ssm:/tablesleuth/dev/workbench/launcher-id>';

/**
 * AWS's own metrics of an instance and of a group, by their names and dimensions in the documentation: "CloudWatch metrics
 * that are available for your instances" of EC2, "Amazon CloudWatch metrics for Amazon EC2 Auto Scaling".
 */
const EC2 = ['CPUUtilization', 'NetworkIn', 'NetworkOut', 'StatusCheckFailed'];
const ofAws = (dimension: string, more: readonly string[] = []) =>
  new Set([
    ...EC2.map((name) => written({ namespace: 'AWS/EC2', name, dimensions: { [dimension]: LAUNCHER } })),
    ...more.map((name) => written({ namespace: 'AWS/AutoScaling', name, dimensions: { [dimension]: LAUNCHER } })),
  ]);

/** "CloudWatch metrics for your Application Load Balancer": a figure of its own names it, one of its targets both. */
const LOAD_BALANCER = { LoadBalancer: '<ssm:/tablesleuth/dev/workbench/load-balancer>' };
const OF_TARGETS = { ...LOAD_BALANCER, TargetGroup: '<ssm:/tablesleuth/dev/workbench/target-group>' };
const OF_A_BALANCER = [
  { name: 'HTTPCode_ELB_5XX_Count', dimensions: LOAD_BALANCER },
  { name: 'HTTPCode_Target_5XX_Count', dimensions: OF_TARGETS },
  { name: 'TargetConnectionErrorCount', dimensions: OF_TARGETS },
  { name: 'UnHealthyHostCount', dimensions: OF_TARGETS },
].map((metric) => written({ namespace: 'AWS/ApplicationELB', ...metric }));

const KINDS: Array<[string, GivenSettings, ReadonlySet<string>]> = [
  ['an instance', { capacity: { kind: 'instance' } }, ofAws('InstanceId')],
  ['a group', { capacity: { kind: 'autoScaling' } }, ofAws('AutoScalingGroupName', ['GroupDesiredCapacity'])],
  ['a spot group', { useSpot: true }, ofAws('AutoScalingGroupName', ['GroupDesiredCapacity'])],
  [
    'a group behind a load balancer',
    { capacity: { kind: 'autoScaling' }, access: BALANCED },
    new Set([...ofAws('AutoScalingGroupName', ['GroupDesiredCapacity']), ...OF_A_BALANCER]),
  ],
  ['a fleet', { capacity: { kind: 'fleet' } }, new Set()],
];

describe.each(KINDS)('of %s', (_name, settings, ofItsLauncher) => {
  const { operations } = synthesize({ ...settings, ...WATCHED });
  const ofFunctions = new Set(
    resourcesOf(operations, 'AWS::Lambda::Function').map(({ id }) =>
      written({ namespace: 'AWS/Lambda', name: 'Errors', dimensions: { FunctionName: `<${id}>` } }),
    ),
  );
  const isSent = (metric: string) => EMITTED.has(metric) || ofItsLauncher.has(metric) || ofFunctions.has(metric);

  test('every alarm watches a metric that is sent, down to its last dimension', () => {
    const watched = [...alarmMetrics(operations).values()].map(written);
    expect(watched.length).toBeGreaterThanOrEqual(5);
    expect(watched.filter((metric) => !isSent(metric))).toEqual([]);
  });

  test('every widget shows a metric that is sent', () => {
    const shown = widgetMetrics(dashboardBody(operations)).map(written);
    expect(shown.length).toBeGreaterThan(15);
    expect(shown.filter((metric) => !isSent(metric))).toEqual([]);
  });
});

describe('a load balancer', () => {
  const watchedWith = (settings: GivenSettings) => {
    const { operations } = synthesize({ capacity: { kind: 'autoScaling' }, access: BALANCED, ...WATCHED, ...settings });
    const metrics = [...alarmMetrics(operations).values()].map(written);
    return metrics.filter((metric) => metric.startsWith('AWS/ApplicationELB')).sort();
  };

  test('is watched, and so is what it sees of hosts', () => {
    expect(watchedWith({})).toEqual(OF_A_BALANCER);
  });

  test.each<[string, GivenSettings]>([
    ['hours', { hours: HOURS }],
    ['an idle stop', { idleStop: {} }],
  ])('is not blamed for having no host, with %s', (_name, settings) => {
    expect(watchedWith(settings)).toEqual(OF_A_BALANCER.slice(1));
  });

  test('is watched by nobody when alarms are off', () => {
    expect(watchedWith({ alarms: false })).toEqual([]);
  });
});

test('every metric that hosts send is paid for, and so is watched or shown somewhere', () => {
  const all = KINDS.map(([, settings]) => synthesize({ ...settings, ...WATCHED }).operations);
  const used = new Set(
    all
      .flatMap((template) => [...alarmMetrics(template).values(), ...widgetMetrics(dashboardBody(template))])
      .map(written),
  );
  const sent = [...EMITTED].filter((metric) => !used.has(metric));
  // An aggregate over paths comes with the one that is watched: the agent aggregates every metric alike.
  expect(sent).toEqual(['CWAgent disk_used_percent {Environment=dev}']);
});

test('the seed’s dimensions, a path alone, would get no data', () => {
  const seed = { namespace: 'CWAgent', name: 'disk_used_percent', dimensions: { path: '/' } };
  expect(EMITTED).not.toContain(written(seed));
});

describe('what the agent makes of a configuration', () => {
  const base = agentConfiguration('dev');
  const disk = { measurement: ['used_percent'], resources: ['/'], append_dimensions: { Environment: 'dev' } };
  const sent = (metrics: Partial<typeof base.metrics>) =>
    agentMetrics({ metrics: { ...base.metrics, metrics_collected: { disk }, ...metrics } }).map(written);

  test('keeps the original unless it is dropped', () => {
    const original = 'CWAgent disk_used_percent {Environment=dev, fstype=xfs, InstanceId=i-0123456789abcdef0, path=/}';
    expect(sent({})).toContain(original);
    const dropped = { disk: { ...disk, drop_original_metrics: ['disk_used_percent'] } };
    expect(sent({ metrics_collected: dropped })).not.toContain(original);
  });

  test('aggregates over dimensions that a metric has, and over no others', () => {
    expect(sent({ aggregation_dimensions: [['Environment', 'path']] })).toHaveLength(2);
    expect(sent({ aggregation_dimensions: [['Environment', 'AutoScalingGroupName']] })).toHaveLength(1);
  });
});
