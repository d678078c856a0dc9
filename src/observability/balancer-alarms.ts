import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type DimensionsMap,
  type IAlarm,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

export interface BalancerAlarmsProps {
  /** The environment's name, which is in the names of the alarms. */
  readonly environmentName: string;

  /** Who is told. It must let alarms of this account publish, as an `AlertTopic` does. */
  readonly topic: ITopic;

  /** The load balancer as CloudWatch names it: `balancer.loadBalancerFullName` of a `Workbench`. */
  readonly loadBalancerFullName: string;

  /** Its hosts as CloudWatch names them: `balancer.targetGroupFullName` of a `Workbench`. */
  readonly targetGroupFullName: string;

  /**
   * Whether there is no host at times on purpose, by a schedule or because nobody used it. A page that somebody left open goes
   * on asking then, and the load balancer refuses it: its own errors are no alarm.
   *
   * @default - there is always a host
   */
  readonly stopsOnPurpose?: boolean;
}

/** An alarm in short; its description says what it means, and why missing data is treated so. */
interface Watched {
  readonly id: string;
  readonly metricName: string;
  /** Whether it is a figure of the hosts, and not of the load balancer itself. */
  readonly ofHosts: boolean;
  readonly statistic: string;
  readonly period: Duration;
  readonly threshold: number;
  readonly periods: number;
  readonly description: string;
}

/** Somebody's one bad request is no alarm. */
const ERRORS = 10;
const ERRORS_WITHIN = Duration.minutes(5);

const IN_ALL = { statistic: Stats.SUM, period: ERRORS_WITHIN, threshold: ERRORS, periods: 1 };
const NO_ERROR = 'Missing data is not breaching: without an error there is no figure.';

const WATCHED: Watched[] = [
  {
    id: 'TargetUnhealthy',
    metricName: 'UnHealthyHostCount',
    ofHosts: true,
    statistic: Stats.MAXIMUM,
    period: Duration.minutes(1),
    threshold: 1,
    periods: 5,
    description:
      'The load balancer has called a host unhealthy for 5 minutes, longer than it takes to replace one. ' +
      'Missing data is not breaching: there is a figure only while a host is registered, and NoData watches for silence.',
  },
  {
    ...IN_ALL,
    id: 'TargetErrors',
    metricName: 'HTTPCode_Target_5XX_Count',
    ofHosts: true,
    description: `Hosts answered ${ERRORS} requests within 5 minutes with an error of their own (5xx). ${NO_ERROR}`,
  },
  {
    ...IN_ALL,
    id: 'TargetConnectionErrors',
    metricName: 'TargetConnectionErrorCount',
    ofHosts: true,
    description:
      `The load balancer could not connect to a host ${ERRORS} times within 5 minutes: nginx is down, or nothing lets ` +
      `port 8080 through. ${NO_ERROR}`,
  },
  {
    ...IN_ALL,
    id: 'BalancerErrors',
    metricName: 'HTTPCode_ELB_5XX_Count',
    ofHosts: false,
    description:
      `The load balancer itself refused ${ERRORS} requests within 5 minutes: no host is there (503), one did not answer ` +
      `(502, 504), or the identity provider confirms no sign-in (561). ${NO_ERROR}`,
  },
];

/**
 * What people behind a load balancer notice, and hosts do not: a host that it cannot reach or calls unhealthy, and errors.
 * Named `tablesleuth-<environment>-<alarm>`. $0.10 a month each: four, or three where there is no host at times.
 */
export class BalancerAlarms extends Construct {
  /** The alarms, for a dashboard. */
  public readonly alarms: IAlarm[];

  constructor(scope: Construct, id: string, props: BalancerAlarmsProps) {
    super(scope, id);
    const watched = WATCHED.filter(({ ofHosts }) => ofHosts || !props.stopsOnPurpose);
    this.alarms = watched.map((each) => this.alarm(each, props));
  }

  private alarm(watched: Watched, props: BalancerAlarmsProps): Alarm {
    const { id, metricName, statistic, period } = watched;
    const { loadBalancerFullName: LoadBalancer, targetGroupFullName: TargetGroup } = props;
    const dimensionsMap: DimensionsMap = watched.ofHosts ? { LoadBalancer, TargetGroup } : { LoadBalancer };
    const alarm = new Alarm(this, id, {
      alarmName: `tablesleuth-${props.environmentName}-${id}`,
      alarmDescription: watched.description,
      metric: new Metric({ namespace: 'AWS/ApplicationELB', metricName, dimensionsMap, statistic, period }),
      threshold: watched.threshold,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: watched.periods,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(props.topic));
    return alarm;
  }
}
