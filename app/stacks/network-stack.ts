import { RemovalPolicy, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { type IVpc, Vpc } from 'aws-cdk-lib/aws-ec2';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { WorkbenchNetwork } from '../../src';
import { buildsImages, type ExistingNetworkSettings, type NewNetworkSettings, type Settings } from '../settings';
import { publishBalancerSubnets } from './access';
import { PublishedValues } from './published';
import { zone } from './zone';

const BUILD_SUBNET = 'network/build-subnet';

/** The network that hosts run in. */
export class NetworkStack extends Stack {
  constructor(scope: Construct, id: string, settings: Settings, network: NewNetworkSettings, props: StackProps) {
    super(scope, id, props);
    const published = new PublishedValues(settings.environment);
    const { vpc, hostSubnets, buildSubnets } = new WorkbenchNetwork(this, 'Network', {
      cidr: network.cidr,
      maxAzs: network.maxAzs,
      natGateways: network.natGateways,
      buildSubnets: buildsImages(settings),
      removalPolicy: settings.service?.network === 'shared' && settings.retain ? RemovalPolicy.RETAIN : undefined,
      flowLogGroup: LogGroup.fromLogGroupName(this, 'FlowLogs', published.read(this, 'data/flow-log-group')),
    });
    published.publish(this, 'network/vpc-id', vpc.vpcId);
    hostSubnets.forEach((subnet, index) => {
      published.publish(this, hostSubnet(index), subnet.subnetId);
    });
    const [first] = buildSubnets;
    if (buildsImages(settings) && first !== undefined) {
      published.publish(this, BUILD_SUBNET, first.subnetId);
    }
    publishBalancerSubnets(this, settings, vpc.publicSubnets);
  }

  /** Zones are chosen by CloudFormation, so that synthesis asks no account and writes no context. */
  public override get availabilityZones(): string[] {
    return [0, 1, 2].map(zone);
  }
}

/** The network of this environment as another stack sees it: made by the network stack, or brought along. */
export function importedNetwork(scope: Construct, settings: Settings): IVpc {
  return imported(scope, settings, publishedNetwork);
}

/** The same in all zones, for what needs no host's volume: the more zones, the more spare capacity. */
export function importedJobNetwork(scope: Construct, settings: Settings): IVpc {
  return imported(scope, settings, publishedJobNetwork);
}

/** The private subnets of a network that was made, for what stays where it was first put: what it names is looked up once. */
export function sharedPrivateNetwork(scope: Construct, { environment, network }: Settings): IVpc {
  const published = new PublishedValues(environment);
  const indexes = [...Array('maxAzs' in network ? network.maxAzs : 0).keys()];
  return acknowledged(
    Vpc.fromVpcAttributes(scope, 'Network', {
      vpcId: published.refer('network/vpc-id'),
      availabilityZones: indexes.map(zone),
      privateSubnetIds: indexes.map((index) => published.refer(hostSubnet(index))),
    }),
  );
}

/** The same for what builds images: of a network that was made, it is one subnet. */
export function importedBuildNetwork(scope: Construct, settings: Settings): IVpc {
  return imported(scope, settings, publishedBuildNetwork);
}

type Published = (scope: Construct, settings: Settings, network: NewNetworkSettings) => IVpc;

function imported(scope: Construct, settings: Settings, published: Published): IVpc {
  const vpc =
    settings.network.vpcId === undefined
      ? published(scope, settings, settings.network)
      : existingNetwork(scope, settings.network);
  return acknowledged(vpc);
}

function acknowledged(vpc: IVpc): IVpc {
  Validations.of(vpc).acknowledge({
    id: 'Annotation::@aws-cdk/aws-ec2:noSubnetRouteTableId',
    reason: 'Nothing here adds a route: the network has all that hosts need',
  });
  return vpc;
}

function existingNetwork(scope: Construct, { vpcId, subnets }: ExistingNetworkSettings): IVpc {
  if (subnets === undefined) {
    return Vpc.fromLookup(scope, 'Network', { vpcId });
  }
  return Vpc.fromVpcAttributes(scope, 'Network', {
    vpcId,
    availabilityZones: subnets.map(({ availabilityZone }) => availabilityZone),
    privateSubnetIds: subnets.map(({ id }) => id),
  });
}

/** The zone that hosts of one zone alone run in. */
export function firstZone(scope: Construct, settings: Settings): string {
  return settings.network.vpcId === undefined ? zone(0) : firstZoneOf(importedNetwork(scope, settings));
}

/** The zone of the first subnet that hosts run in. */
export function firstZoneOf({ privateSubnets, publicSubnets }: IVpc): string {
  const [first] = privateSubnets.length > 0 ? privateSubnets : publicSubnets;
  return first!.availabilityZone;
}

function publishedNetwork(scope: Construct, settings: Settings, network: NewNetworkSettings): IVpc {
  return publishedJobNetwork(scope, settings, needsOneZone(settings) ? { ...network, maxAzs: 1 } : network);
}

function publishedJobNetwork(scope: Construct, settings: Settings, { maxAzs, natGateways }: NewNetworkSettings): IVpc {
  const published = new PublishedValues(settings.environment);
  const indexes = [...Array(maxAzs).keys()];
  const subnetIds = indexes.map((index) => published.read(scope, hostSubnet(index)));
  return Vpc.fromVpcAttributes(scope, 'Network', {
    vpcId: published.read(scope, 'network/vpc-id'),
    availabilityZones: indexes.map(zone),
    ...(natGateways > 0 ? { privateSubnetIds: subnetIds } : { publicSubnetIds: subnetIds }),
  });
}

function publishedBuildNetwork(scope: Construct, settings: Settings, { natGateways }: NewNetworkSettings): IVpc {
  const published = new PublishedValues(settings.environment);
  const subnetIds = [published.read(scope, BUILD_SUBNET)];
  return Vpc.fromVpcAttributes(scope, 'Network', {
    vpcId: published.read(scope, 'network/vpc-id'),
    availabilityZones: [zone(0)],
    ...(natGateways > 0 ? { privateSubnetIds: subnetIds } : { publicSubnetIds: subnetIds }),
  });
}

function needsOneZone({ capacity, workspace }: Settings): boolean {
  return capacity.kind === 'instance' || (workspace !== undefined && workspace.mode !== 'shared');
}

function hostSubnet(index: number): string {
  return `network/host-subnet-${index}`;
}
