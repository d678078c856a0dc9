import { type Billed, type Charge, type HostCharge, unknown } from '../charge';
import { blockOf, blocksOf, numberOf, type Properties, referenceOf, textOf } from '../template';
import { diskCharges } from './disks';
import { HOURS_PER_MONTH, type Rule, type RuleContext } from './rule';

/** A stopped instance keeps its disk; a group and a fleet terminate theirs. */
export const instance: Rule = (properties, context) => {
  const launch = { ...launchData(blockOf(properties.LaunchTemplate), context), ...properties };
  return [...hostCharge(1, 0, [textOf(launch.InstanceType)], 'first'), ...perHost(1, launch, 'always', context)];
};

export const autoScalingGroup: Rule = (properties, context) => {
  const { InstancesDistribution, LaunchTemplate } = blockOf(properties.MixedInstancesPolicy);
  const mixed = blockOf(LaunchTemplate);
  const launch = launchData(blockOf(mixed.LaunchTemplateSpecification ?? properties.LaunchTemplate), context);
  const least = Math.max(numberOf(properties.MinSize) ?? 1, leastBySchedule(context));
  const hosts = numberOf(properties.DesiredCapacity) ?? Math.max(1, least);
  const overrides = blocksOf(mixed.Overrides).map(({ InstanceType }) => textOf(InstanceType));
  const types = overrides.length > 0 ? overrides : [textOf(launch.InstanceType)];
  const spotShare =
    InstancesDistribution === undefined
      ? spotOfTemplate(launch)
      : spotOfDistribution(blockOf(InstancesDistribution), hosts);
  const onDemand = blockOf(InstancesDistribution).OnDemandAllocationStrategy === 'lowest-price' ? 'cheapest' : 'first';
  const most = numberOf(properties.MaxSize) ?? hosts;
  const charges = hostCharge(hosts, spotShare, types, onDemand, most > hosts ? most : undefined);
  return [...charges, ...perHost(hosts, launch, 'running', context)];
};

export const fleet: Rule = (properties, context) => {
  const target = blockOf(properties.TargetCapacitySpecification);
  const hosts = numberOf(target.TotalTargetCapacity) ?? 1;
  const spot = target.DefaultTargetCapacityType === 'spot' ? hosts : (numberOf(target.SpotTargetCapacity) ?? 0);
  const configs = blocksOf(properties.LaunchTemplateConfigs);
  const launch = launchData(blockOf(configs[0]?.LaunchTemplateSpecification), context);
  const overrides = configs.flatMap(({ Overrides }) => blocksOf(Overrides)).map(({ InstanceType }) => InstanceType);
  const types = [...new Set(overrides.length > 0 ? overrides : [launch.InstanceType])].map(textOf);
  const onDemand = blockOf(properties.OnDemandOptions).AllocationStrategy === 'prioritized' ? 'first' : 'cheapest';
  const spotShare = hosts === 0 ? 0 : spot / hosts;
  return [...hostCharge(hosts, spotShare, types, onDemand), ...perHost(hosts, launch, 'running', context)];
};

/** How many hosts a schedule brings: a group with hours has none by itself, and as many as it should have in its hours. */
function leastBySchedule({ template, logicalId }: RuleContext): number {
  const inputs = Object.values(template.resources)
    .filter(({ Type }) => Type === 'AWS::Scheduler::Schedule')
    .map(({ Properties }) => JSON.stringify(blockOf(Properties?.Target).Input ?? '').replaceAll('\\"', '"'))
    .filter((input) => input.includes(`"Ref":"${logicalId}"`));
  const sizes = inputs.flatMap((input) => [...input.matchAll(/"(?:MinSize|DesiredCapacity)":(\d+)/g)]);
  return Math.max(0, ...sizes.map(([, size]) => Number(size)));
}

/** What a launch template says, when it is in the same template. */
function launchData(specification: Properties, context: RuleContext): Properties {
  const id = referenceOf(specification.LaunchTemplateId) ?? referenceOf(specification.LaunchTemplateName);
  return blockOf(context.resource(id)?.Properties?.LaunchTemplateData);
}

function spotOfTemplate({ InstanceMarketOptions }: Properties): number {
  return blockOf(InstanceMarketOptions).MarketType === 'spot' ? 1 : 0;
}

function spotOfDistribution(distribution: Properties, hosts: number): number {
  const base = Math.min(hosts, numberOf(distribution.OnDemandBaseCapacity) ?? 0);
  const percent = numberOf(distribution.OnDemandPercentageAboveBaseCapacity) ?? 100;
  const onDemand = base + ((hosts - base) * percent) / 100;
  return hosts === 0 ? 0 : 1 - onDemand / hosts;
}

function hostCharge(
  hosts: number,
  spotShare: number,
  types: ReadonlyArray<string | undefined>,
  onDemand: HostCharge['onDemand'],
  most?: number,
): Charge[] {
  const instanceTypes = types.filter((type) => type !== undefined);
  if (instanceTypes.length === 0) return [unknown('compute', 'the template names no instance type')];
  return [{ kind: 'host', hosts, ...(most !== undefined && { most }), instanceTypes, onDemand, spotShare }];
}

/** Everything that each host brings along. */
function perHost(hosts: number, launch: Properties, disk: Billed, context: RuleContext): Charge[] {
  return [
    ...diskCharges(hosts, launch.BlockDeviceMappings, disk),
    ...addresses(hosts, launch, context),
    ...metrics(hosts, launch, context),
    ...detailedMonitoring(hosts, launch),
  ];
}

/** An address of AWS's pool goes back when the host stops. */
function addresses(hosts: number, launch: Properties, context: RuleContext): Charge[] {
  const { AssociatePublicIpAddress: asked } = blocksOf(launch.NetworkInterfaces)[0] ?? {};
  const subnet = context.resource(referenceOf(launch.SubnetId));
  const isPublic = asked ?? subnet?.Properties?.MapPublicIpOnLaunch;
  if (isPublic !== true) return [];
  const what = 'public IPv4 address';
  return [{ kind: 'rate', what, rate: 'publicIpv4', amount: hosts * HOURS_PER_MONTH, billed: 'running' }];
}

/** EC2 bills its figures of every minute as so many custom metrics. */
const DETAILED_METRICS = 7;

function detailedMonitoring(hosts: number, { Monitoring }: Properties): Charge[] {
  if (blockOf(Monitoring).Enabled !== true) return [];
  const what = 'detailed monitoring';
  return [{ kind: 'rate', what, rate: 'customMetric', amount: hosts * DETAILED_METRICS, billed: 'running' }];
}

/** A host sends metrics of its own when its user data says so. */
function metrics(hosts: number, launch: Properties, context: RuleContext): Charge[] {
  const isSending = JSON.stringify(launch.UserData ?? '').includes('HOST_METRICS=\\"true\\"');
  const each = context.assumptions.hostMetrics;
  if (!isSending || each === 0) return [];
  const what = `${hosts * each} custom metrics of the agent`;
  return [{ kind: 'rate', what, rate: 'customMetric', amount: hosts * each, billed: 'running' }];
}
