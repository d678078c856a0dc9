import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IAlarm, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { fail } from '../private/validate';

export interface HostCallAlarmsProps {
  /** The environment's name, which is in the names of the alarms. */
  readonly environmentName: string;

  /** Who is told. It must let alarms of this account publish, as an `AlertTopic` does. */
  readonly topic: ITopic;

  /**
   * The group of the schedules that start and stop hosts: `hoursGroupName` of a `Workbench`.
   *
   * @default - no schedules are watched
   */
  readonly scheduleGroupName?: string;

  /**
   * The workflow that stops idle hosts: `idleStopArn` of a `Workbench`.
   *
   * @default - no workflow is watched
   */
  readonly idleStopArn?: string;
}

interface Watched {
  readonly id: string;
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensionsMap: Record<string, string>;
  readonly description: string;
}

/**
 * A start or a stop that AWS refused: without it, a host that its hours or its idleness should have stopped runs on, and
 * nobody hears of it. $0.10 a month each: two for the hours, one for the idle stop.
 */
export class HostCallAlarms extends Construct {
  /** The alarms, for a dashboard. */
  public readonly alarms: IAlarm[];

  constructor(scope: Construct, id: string, props: HostCallAlarmsProps) {
    super(scope, id);
    const watched = [...ofSchedules(props.scheduleGroupName), ...ofIdleStop(props.idleStopArn)];
    if (watched.length === 0) {
      fail(this, 'got neither scheduleGroupName nor idleStopArn, wants what is to be watched');
    }
    this.alarms = watched.map((each) => this.alarm(each, props));
  }

  private alarm({ id, description, ...metric }: Watched, { environmentName, topic }: HostCallAlarmsProps): Alarm {
    const alarm = new Alarm(this, id, {
      alarmName: `tablesleuth-${environmentName}-${id}`,
      alarmDescription: `${description} Missing data is not breaching: without a failure there is none.`,
      metric: new Metric({ ...metric, period: Duration.minutes(5), statistic: Stats.SUM }),
      threshold: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(topic));
    return alarm;
  }
}

function ofSchedules(group: string | undefined): Watched[] {
  if (group === undefined) return [];
  const ofGroup = { namespace: 'AWS/Scheduler', dimensionsMap: { ScheduleGroup: group } };
  return [
    {
      ...ofGroup,
      id: 'HoursRefused',
      metricName: 'TargetErrorCount',
      description: 'A start or stop of the hours was refused. It is tried again for an hour.',
    },
    {
      ...ofGroup,
      id: 'HoursDropped',
      metricName: 'InvocationDroppedCount',
      description:
        'A start or stop of the hours failed for an hour and was given up: the host runs on, or is not there, until ' +
        'somebody starts or stops it.',
    },
  ];
}

function ofIdleStop(stateMachineArn: string | undefined): Watched[] {
  if (stateMachineArn === undefined) return [];
  return [
    {
      namespace: 'AWS/States',
      metricName: 'ExecutionsFailed',
      dimensionsMap: { StateMachineArn: stateMachineArn },
      id: 'IdleStopFailed',
      description:
        'A host that nobody uses asked to be stopped, and for a quarter of an hour it was refused: it runs on.',
    },
  ];
}
