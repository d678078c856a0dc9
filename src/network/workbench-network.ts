import type { RemovalPolicy } from 'aws-cdk-lib';
import {
  GatewayVpcEndpointAwsService,
  type ISubnet,
  type IVpc,
  IpAddresses,
  type SubnetConfiguration,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledge, COMPLIANCE_PACKS } from '../private/acknowledge';
import { addFlowLog } from '../private/flow-log';
import { applyRemovalPolicy } from '../private/removal-policy';
import { fail, isKnown } from '../private/validate';
import { acknowledgeRestriction, acknowledgeRoutes } from '../private/vpc-findings';

export interface WorkbenchNetworkProps {
  /** Where the flow logs go. */
  readonly flowLogGroup: ILogGroup;

  /**
   * The network's IPv4 block, a /16 to a /22; each subnet takes a /24 of it.
   *
   * @default - 10.10.0.0/16
   */
  readonly cidr?: string;

  /**
   * In how many availability zones there are subnets; 1 to 3. More zones mean more spot capacity to choose from.
   *
   * @default - 2
   */
  readonly maxAzs?: number;

  /**
   * How many NAT gateways, each about $33 a month and $0.045 a GB. Without any, hosts live in public subnets with an
   * address of their own ($3.60 a month), and still nothing comes in; with one or more they live in private subnets.
   *
   * @default - 0
   */
  readonly natGateways?: number;

  /**
   * Whether there are subnets that give an address to whatever starts in them, which EC2 Image Builder needs to build
   * images where no NAT gateway is. Nothing comes in there either. Free.
   *
   * @default - there are none; with a NAT gateway there never are any, because the hosts' own do
   */
  readonly buildSubnets?: boolean;

  /**
   * What happens to the network and to the subnets that hosts belong in when their stack is destroyed. What stays in them,
   * such as a database, needs them to stay.
   *
   * @default - they go
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * A network for hosts that nobody connects to: flow logs, a free way to S3 that does not leave AWS, and a default
 * security group that allows nothing.
 */
export class WorkbenchNetwork extends Construct {
  /** The network itself. */
  public readonly vpc: IVpc;

  /** Where hosts belong: private subnets when there is a NAT gateway, else public ones. */
  public readonly hostSubnets: ISubnet[];

  /** Where images can be built: the hosts' own subnets when there is a NAT gateway, else those that give addresses. */
  public readonly buildSubnets: ISubnet[];

  constructor(scope: Construct, id: string, props: WorkbenchNetworkProps) {
    super(scope, id);
    const maxAzs = props.maxAzs ?? 2;
    const natGateways = props.natGateways ?? 0;
    validate(this, maxAzs, natGateways);

    const vpc = new Vpc(this, 'Resource', {
      ipAddresses: IpAddresses.cidr(props.cidr ?? '10.10.0.0/16'),
      maxAzs,
      natGateways,
      restrictDefaultSecurityGroup: true,
      subnetConfiguration: subnetConfiguration(natGateways, props.buildSubnets ?? false),
      gatewayEndpoints: { S3: { service: GatewayVpcEndpointAwsService.S3 } },
    });
    addFlowLog(this, vpc, props.flowLogGroup);
    routeAfterAssociation(vpc);
    acknowledgeRoutes(
      vpc,
      'The way out to AWS and to package repositories, for a host or for the NAT gateway. Hosts have no inbound rule, and ' +
        'this subnet gives no address to what does not ask for one',
    );
    acknowledgeRestriction(vpc);
    this.vpc = vpc;
    const subnets = (subnetGroupName: string) => vpc.selectSubnets({ subnetGroupName }).subnets;
    this.hostSubnets = subnets(natGateways > 0 ? 'Private' : 'Public');
    this.buildSubnets = natGateways > 0 ? this.hostSubnets : props.buildSubnets ? subnets('Build') : [];
    acknowledgeAddresses(natGateways > 0 ? [] : this.buildSubnets);
    if (props.removalPolicy !== undefined) applyRemovalPolicy([vpc, ...this.hostSubnets], props.removalPolicy);
  }
}

/** Public subnets come first and all are of one size, so that adding private ones moves none of them. */
function subnetConfiguration(natGateways: number, buildSubnets: boolean): SubnetConfiguration[] {
  const open = { name: 'Public', subnetType: SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false };
  const closed = { name: 'Private', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 24 };
  const build = { name: 'Build', subnetType: SubnetType.PUBLIC, cidrMask: 28, mapPublicIpOnLaunch: true };
  if (natGateways > 0) return [open, closed];
  return buildSubnets ? [open, build] : [open];
}

/** What waits for a subnet's way out then also waits until the subnet uses the table that has it. */
function routeAfterAssociation(vpc: Vpc): void {
  for (const { node } of [...vpc.publicSubnets, ...vpc.privateSubnets]) {
    node.findChild('DefaultRoute').node.addDependency(node.findChild('RouteTableAssociation'));
  }
}

/** Image Builder launches instances without asking for an address, and has no setting for it. */
function acknowledgeAddresses(buildSubnets: ISubnet[]): void {
  for (const subnet of buildSubnets) {
    const reason =
      'EC2 Image Builder asks for no address, and without a NAT gateway one is the only way out; the instances that it ' +
      'starts here for half an hour have no inbound rule, and nothing else starts here';
    acknowledge(subnet, COMPLIANCE_PACKS, 'VPCSubnetAutoAssignPublicIpDisabled', reason);
  }
}

function validate(scope: Construct, maxAzs: number, natGateways: number): void {
  if (isKnown(maxAzs) && (maxAzs < 1 || maxAzs > 3)) {
    fail(scope, `maxAzs is ${maxAzs}, expected 1 to 3`);
  }
  if (isKnown(natGateways) && (natGateways < 0 || natGateways > maxAzs)) {
    fail(scope, `natGateways is ${natGateways}, expected 0 to ${maxAzs}, the number of availability zones`);
  }
}
