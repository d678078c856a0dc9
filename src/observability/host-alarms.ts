import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  type AlarmBase,
  AlarmRule,
  AlarmState,
  ComparisonOperator,
  CompositeAlarm,
  type IAlarm,
  type IMetric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { acknowledge, Pack } from '../private/acknowledge';
import { fail, isKnown } from '../private/validate';
import type { HostMetrics } from './host-metrics';

export interface HostAlarmsProps {
  /** The metrics of the hosts that are watched. */
  readonly metrics: HostMetrics;

  /** Who is told. It must let alarms of this account publish, as an `AlertTopic` does. */
  readonly topic: ITopic;

  /**
   * Processor time, in percent, above which hosts count as overloaded.
   *
   * @default - 80 %
   */
  readonly cpuPercent?: number;

  /**
   * How full, in percent, a file system may be.
   *
   * @default - 85 %
   */
  readonly diskPercent?: number;

  /**
   * The file systems that are watched, by where they are mounted; the agent must measure them.
   *
   * @default - the root file system
   */
  readonly diskPaths?: string[];

  /**
   * Whether hosts of a fleet are stopped on purpose, by a schedule or because they idle. AWS does not tell a fleet's
   * silence on purpose from a host that died, so such a fleet has no alarm about missing data. Without effect on
   * instances and groups: there AWS tells.
   *
   * @default - a fleet always has a host
   */
  readonly stopsOnPurpose?: boolean;
}

/** An alarm in short; its description says what it means, and why missing data is treated so. */
interface Plan {
  readonly id: string;
  readonly metric: IMetric;
  readonly threshold: number;
  readonly comparison?: ComparisonOperator;
  readonly periods: number;
  readonly missing: TreatMissingData;
  readonly description: string;
}

const ABOVE = ComparisonOperator.GREATER_THAN_THRESHOLD;
const FROM = ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD;
const BELOW = ComparisonOperator.LESS_THAN_THRESHOLD;

/** A crash is repaired by itself; so many within the time are not. */
const RESTARTS = 3;
const RESTARTS_WITHIN = Duration.minutes(15);

/**
 * What an operator is woken for: processors, disks, EC2's status checks, an unhealthy pair of programs, GizmoSQL that
 * keeps dying, and hosts that fall silent although they should run. Named `tablesleuth-<environment>-<alarm>`. Each
 * alarm costs $0.10 a month and the one about silence $0.50; the first ten plain ones of an account are free.
 */
export class HostAlarms extends Construct {
  /** The alarms that tell people, for a dashboard. */
  public readonly alarms: IAlarm[];

  private readonly environmentName: string;

  constructor(scope: Construct, id: string, props: HostAlarmsProps) {
    super(scope, id);
    const cpuPercent = props.cpuPercent ?? 80;
    const diskPercent = props.diskPercent ?? 85;
    for (const [name, value] of Object.entries({ cpuPercent, diskPercent })) {
      if (isKnown(value) && !(value >= 1 && value <= 99)) {
        fail(this, `got ${name} ${value}, wants a percentage from 1 to 99`);
      }
    }
    this.environmentName = props.metrics.environmentName;
    const plans = [
      cpuHigh(props.metrics, cpuPercent),
      ...(props.diskPaths ?? ['/']).map((path) => diskFull(props.metrics, path, diskPercent)),
      ...statusCheck(props.metrics),
      unhealthy(props.metrics),
      gizmosqlRestarts(props.metrics),
    ];
    const told: AlarmBase[] = [...plans.map((plan) => this.alarm(plan)), ...this.noData(props)];
    told.forEach((alarm) => alarm.addAlarmAction(new SnsAction(props.topic)));
    this.alarms = told;
  }

  private alarm(plan: Plan): Alarm {
    return new Alarm(this, plan.id, {
      alarmName: this.nameOf(plan.id),
      alarmDescription: plan.description,
      metric: plan.metric,
      threshold: plan.threshold,
      comparisonOperator: plan.comparison ?? ABOVE,
      evaluationPeriods: plan.periods,
      treatMissingData: plan.missing,
    });
  }

