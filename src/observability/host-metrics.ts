import { Duration } from 'aws-cdk-lib';
import { type DimensionsMap, Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { METRICS_NAMESPACE } from '../workbench/host-role';

/** EC2 gives its free figures every five minutes, its status checks every minute. */
const EC2_NAMESPACE = 'AWS/EC2';
const BASIC_PERIOD = Duration.minutes(5);
const MINUTE = Duration.minutes(1);

/** What runs the hosts, as far as EC2's own metrics know it. */
interface Launcher {
  readonly ec2: DimensionsMap;
  /** A metric that is below 1, or missing, while no host is supposed to run; undefined where AWS has none. */
  readonly wanted?: WantedMetric;
}

interface WantedMetric {
  readonly metric: Metric;
  /** Whether no figure means that no host is wanted. */
  readonly missingMeansNone: boolean;
}

/**
 * The metrics of the hosts of one workbench: EC2's own, those of the CloudWatch agent and those of the host itself.
 * Figures of the agent and of the host are aggregated by the workbench's name alone, so that they go on when a host is
 * replaced. EC2 has none for the hosts of an EC2 Fleet; the agent's figures stand in there.
 */
export class HostMetrics {
  /**
   * Of a single instance.
   *
   * @param environmentName the name that the workbench was given
   */
  public static ofInstance(environmentName: string, instanceId: string): HostMetrics {
    const ec2 = { InstanceId: instanceId };
    const checks = { namespace: EC2_NAMESPACE, metricName: 'StatusCheckFailed', dimensionsMap: ec2 };
    const metric = new Metric({ ...checks, statistic: Stats.SAMPLE_COUNT, period: BASIC_PERIOD });
    return new HostMetrics(environmentName, { ec2, wanted: { metric, missingMeansNone: true } });
  }

  /**
   * Of an Auto Scaling group that collects its group metrics.
   *
   * @param environmentName the name that the workbench was given
   */
  public static ofGroup(environmentName: string, groupName: string): HostMetrics {
    const ec2 = { AutoScalingGroupName: groupName };
    const metric = new Metric({
      namespace: 'AWS/AutoScaling',
      metricName: 'GroupDesiredCapacity',
      dimensionsMap: ec2,
      statistic: Stats.MAXIMUM,
      period: BASIC_PERIOD,
    });
    return new HostMetrics(environmentName, { ec2, wanted: { metric, missingMeansNone: false } });
  }

  /**
   * Of an EC2 Fleet.
   *
   * @param environmentName the name that the workbench was given
   */
  public static ofFleet(environmentName: string): HostMetrics {
    return new HostMetrics(environmentName);
  }

  private constructor(
    /** The name of the workbench, the `Environment` of its metrics. */
    public readonly environmentName: string,
    private readonly launcher?: Launcher,
  ) {}

  /** Whether EC2 itself has figures of these hosts. */
  public get hasEc2Metrics(): boolean {
    return this.launcher !== undefined;
  }

  /** Processor time in use, in percent of all cores; the average of all hosts. */
  public metricCpu(options?: MetricOptions): Metric {
    return this.ec2('CPUUtilization', options) ?? this.host('cpu_usage_active', { period: BASIC_PERIOD, ...options });
  }

  /** EC2's checks of the computer and its network: 1 while one fails. Undefined where EC2 has no figures. */
  public metricStatusCheck(options?: MetricOptions): Metric | undefined {
    return this.ec2('StatusCheckFailed', { statistic: Stats.MAXIMUM, period: MINUTE, ...options });
  }

  /** Bytes that came in. */
  public metricNetworkIn(options?: MetricOptions): Metric {
    const sum = { statistic: Stats.SUM, period: BASIC_PERIOD, ...options };
    return this.ec2('NetworkIn', sum) ?? this.host('net_bytes_recv', sum);
  }

  /** Bytes that went out. */
  public metricNetworkOut(options?: MetricOptions): Metric {
    const sum = { statistic: Stats.SUM, period: BASIC_PERIOD, ...options };
    return this.ec2('NetworkOut', sum) ?? this.host('net_bytes_sent', sum);
  }

  /** The part of a file system that is in use, in percent; of the fullest host. */
  public metricDiskUsed(path: string, options?: MetricOptions): Metric {
    return this.host('disk_used_percent', { statistic: Stats.MAXIMUM, period: BASIC_PERIOD, ...options }, { path });
  }

  /** Memory in use, in percent. */
  public metricMemoryUsed(options?: MetricOptions): Metric {
    return this.host('mem_used_percent', { period: BASIC_PERIOD, ...options });
  }

  /** 1 while TableSleuth and GizmoSQL both answer, 0 while one of them does not; of the worst host. */
  public metricHealthy(options?: MetricOptions): Metric {
    return this.host('tablesleuth_healthy', { statistic: Stats.MINIMUM, ...options });
  }

  /** How often hosts reported: once a minute each, so that sixty are an hour of a host. */
  public metricReports(options?: MetricOptions): Metric {
    return this.host('tablesleuth_healthy', { statistic: Stats.SAMPLE_COUNT, ...options });
  }

  /** Session Manager's sessions that are open, shells and forwarded ports; of the host that has most. */
  public metricSessions(options?: MetricOptions): Metric {
    return this.host('tablesleuth_sessions', { statistic: Stats.MAXIMUM, ...options });
  }

  /** Connections to GizmoSQL that stay open for seconds: SQL clients and long queries; of the host that has most. */
  public metricFlightConnections(options?: MetricOptions): Metric {
    return this.host('tablesleuth_flight_connections', { statistic: Stats.MAXIMUM, ...options });
  }

  /** Requests to TableSleuth's web interface, health checks apart. */
  public metricWebRequests(options?: MetricOptions): Metric {
    return this.host('tablesleuth_web_requests', { statistic: Stats.SUM, ...options });
  }

  /** Queries, profiles and comparisons that TableSleuth ran on GizmoSQL. SQL clients' own are not counted. */
  public metricQueries(options?: MetricOptions): Metric {
    return this.host('tablesleuth_queries', { statistic: Stats.SUM, ...options });
  }

  /** How often GizmoSQL died and was started again. */
  public metricGizmosqlRestarts(options?: MetricOptions): Metric {
    return this.host('tablesleuth_gizmosql_restarts', { statistic: Stats.SUM, ...options });
  }

  /**
   * What tells that no host is supposed to run, and how to read its silence. Undefined where AWS tells nothing.
   *
   * @internal
   */
  public _wanted(): WantedMetric | undefined {
    return this.launcher?.wanted;
  }

  private ec2(metricName: string, options: MetricOptions = {}): Metric | undefined {
    if (this.launcher === undefined) {
      return undefined;
    }
    const dimensionsMap = this.launcher.ec2;
    return new Metric({ namespace: EC2_NAMESPACE, metricName, dimensionsMap, period: BASIC_PERIOD, ...options });
  }

  private host(metricName: string, options: MetricOptions, more: DimensionsMap = {}): Metric {
    const dimensionsMap = { Environment: this.environmentName, ...more };
    return new Metric({ namespace: METRICS_NAMESPACE, metricName, dimensionsMap, period: MINUTE, ...options });
  }
}
