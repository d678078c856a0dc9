import { Duration } from 'aws-cdk-lib';
import {
  Dashboard,
  type IMetric,
  type IWidget,
  MathExpression,
  type Metric,
  type MetricOptions,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { fail } from '../private/validate';
import { COUNT, graph, PERCENT, REPORTS_AN_HOUR, validateHourlyPrice, value, WIDTH } from './dashboard-frame';
import { HostMetrics } from './host-metrics';

export interface RegionsDashboardProps {
  /** The name that the workbench of each region was given. */
  readonly environmentName: string;

  /** The regions that have a workbench of that name, in the order in which they are shown. */
  readonly regions: string[];

  /**
   * What a host costs, in USD an hour; it turns the hours that hosts ran today into money, region by region.
   *
   * @default - the hours are shown, without money
   */
  readonly hourlyPrice?: number;

  /**
   * The name of the dashboard. An account has each name once, whatever the region.
   *
   * @default - `tablesleuth-` and the name of the workbench
   */
  readonly dashboardName?: string;
}

const HALF = WIDTH / 2;
const NOW = Duration.minutes(5);
const DAY = Duration.days(1);

type MetricOf = (options: MetricOptions) => Metric;

/**
 * The same workbench in several regions on one page: each question has one answer for each region. It is made once, in
 * one of the regions, and shows figures that the hosts send themselves, so that it needs nothing of the other regions:
 * a region that is not deployed yet, or failed, has an empty line. $3 a month after the first three of an account.
 */
export class RegionsDashboard extends Construct {
  /** The dashboard. */
  public readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, props: RegionsDashboardProps) {
    super(scope, id);
    const { environmentName, regions, hourlyPrice } = props;
    if (regions.length === 0 || new Set(regions).size < regions.length) {
      fail(this, `got the regions ${JSON.stringify(regions)}, wants one or more, each once`);
    }
    validateHourlyPrice(this, hourlyPrice);
    // What EC2 itself measures goes by the ids of instances and groups, which another region's template cannot know.
    const metrics = HostMetrics.ofFleet(environmentName);
    const inEach = (metric: MetricOf, options: MetricOptions = {}) =>
      regions.map((region) => metric({ ...options, region, label: region }));
    this.dashboard = new Dashboard(this, 'Resource', {
      dashboardName: props.dashboardName ?? `tablesleuth-${environmentName}`,
      defaultInterval: Duration.hours(12),
      widgets: [
        nowValues(metrics, inEach),
        [
          value('Host hours today (UTC)', HALF, ...hoursToday(metrics, regions)),
          ...money(metrics, regions, hourlyPrice),
        ],
        ...graphs(metrics, inEach),
      ],
    });
  }
}

type InEach = (metric: MetricOf, options?: MetricOptions) => Metric[];

function nowValues(metrics: HostMetrics, inEach: InEach): IWidget[] {
  const healthy = inEach((options) => metrics.metricHealthy(options), { period: NOW });
  const sessions = inEach((options) => metrics.metricSessions(options), { period: NOW });
  return [value('Healthy? (1 is yes)', HALF, ...healthy), value('Open sessions', HALF, ...sessions)];
}

function hoursToday(metrics: HostMetrics, regions: string[], price?: number): IMetric[] {
  const factor = price === undefined ? '' : ` * ${price}`;
  return regions.map(
    (region, index) =>
      new MathExpression({
        expression: `reports${index} / ${REPORTS_AN_HOUR}${factor}`,
        usingMetrics: { [`reports${index}`]: metrics.metricReports({ period: DAY, region }) },
        label: region,
        period: DAY,
      }),
  );
}

function money(metrics: HostMetrics, regions: string[], price?: number): IWidget[] {
  return price === undefined ? [] : [value('USD today, computers alone', HALF, ...hoursToday(metrics, regions, price))];
}

function graphs(metrics: HostMetrics, inEach: InEach): IWidget[][] {
  const cpu = inEach((options) => metrics.metricCpu(options));
  const disk = inEach((options) => metrics.metricDiskUsed('/', options));
  const healthy = inEach((options) => metrics.metricHealthy(options));
  const restarts = inEach((options) => metrics.metricGizmosqlRestarts(options));
  const connections = inEach((options) => metrics.metricFlightConnections(options));
  const queries = inEach((options) => metrics.metricQueries(options));
  return [
    [graph('CPU', HALF, cpu, PERCENT), graph('Disk used', HALF, disk, PERCENT)],
    [graph('Healthy', HALF, healthy, COUNT), graph('GizmoSQL restarts', HALF, restarts, COUNT)],
    [
      graph('SQL connections', HALF, connections, COUNT),
      graph('Queries of TableSleuth each minute', HALF, queries, COUNT),
    ],
  ];
}