  /** Silence counts only while a host should run; that is another alarm, and one of the two tells nobody. */
  private noData({ metrics, stopsOnPurpose }: HostAlarmsProps): AlarmBase[] {
    const wanted = metrics._wanted();
    const meaning = 'No host has reported for 15 minutes. ';
    if (wanted === undefined) {
      const always = 'Missing data is breaching: this fleet always has a host, so that silence is the fault itself.';
      return stopsOnPurpose ? [] : [this.alarm(silent(metrics, 'NoData', meaning + always))];
    }
    const breaching = 'Missing data is breaching: silence is what is looked for. Tells nobody; NoData does.';
    const silence = this.quietly(this.alarm(silent(metrics, 'Silent', meaning + breaching)));
    const off = this.quietly(
      this.alarm({
        id: 'Off',
        metric: wanted.metric,
        threshold: 1,
        comparison: BELOW,
        periods: 1,
        missing: wanted.missingMeansNone ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
        description: wanted.missingMeansNone
          ? 'The instance does not run. Missing data is breaching: EC2 checks only instances that run. Tells nobody.'
          : 'The group wants no host. Missing data is not breaching: unknown counts as wanted. Tells nobody.',
      }),
    );
    const name = this.nameOf('NoData');
    const alarmRule = AlarmRule.allOf(
      AlarmRule.fromAlarm(silence, AlarmState.ALARM),
      AlarmRule.not(AlarmRule.fromAlarm(off, AlarmState.ALARM)),
    );
    const alarmDescription = `${meaning}It is silent although it should run: it hangs, its agent died, or it never came up.`;
    return [new CompositeAlarm(this, 'NoData', { compositeAlarmName: name, alarmDescription, alarmRule })];
  }

  private quietly(alarm: Alarm): Alarm {
    const reason = 'One half of the composite alarm NoData, which tells people; alone it says nothing worth a message';
    acknowledge(alarm, [Pack.HIPAA, Pack.NIST], 'CloudWatchAlarmAction', reason);
    return alarm;
  }

  private nameOf(id: string): string {
    return `tablesleuth-${this.environmentName}-${id}`;
  }
}

function cpuHigh(metrics: HostMetrics, percent: number): Plan {
  return {
    id: 'CpuHigh',
    metric: metrics.metricCpu(),
    threshold: percent,
    periods: 2,
    missing: TreatMissingData.NOT_BREACHING,
    description:
      `Processors above ${percent} % for 10 minutes: queries take long, and a burstable type runs out of credits. ` +
      'Missing data is not breaching: a host that is stopped has no load.',
  };
}

function diskFull(metrics: HostMetrics, path: string, percent: number): Plan {
  return {
    id: path === '/' ? 'DiskFull' : `DiskFull${path.replaceAll('/', '-')}`,
    metric: metrics.metricDiskUsed(path),
    threshold: percent,
    periods: 2,
    missing: TreatMissingData.IGNORE,
    description:
      `${path} is more than ${percent} % full for 10 minutes: queries that spill will fail. ` +
      'Missing data keeps the state: a disk is as full after a stop as it was before.',
  };
}

function statusCheck(metrics: HostMetrics): Plan[] {
  const metric = metrics.metricStatusCheck();
  if (metric === undefined) {
    return [];
  }
  return [
    {
      id: 'StatusCheck',
      metric,
      threshold: 1,
      comparison: FROM,
      periods: 2,
      missing: TreatMissingData.NOT_BREACHING,
      description:
        "EC2's own checks of the computer or its network failed for 2 minutes. " +
        'Missing data is not breaching: EC2 checks only hosts that run, and NoData watches for silence.',
    },
  ];
}

function unhealthy(metrics: HostMetrics): Plan {
  return {
    id: 'Unhealthy',
    metric: metrics.metricHealthy(),
    threshold: 1,
    comparison: BELOW,
    periods: 3,
    missing: TreatMissingData.NOT_BREACHING,
    description:
      'TableSleuth or GizmoSQL did not answer for 3 minutes, longer than any restart takes. ' +
      'Missing data is not breaching: a host that is stopped is not ill, and NoData watches for silence.',
  };
}

function gizmosqlRestarts(metrics: HostMetrics): Plan {
  return {
    id: 'GizmosqlRestarts',
    metric: metrics.metricGizmosqlRestarts({ period: RESTARTS_WITHIN }),
    threshold: RESTARTS,
    comparison: FROM,
    periods: 1,
    missing: TreatMissingData.NOT_BREACHING,
    description:
      `GizmoSQL died ${RESTARTS} times within ${RESTARTS_WITHIN.toMinutes()} minutes and was started again: ` +
      'a query takes all memory, or it cannot run at all. Missing data is not breaching: no host, no restart.',
  };
}

function silent(metrics: HostMetrics, id: string, description: string): Plan {
  return {
    id,
    metric: metrics.metricReports({ period: Duration.minutes(5) }),
    threshold: 1,
    comparison: BELOW,
    periods: 3,
    missing: TreatMissingData.BREACHING,
    description,
  };
}
