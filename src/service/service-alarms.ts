import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IAlarm,
  type IMetric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { FindingsApi } from './findings-api';
import type { FindingsDatabase } from './findings-database';
import type { FindingsIngest } from './findings-ingest';
import type { FindingsNotifications } from './findings-notifications';
import { apiErrors, capacityUsed } from './service-metrics';

/** Properties of `ServiceAlarms`. */
export interface ServiceAlarmsProps {
  /** The environment's name, which is in the names of the alarms. */
  readonly environmentName: string;
  /** Who is told. It must let alarms of this account publish, as an `AlertTopic` does. */
  readonly topic: ITopic;
  /** What answers. */
  readonly api: FindingsApi;
  /** What takes findings in. */
  readonly ingest: FindingsIngest;
  /** What handles notifications. */
  readonly notifications: FindingsNotifications;
  /** What holds findings. */
  readonly database: FindingsDatabase;
}

interface Watched {
  readonly id: string;
  readonly metric: IMetric;
  readonly threshold: number;
  readonly periods?: number;
  readonly description: string;
}

/**
 * What somebody has to do something about: findings that could not be taken in or wait too long, an API that fails,
 * notifications that were lost, a database at its limit. $0.10 a month each.
 */
export class ServiceAlarms extends Construct {
  /** The alarms, for a dashboard. */
  public readonly alarms: IAlarm[];

  constructor(scope: Construct, id: string, props: ServiceAlarmsProps) {
    super(scope, id);
    this.alarms = watched(props).map((each) => this.alarm(each, props));
  }

  private alarm(each: Watched, { environmentName, topic }: ServiceAlarmsProps): Alarm {
    const alarm = new Alarm(this, each.id, {
      alarmName: `tablesleuth-${environmentName}-${each.id}`,
      alarmDescription: `${each.description} What to do: docs/operations.md, Findings service.`,
      metric: each.metric,
      threshold: each.threshold,
      evaluationPeriods: each.periods ?? 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      // Queues, functions and a paused database that have nothing to do report nothing, and are well.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(topic));
    return alarm;
  }
}

function watched({ api, ingest, notifications, database }: ServiceAlarmsProps): Watched[] {
  const period = Duration.minutes(5);
  const { queue, deadLetterQueue } = ingest.arrivals;
  return [
    {
      id: 'FindingsLost',
      metric: deadLetterQueue.metricApproximateNumberOfMessagesVisible({ period, statistic: Stats.MAXIMUM }),
      threshold: 1,
      description: 'A finding could not be taken into the database in five attempts. It is still in the bucket.',
    },
    {
      id: 'FindingsLate',
      metric: queue.metricApproximateAgeOfOldestMessage({ period, statistic: Stats.MAXIMUM }),
      threshold: Duration.minutes(15).toSeconds(),
      periods: 2,
      description: 'A finding has waited for more than 15 minutes: no worker runs, or none gets on.',
    },
    {
      id: 'FindingsApiFailed',
      metric: apiErrors(api, { period }),
      threshold: 5,
      description: 'The API of findings answered five requests in five minutes with an error of its own.',
    },
    {
      id: 'NotificationsLost',
      metric: notifications.deadLetterQueue.metricApproximateNumberOfMessagesVisible({
        period,
        statistic: Stats.MAXIMUM,
      }),
      threshold: 1,
      description: 'A notification was not handled: people were not told what a sweep changed.',
    },
    {
      id: 'FindingsDatabaseBusy',
      metric: capacityUsed(database, { period }),
      threshold: 90,
      periods: 3,
      description: 'The database of findings has been at its limit for 15 minutes.',
    },
  ];
}
