import { Duration, Stack } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Color,
  Dashboard,
  type IAlarm,
  type IWidget,
  LogQueryVisualizationType,
  LogQueryWidget,
  MathExpression,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import {
  COUNT,
  graph,
  GRAPH_HEIGHT,
  PERCENT,
  REPORTS_AN_HOUR,
  validateHourlyPrice,
  value,
  WIDTH,
} from './dashboard-frame';
import type { HostMetrics } from './host-metrics';

export interface WorkbenchDashboardProps {
  /** The metrics of the hosts. */
  readonly metrics: HostMetrics;

  /** Where hosts send their logs; recent errors are looked up there. */
  readonly hostLogGroup: ILogGroup;

  /**
   * The alarms whose state is shown.
   *
   * @default - no alarms are shown
   */
  readonly alarms?: IAlarm[];

  /**
   * What a host costs, in USD an hour; it turns the hours that hosts ran today into money. Spot prices move and AWS
   * bills disks, addresses and logs besides, so this is the price of the computer alone.
   *
   * @default - the hours are shown, without money
   */
  readonly hourlyPrice?: number;

  /**
   * The name of the dashboard.
   *
   * @default - `tablesleuth-` and the name of the workbench
   */
  readonly dashboardName?: string;
}

const THIRD = WIDTH / 3;

/** What people search for when something broke, in the words that the programs of a host use. */
const ERRORS = '/(?i)(error|exception|traceback|failed|fatal|out of memory)/';

/**
 * What an operator asks, on one page: is it healthy, who is on it, how much disk is left, what did it cost today, how
 * many queries, which errors; and processors, network and status checks. Costs $3 a month after the first three
 * dashboards of an account, and fractions of a cent for each look at the errors.
 */
export class WorkbenchDashboard extends Construct {
  /** The dashboard. */
  public readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, props: WorkbenchDashboardProps) {
    super(scope, id);
    const price = props.hourlyPrice;
    validateHourlyPrice(this, price);
    const { metrics } = props;
    this.dashboard = new Dashboard(this, 'Resource', {
      dashboardName: props.dashboardName ?? `tablesleuth-${metrics.environmentName}`,
      defaultInterval: Duration.hours(12),
      widgets: [
        alarmStates(props.alarms ?? []),
        [...nowValues(metrics), today(metrics, price)],
        [processors(metrics), network(metrics), health(metrics)],
        [people(metrics), work(metrics), disk(metrics)],
        [errors(this, props.hostLogGroup)],
      ],
    });
  }
}

function alarmStates(alarms: IAlarm[]): IWidget[] {
  return alarms.length === 0 ? [] : [new AlarmStatusWidget({ title: 'Alarms', alarms, width: WIDTH, height: 3 })];
}

/** The newest figures: what one looks at first. */
function nowValues(metrics: HostMetrics): IWidget[] {
  const period = Duration.minutes(5);
  const free = new MathExpression({
    expression: '100 - used',
    usingMetrics: { used: metrics.metricDiskUsed('/') },
    label: 'free, %',
    period,
  });
  return [
    value('Healthy? (1 is yes)', 3, metrics.metricHealthy({ period, label: 'healthy' })),
    value(
      'Who is on it',
      10,
      metrics.metricSessions({ period, label: 'sessions' }),
      metrics.metricFlightConnections({ period, label: 'SQL connections' }),
      metrics.metricWebRequests({ period, label: 'web requests, 5 min' }),
    ),
    value('Disk left', 3, free),
  ];
}

function today(metrics: HostMetrics, price?: number): IWidget {
  const usingMetrics = { reports: metrics.metricReports({ period: Duration.days(1) }) };
  const math = (expression: string, label: string) =>
    new MathExpression({ expression, usingMetrics, label, period: Duration.days(1) });
  const hours = math(`reports / ${REPORTS_AN_HOUR}`, 'host hours');
  const cost = price === undefined ? [] : [math(`reports / ${REPORTS_AN_HOUR} * ${price}`, 'USD, computer alone')];
  return value('Today (UTC)', THIRD, hours, ...cost);
}

function processors(metrics: HostMetrics): IWidget {
  const left = [metrics.metricCpu({ label: 'CPU' }), metrics.metricMemoryUsed({ label: 'memory' })];
  return graph('CPU and memory', THIRD, left, PERCENT);
}

function network(metrics: HostMetrics): IWidget {
  const left = [metrics.metricNetworkIn({ label: 'in' }), metrics.metricNetworkOut({ label: 'out' })];
  return graph('Network', THIRD, left, { min: 0, label: 'bytes in 5 minutes', showUnits: false });
}

function health(metrics: HostMetrics): IWidget {
  const check = metrics.metricStatusCheck({ label: 'status check failed', color: Color.RED });
  const left = [
    metrics.metricHealthy({ label: 'healthy', color: Color.GREEN }),
    metrics.metricGizmosqlRestarts({ label: 'GizmoSQL restarts', color: Color.ORANGE }),
  ];
  return graph('Status', THIRD, check === undefined ? left : [...left, check], COUNT);
}

function people(metrics: HostMetrics): IWidget {
  const left = [
    metrics.metricSessions({ label: 'sessions' }),
    metrics.metricFlightConnections({ label: 'SQL connections' }),
  ];
  return graph('Sessions and connections', THIRD, left, COUNT);
}

function work(metrics: HostMetrics): IWidget {
  const left = [
    metrics.metricQueries({ label: 'queries of TableSleuth' }),
    metrics.metricWebRequests({ label: 'web requests' }),
  ];
  return graph('Each minute', THIRD, left, COUNT);
}

function disk(metrics: HostMetrics): IWidget {
  return graph('Disk used', THIRD, [metrics.metricDiskUsed('/', { label: '/' })], PERCENT);
}

function errors(scope: Construct, logGroup: ILogGroup): IWidget {
  return new LogQueryWidget({
    title: 'Recent errors',
    region: Stack.of(scope).region,
    logGroupNames: [logGroup.logGroupName],
    view: LogQueryVisualizationType.TABLE,
    queryLines: [
      'fields @timestamp, @logStream, @message',
      `filter @message like ${ERRORS}`,
      'sort @timestamp desc',
      'limit 20',
    ],
    width: WIDTH,
    height: GRAPH_HEIGHT,
  });
}
