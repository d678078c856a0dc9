import { Duration, Stack, Tags } from 'aws-cdk-lib';
import { type ISecurityGroup, type IVpc, Port, type SubnetSelection, SubnetType } from 'aws-cdk-lib/aws-ec2';
import type { IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { GroupToGroup } from '../private/group-to-group';
import { fail } from '../private/validate';
import { Access, type AccessConfig, type BalancerConfig } from './access';
import { departureFrom } from './balancer-departure';
import { Capacity } from './capacity';
import type { DataAccess } from './data-access';
import { GizmoSqlRelease } from './gizmosql-release';
import { HostBundle } from './host-bundle';
import { type HostCommands, hostCommands, UI_PORT } from './host-commands';
import type { HostHours } from './host-hours';
import { HostImage } from './host-image';
import type { IHostLauncher } from './host-launcher';
import { HostRole } from './host-role';
import { HostHooks } from './host-scaling';
import { HostSchedules } from './host-schedules';
import { hostUserData, type HostUserDataOptions } from './host-user-data';
import { IdleStop } from './idle-stop';
import { launchHosts } from './launch-hosts';
import type { IWorkbenchData } from './workbench-data';
import { Workspace, type WorkspaceConfig } from './workspace';

const DEFAULT_NAME = 'default';

export interface WorkbenchProps {
  /** The network that hosts run in. */
  readonly vpc: IVpc;

  /** The parts that outlive hosts. */
  readonly data: IWorkbenchData;

  /**
   * The subnets that hosts run in. Hosts need a way out to the internet over HTTPS.
   *
   * @default - private subnets with egress where the network has them, else public ones; either way nothing comes in
   */
  readonly vpcSubnets?: SubnetSelection;

  /**
   * Where hosts come from.
   *
   * @default - one on-demand t3.small
   */
  readonly capacity?: Capacity;

  /**
   * How people reach the host.
   *
   * @default - Session Manager
   */
  readonly access?: Access;

  /**
   * What a host boots.
   *
   * @default - the newest Amazon Linux 2023
   */
  readonly image?: HostImage;

  /**
   * What hosts may read.
   *
   * @default - hosts can read no table at all
   */
  readonly dataAccess?: DataAccess[];

  /**
   * Where hosts keep what must survive them. With a volume they all run in its Availability Zone; a shared file system is
   * in all zones.
   *
   * @default - on the host's own disk, which is lost with the host
   */
  readonly workspace?: Workspace;

  /**
   * The GizmoSQL release that hosts install.
   *
   * @default - the newest whose checksums this package knows
   */
  readonly gizmosql?: GizmoSqlRelease;

  /**
   * The user that GizmoSQL accepts.
   *
   * @default - admin
   */
  readonly gizmosqlUsername?: string;

  /**
   * How much memory queries may take: a percentage of the host's (`60%`) or an amount (`8GB`).
   *
   * @default - 60%, which leaves TableSleuth its share
   */
  readonly gizmosqlMemoryLimit?: string;

  /**
   * A name for this workbench on the host itself, as in `dev`.
   *
   * @default - default
   */
  readonly environmentName?: string;

  /**
   * When the host runs. A deployment outside of the hours starts no group's or fleet's host; one instance that has to be
   * replaced boots, and runs until the next stop.
   *
   * @default - always
   */
  readonly hours?: HostHours;

  /**
   * Stops the host when nobody has used it for this long: no session, no connection to GizmoSQL, no request to the web
   * interface; never during a query. `commands.start` starts it again, and so does a deployment of a changed fleet. Of
   * several hosts the idle one leaves; the last one stops them all. From 5 minutes to a day.
   *
   * @default - the host runs whether anybody uses it or not
   */
  readonly idleStop?: Duration;

  /**
   * Whether hosts send the metrics that `HostAlarms` and `WorkbenchDashboard` read: processor, memory, disk, network,
   * health and use. About $3.60 a month while a host runs.
   *
   * @default - no metrics are sent, but AWS's own of every instance
   */
  readonly sendMetrics?: boolean;

  /**
   * How long a new host may take to answer healthily, from 3 to 60 minutes. After that the deployment fails and is
   * rolled back. The host itself stops 90 seconds earlier, so that it can still send its log away and say that it failed.
   * A host that has to install everything takes minutes; 5 are enough for one whose image holds the software.
   *
   * @default - 20 minutes
   */
  readonly healthyWithin?: Duration;
}

/**
 * TableSleuth and GizmoSQL on one host next to your tables: no open port, no key, no readable password. A deployment
 * succeeds only when the host answers healthily.
 *
 * Costs the host (a t3.small is about $15 a month on demand, $4 on spot), 30 GiB of disk ($2.40) and a public address
 * ($3.60) unless there is a NAT gateway; prices of us-east-2.
 */
export class Workbench extends Construct {
  /** The role of every host. */
  public readonly role: IRole;

  /** The security group of every host; it lets nothing in, but a load balancer where there is one. */
  public readonly securityGroup: ISecurityGroup;

  /** What launches hosts. */
  public readonly launcher: IHostLauncher;

  /** What leads people to hosts without Session Manager; undefined where nothing does. */
  public readonly balancer?: BalancerConfig;

  /** What to paste into a shell, for a stack's outputs. */
  public readonly commands: HostCommands;

  /** The group of the schedules that start and stop hosts, for `HostCallAlarms`; undefined without `hours`. */
  public readonly hoursGroupName?: string;

  /** The workflow that stops idle hosts, for `HostCallAlarms`; undefined without `idleStop`. */
  public readonly idleStopArn?: string;

  constructor(scope: Construct, id: string, props: WorkbenchProps) {
    super(scope, id);
    const healthyWithin = checkedTime(this, props.healthyWithin ?? Duration.minutes(20));
    const capacity = props.capacity ?? Capacity.onDemand();
    const { subnets, ...workspace } = bindWorkspace(this, props, capacity);
    const hooks = hooksOf(this, capacity, () => this.launcher.signalLogicalId);
    const bundle = new HostBundle(this, 'HostBundle');
    const access = (props.access ?? Access.sessionManager()).bind(this, props.data, props.vpc);
    const departure = departureFrom(access.balancer, capacity);
    const parts = [access, departure, workspace];
    const statements = [...parts.flatMap(({ hostStatements }) => hostStatements), bundle.readStatement()];
    const { role } = hostRole(this, props, statements, hooks);
    const settings = hostSettings(this, props, capacity, [...parts, hooks]);
    const { launcher, securityGroup } = launchHosts(this, capacity, {
      vpc: props.vpc,
      subnets,
      role,
      image: parameterOfImage(this, props, capacity),
      userData: this.userData(bundle, props.data, { settings, healthyWithin, launchHook: hooks?.launchHook }),
      healthyWithin,
      hasHours: props.hours !== undefined,
      targetGroup: access.balancer?.targetGroup,
    });
    connect(access, { ...workspace, subnets }, securityGroup, launcher);
    const idleStop = idleStopOf(this, props, launcher);
    const hours = hoursOf(this, props, launcher);
    this.role = role;
    this.securityGroup = securityGroup;
    this.launcher = launcher;
    this.balancer = access.balancer;
    this.commands = {
      ...hostCommands(this, launcher, access.sessionDocumentName, props.data),
      keepRunning: hours?.keepRunningCommand,
    };
    this.hoursGroupName = hours?.groupName;
    this.idleStopArn = idleStop?.stateMachineArn;
  }

  /** The user data of hosts that signal to a resource. */
  private userData(
    bundle: HostBundle,
    data: IWorkbenchData,
    ofTheHost: Pick<HostUserDataOptions, 'settings' | 'healthyWithin' | 'launchHook'>,
  ): (signalLogicalId: string) => string {
    const { region, stackName } = Stack.of(this);
    const options = {
      region,
      stackName,
      bundleUrl: bundle.s3Url,
      bundleDigest: bundle.digest,
      logGroupName: data.hostLogGroup.logGroupName,
      ...ofTheHost,
    };
    return (signalLogicalId) => hostUserData({ ...options, signalLogicalId });
  }
}

/** What launches a host from an image that was deleted meanwhile launches none. */
function parameterOfImage(
  scope: Construct,
  { image = HostImage.amazonLinux() }: WorkbenchProps,
  capacity: Capacity,
): string {
  if (image.expires && !capacity.readsImageAtLaunch) {
    fail(
      scope,
      'an image of a pipeline expires, and a fleet launches the one that it was deployed with: use autoScaling',
    );
  }
  return image.parameterName(capacity.architecture);
}

/** Less is not even a boot and a report; more than an hour an Auto Scaling group does not wait in an update. */
function checkedTime(scope: Construct, healthyWithin: Duration): Duration {
  if (healthyWithin.isUnresolved()) fail(scope, 'healthyWithin is a token, expected a time that is known at synthesis');
  const seconds = healthyWithin.toSeconds();
  if (seconds < 180 || seconds > 3600) fail(scope, `healthyWithin is ${seconds} seconds, expected 3 to 60 minutes`);
  return healthyWithin;
}

function checkedIdleTime(scope: Construct, idleStop: Duration): number {
  const minutes = idleStop.toMinutes({ integral: false });
  if (minutes < 5 || minutes > 1440) fail(scope, `idleStop is ${minutes} minutes, expected 5 minutes to a day`);
  return minutes;
}

function bindWorkspace(
  scope: Construct,
  { vpc, vpcSubnets, workspace }: WorkbenchProps,
  { maxHosts }: Capacity,
): WorkspaceConfig {
  const bound = (workspace ?? Workspace.none()).bind(scope, vpc, vpcSubnets ?? defaultSubnets(vpc));
  if (bound.isForOneHost === true && maxHosts > 1) {
    fail(scope, `got a workspace on a volume and up to ${maxHosts} hosts, wants one host: a volume is with one alone`);
  }
  tagHosts(scope, bound.hostTags);
  return bound;
}

/** Only a group of several hosts has hooks. */
function hooksOf(scope: Construct, { maxHosts }: Capacity, launcherLogicalId: () => string): HostHooks | undefined {
  return maxHosts > 1 ? new HostHooks(scope, 'Hooks', launcherLogicalId) : undefined;
}

function hostRole(
  scope: Construct,
  { data, dataAccess = [] }: WorkbenchProps,
  statements: PolicyStatement[],
  hooks?: HostHooks,
): HostRole {
  return new HostRole(scope, 'HostRole', { data, dataAccess, statements, hookPolicy: hooks?.policy });
}

/** What stops hosts that nobody uses. */
function idleStopOf(
  scope: Construct,
  { idleStop, environmentName = DEFAULT_NAME }: WorkbenchProps,
  launcher: IHostLauncher,
): IdleStop | undefined {
  return idleStop && new IdleStop(scope, 'IdleStop', { launcher, environmentName });
}

/** What starts and stops hosts by the clock. */
function hoursOf(scope: Construct, { hours }: WorkbenchProps, launcher: IHostLauncher): HostSchedules | undefined {
  return hours && new HostSchedules(scope, 'Hours', { hours, launcher });
}

/** A load balancer reaches hosts, and hosts reach a file system and the internet. */
function connect(
  { balancer }: AccessConfig,
  { mountTargets, subnets }: Pick<WorkspaceConfig, 'mountTargets' | 'subnets'>,
  hosts: ISecurityGroup,
  launcher: IHostLauncher,
): void {
  launcher.node.addDependency(subnets.internetConnectivityEstablished);
  if (balancer !== undefined) {
    const description = 'nginx on TableSleuth hosts';
    const { securityGroup: from } = balancer;
    new GroupToGroup(from, 'Hosts', { from, to: hosts, port: Port.tcp(UI_PORT), description });
  }
  mountTargets?.letIn(hosts, launcher);
}

function defaultSubnets(vpc: IVpc): SubnetSelection {
  return { subnetType: vpc.privateSubnets.length > 0 ? SubnetType.PRIVATE_WITH_EGRESS : SubnetType.PUBLIC };
}

/** What a host has to know, of itself and of each part that has something to say to it. */
function hostSettings(
  scope: Construct,
  props: WorkbenchProps,
  capacity: Capacity,
  parts: ReadonlyArray<{ readonly hostSettings: Record<string, string> } | undefined>,
): Record<string, string> {
  const release = props.gizmosql ?? GizmoSqlRelease.known(GizmoSqlRelease.DEFAULT_VERSION);
  const access = props.dataAccess ?? [];
  const tableBuckets = access.flatMap(({ tableBucketArn }) => (tableBucketArn === undefined ? [] : [tableBucketArn]));
  return {
    TABLESLEUTH_ENVIRONMENT: props.environmentName ?? DEFAULT_NAME,
    AWS_REGION: Stack.of(scope).region,
    GIZMOSQL_SECRET_ARN: props.data.gizmosqlSecret.secretArn,
    GIZMOSQL_USERNAME: props.gizmosqlUsername ?? 'admin',
    GIZMOSQL_VERSION: release.version,
    GIZMOSQL_SHA256: release.sha256(capacity.architecture),
    GIZMOSQL_MEMORY_LIMIT: props.gizmosqlMemoryLimit ?? '60%',
    GLUE_CATALOG: String(access.some(({ glueDatabaseName }) => glueDatabaseName !== undefined)),
    TABLE_BUCKET_ARNS: tableBuckets.join(' '),
    HOST_METRICS: String(props.sendMetrics ?? false),
    HOST_LOG_GROUP: props.data.hostLogGroup.logGroupName,
    ...(props.idleStop && { IDLE_STOP_AFTER_MINUTES: `${checkedIdleTime(scope, props.idleStop)}` }),
    ...Object.fromEntries(parts.flatMap((part) => Object.entries(part?.hostSettings ?? {}))),
  };
}

/** Whichever of them launches a host gives it its own tags. */
const LAUNCHERS = ['AWS::AutoScaling::AutoScalingGroup', 'AWS::EC2::Instance', 'AWS::EC2::LaunchTemplate'];

function tagHosts(scope: Construct, tags: Record<string, string>): void {
  for (const [key, value] of Object.entries(tags)) {
    Tags.of(scope).add(key, value, { includeResourceTypes: LAUNCHERS });
  }
}
