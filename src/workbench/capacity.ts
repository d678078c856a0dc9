import { type InstanceArchitecture, InstanceClass, InstanceSize, InstanceType } from 'aws-cdk-lib/aws-ec2';
import type { IStringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { HostFleet } from './host-fleet';
import { HostGroup } from './host-group';
import { HostInstance } from './host-instance';
import type { HostLauncherProps, IHostLauncher } from './host-launcher';
import type { GroupSize } from './host-scaling';

export interface OnDemandOptions {
  /**
   * The instance type.
   *
   * @default - t3.small: 2 GiB, two burstable cores, about $15 a month in us-east-2
   */
  readonly instanceType?: InstanceType;
}

export interface PooledCapacityOptions {
  /**
   * The types to choose from, all of one processor architecture. The more there are, the likelier there is spot
   * capacity, and the lower its price.
   *
   * @default - t3.small
   */
  readonly instanceTypes?: InstanceType[];

  /**
   * Whether hosts are spot instances: about 70 % cheaper, and taken back at two minutes' notice.
   *
   * @default - on-demand instances
   */
  readonly spot?: boolean;

  /**
   * The most to pay for a spot instance, in USD an hour. Below the market's price nothing is launched.
   *
   * @default - up to the on-demand price, which is AWS's advice
   */
  readonly maxPrice?: number;
}

export interface AutoScalingOptions extends PooledCapacityOptions {
  /**
   * Whether the group launches on demand while there is no spot capacity, and tries spot again after six hours.
   *
   * @default - it does when it launches spot instances, unless there is a maximum price, which on-demand would exceed
   */
  readonly onDemandFallback?: boolean;

  /**
   * The fewest hosts, 1 to 20. Outside of hours there are none.
   *
   * @default - 1
   */
  readonly min?: number;

  /**
   * The most hosts, `min` to 20. With more than one, each is a pair of TableSleuth and GizmoSQL of its own, costs what a
   * host costs and $2.10 a month for figures of every minute; a new one takes work when it is healthy, and one that is no
   * longer needed drains before it ends. Not with a workspace on a volume, which one host alone can have.
   *
   * @default - `min`
   */
  readonly max?: number;

  /**
   * Average processor time of all hosts, in percent from 10 to 90, that the group is kept at: above it for three minutes
   * hosts are added, well below it for fifteen minutes one leaves. Without effect where `min` and `max` are the same.
   *
   * @default - 70 %
   */
  readonly targetCpuPercent?: number;
}

export interface FleetOptions extends PooledCapacityOptions {
  /**
   * A parameter that remembers whether hours want a host now, `1` or `0`: a fleet is made anew for each changed host,
   * and reads it. It has to exist before the fleet's stack, with the value `1`.
   *
   * @default - a fleet that is always on; one with hours needs the parameter
   */
  readonly wantedHosts?: IStringParameter;
}

/** More would be a cluster, and wants another design. */
const MOST_HOSTS = 20;

/** 2 GiB and two burstable cores: the cheapest type that runs TableSleuth and GizmoSQL well. */
const DEFAULT_INSTANCE_TYPE = InstanceType.of(InstanceClass.T3, InstanceSize.SMALL);

/** Where hosts come from, and who replaces a lost one. */
export abstract class Capacity {
  /** One EC2 instance that can be stopped and started; nobody replaces it. */
  public static onDemand(options: OnDemandOptions = {}): Capacity {
    return new OnDemandCapacity([options.instanceType ?? DEFAULT_INSTANCE_TYPE]);
  }

  /**
   * An Auto Scaling group that keeps one host running, or as many as processors need, on spot or on demand, of whichever
   * type is to be had.
   */
  public static autoScaling(options: AutoScalingOptions = {}): Capacity {
    return new AutoScalingCapacity(options);
  }

  /** An EC2 Fleet of type `maintain` that keeps one host running, on spot or on demand. */
  public static fleet(options: FleetOptions = {}): Capacity {
    return new FleetCapacity(options);
  }

  /** The processor architecture of all its instance types. */
  public readonly architecture: InstanceArchitecture;

  /** The most hosts that there can be at once, updates apart. */
  public readonly maxHosts: number = 1;

  /** Whether EC2 may take hosts back at two minutes' notice. */
  public readonly isTakenBack: boolean = false;

  protected constructor(
    /** Instance types in order of preference; all of one processor architecture, because hosts share an image. */
    public readonly instanceTypes: InstanceType[],
  ) {
    this.architecture = commonArchitecture(instanceTypes);
  }

  /** Whether the image's parameter is read at each launch, and not when CloudFormation changes the launch template. */
  public readonly readsImageAtLaunch: boolean = true;

  /**
   * How a launch template names its image. EC2 reads the parameter at each launch of an instance or of a group.
   *
   * @param parameterName the Systems Manager parameter that holds the image id
   */
  public imageReference(parameterName: string): string {
    return `resolve:ssm:${parameterName}`;
  }

  /** Creates what launches hosts. */
  public abstract bind(scope: Construct, props: HostLauncherProps): IHostLauncher;
}

class OnDemandCapacity extends Capacity {
  public constructor(instanceTypes: InstanceType[]) {
    super(instanceTypes);
  }

  public bind(scope: Construct, props: HostLauncherProps): IHostLauncher {
    return new HostInstance(scope, 'Instance', props);
  }
}

abstract class PooledCapacity extends Capacity {
  public override readonly isTakenBack: boolean;
  protected readonly spot: boolean;
  protected readonly maxPrice?: number;

  public constructor(options: PooledCapacityOptions) {
    super(options.instanceTypes ?? [DEFAULT_INSTANCE_TYPE]);
    this.spot = options.spot ?? false;
    this.isTakenBack = this.spot;
    this.maxPrice = options.maxPrice;
    if (this.maxPrice !== undefined && !this.spot) {
      throw new Error(`maxPrice ${this.maxPrice} bounds spot prices only: set spot, or leave maxPrice out`);
    }
    if (this.maxPrice !== undefined && this.maxPrice <= 0) {
      throw new Error(`maxPrice ${this.maxPrice} must be above 0 USD an hour`);
    }
  }
}

class AutoScalingCapacity extends PooledCapacity {
  public override readonly maxHosts: number;
  private readonly onDemandFallback: boolean;
  private readonly size: GroupSize;

  public constructor(options: AutoScalingOptions) {
    super(options);
    this.size = checkedSize(options);
    this.maxHosts = this.size.max;
    this.onDemandFallback = options.onDemandFallback ?? (this.spot && this.maxPrice === undefined);
    if (this.onDemandFallback && !this.spot) {
      throw new Error('onDemandFallback is for spot instances: set spot, or leave onDemandFallback out');
    }
  }

  public bind(scope: Construct, props: HostLauncherProps): IHostLauncher {
    const { spot, maxPrice, onDemandFallback, size } = this;
    return new HostGroup(scope, 'Group', { ...props, spot, maxPrice, onDemandFallback, size });
  }
}

function checkedSize({ min = 1, max = min, targetCpuPercent = 70 }: AutoScalingOptions): GroupSize {
  checkBounds('min', min, 1, MOST_HOSTS, 'hosts');
  checkBounds('max', max, min, MOST_HOSTS, 'hosts');
  checkBounds('targetCpuPercent', targetCpuPercent, 10, 90, 'percent');
  return { min, max, targetCpuPercent };
}

function checkBounds(name: string, value: number, least: number, most: number, unit: string): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new Error(`${name} is ${value}, expected a whole number of ${unit} from ${least} to ${most}`);
  }
}

class FleetCapacity extends PooledCapacity {
  public override readonly readsImageAtLaunch = false;

  private readonly wantedHosts?: IStringParameter;

  public constructor(options: FleetOptions) {
    super(options);
    this.wantedHosts = options.wantedHosts;
  }

  /**
   * Fleets of type `maintain` take no parameter at launch. CloudFormation reads this one instead, and only when the
   * launch template itself changes.
   */
  public override imageReference(parameterName: string): string {
    return `{{resolve:ssm:${parameterName}}}`;
  }

  public bind(scope: Construct, props: HostLauncherProps): IHostLauncher {
    const { spot, maxPrice, wantedHosts } = this;
    return new HostFleet(scope, 'Fleet', { ...props, spot, maxPrice, wantedHosts });
  }
}

function commonArchitecture(types: InstanceType[]): InstanceArchitecture {
  const [first] = types;
  if (first === undefined) {
    throw new Error('a capacity needs at least one instance type');
  }
  const other = types.find((type) => type.architecture !== first.architecture);
  if (other !== undefined) {
    throw new Error(
      `instance types ${first.toString()} (${first.architecture}) and ${other.toString()} (${other.architecture}) ` +
        'cannot share an image: name types of one processor architecture',
    );
  }
  return first.architecture;
}
