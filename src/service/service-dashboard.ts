import { Duration } from 'aws-cdk-lib';
import { AlarmStatusWidget, Dashboard, type IAlarm, type IWidget, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { COUNT, graph, PERCENT, WIDTH } from '../observability/dashboard-frame';
import type { FindingsApi } from './findings-api';
import type { FindingsDatabase } from './findings-database';
import type { FindingsIngest } from './findings-ingest';
import type { FindingsNotifications } from './findings-notifications';
import { apiErrors, apiLatency, apiRequests, capacity, capacityUsed } from './service-metrics';

/** Properties of `ServiceDashboard`. */
export interface ServiceDashboardProps {
  /** The name of the dashboard. */
  readonly dashboardName: string;
  /** The alarms whose state is shown; without any there is no such line. */
  readonly alarms: IAlarm[];
  /** What answers. */
  readonly api: FindingsApi;
  /** What takes findings in. */
  readonly ingest: FindingsIngest;
  /** What handles notifications. */
  readonly notifications: FindingsNotifications;
  /** What holds findings. */
  readonly database: FindingsDatabase;
}

const HALF = WIDTH / 2;

/** What an operator asks of the findings service, on one page. $3 a month after the first three of an account. */
export class ServiceDashboard extends Construct {
  constructor(scope: Construct, id: string, props: ServiceDashboardProps) {
    super(scope, id);
    new Dashboard(this, 'Resource', {
      dashboardName: props.dashboardName,
      defaultInterval: Duration.hours(12),
      widgets: [
        ...states(props.alarms),
        [requests(props), latency(props)],
        [arrivals(props), lost(props)],
        [database(props), paid(props)],
      ],
    });
  }
}

function states(alarms: IAlarm[]): IWidget[][] {
  if (alarms.length === 0) return [];
  return [[new AlarmStatusWidget({ title: 'Alarms', alarms, width: WIDTH, height: 3 })]];
}

function requests({ api }: ServiceDashboardProps): IWidget {
  const left = [apiRequests(api, { label: 'requests' }), apiErrors(api, { label: 'errors' })];
  return graph('API: requests in 5 minutes', HALF, left, COUNT);
}

function latency({ api }: ServiceDashboardProps): IWidget {
  const left = [apiLatency(api, { label: '99 % are faster' })];
  return graph('API: time to answer', HALF, left, { min: 0, label: 'ms', showUnits: false });
}

function arrivals({ ingest }: ServiceDashboardProps): IWidget {
  const { queue } = ingest.arrivals;
  const left = [
    queue.metricApproximateNumberOfMessagesVisible({ label: 'wait', statistic: Stats.MAXIMUM }),
    queue.metricNumberOfMessagesDeleted({ label: 'taken in, 5 minutes', statistic: Stats.SUM }),
  ];
  return graph('Findings', HALF, left, COUNT);
}

function lost({ ingest, notifications }: ServiceDashboardProps): IWidget {
  const statistic = Stats.MAXIMUM;
  const left = [
    ingest.arrivals.deadLetterQueue.metricApproximateNumberOfMessagesVisible({ label: 'findings', statistic }),
    notifications.deadLetterQueue.metricApproximateNumberOfMessagesVisible({ label: 'notifications', statistic }),
  ];
  return graph('Given up', HALF, left, COUNT);
}

function database({ database }: ServiceDashboardProps): IWidget {
  return graph('Database: of its largest capacity', HALF, [capacityUsed(database, { label: 'used' })], PERCENT);
}

function paid({ database }: ServiceDashboardProps): IWidget {
  const left = [capacity(database, { label: 'units' })];
  return graph('Database: capacity that is paid', HALF, left, { min: 0, label: 'ACU', showUnits: false });
}
