import { RemovalPolicy } from 'aws-cdk-lib';
import {
  GatewayVpcEndpointAwsService,
  type IInterfaceVpcEndpointService,
  type ISecurityGroup,
  type ISubnet,
  type IVpc,
  IpAddresses,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct, type IDependable } from 'constructs';
import type { HandlerNetwork } from '../private/handler-function';
import { addFlowLog } from '../private/flow-log';
import { applyRemovalPolicy } from '../private/removal-policy';
import { fail, isKnown } from '../private/validate';
import { acknowledgeRestriction, acknowledgeRoutes } from '../private/vpc-findings';

/** Properties of `ServiceNetwork`. */
export interface ServiceNetworkProps {
  /** Where the flow logs go, of a network that is made. */
  readonly flowLogGroup: ILogGroup;

  /**
   * A network that exists: database, functions and workers are in its private subnets, which need a way out through a NAT
   * gateway, in two zones or more. It stays as it is; as long as the database stays, so must it.
   *
   * @default - one is made
   */
  readonly vpc?: IVpc;

  /**
   * The IPv4 block of a network that is made, a /16 to a /22; it has four subnets of /24.
   *
   * @default - 10.0.0.0/16
   */
  readonly cidr?: string;

  /**
   * How many NAT gateways a network has that is made, 0 to 2, each about $33 a month and $0.045 a GB. Without any, functions reach the APIs that they
   * call through endpoints in one zone, $7.30 a month each, and workers have an address of their own while they run.
   *
   * @default - 0
   */
  readonly natGateways?: number;

  /**
   * What happens to a network that is made, and to its private subnets, when their stack is destroyed: as long as a database
   * stays, they cannot go.
   *
   * @default - they stay, which costs nothing
   */
  readonly removalPolicy?: RemovalPolicy;
}

const ZONES = 2;

/**
 * The network of the findings service: in two zones, a public subnet and a private one each. Nothing comes in from outside,
 * and the database has no way out. Flow logs, and a free way to S3 that does not leave AWS.
 */
export class ServiceNetwork extends Construct {
  /** The network itself. */
  public readonly vpc: IVpc;

  /** Where the database and the functions are. */
  public readonly privateSubnets: ISubnet[];

  /** Where workers run: private subnets when there is a NAT gateway, else public ones. */
  public readonly workerSubnets: ISubnet[];

  /** Whether workers need an address of their own to reach AWS. */
  public readonly workersHaveAddresses: boolean;

  /** Who is let in to endpoints; undefined where private subnets have a way out. */
  private readonly endpointGroup?: ISecurityGroup;

  constructor(scope: Construct, id: string, props: ServiceNetworkProps) {
    super(scope, id);
    const natGateways = props.natGateways ?? 0;
    checkGateways(this, natGateways);
    const hasWayOut = props.vpc !== undefined || natGateways > 0;
    const cidr = props.cidr ?? '10.0.0.0/16';
    const vpc = props.vpc ?? this.made(props, cidr, natGateways);
    this.vpc = vpc;
    this.privateSubnets = props.vpc?.privateSubnets ?? vpc.selectSubnets({ subnetGroupName: 'Private' }).subnets;
    checkZones(this, this.privateSubnets);
    this.workerSubnets = hasWayOut ? this.privateSubnets : vpc.publicSubnets;
    this.workersHaveAddresses = !hasWayOut;
    this.endpointGroup = hasWayOut ? undefined : endpointGroup(vpc, cidr);
  }

  private made(props: ServiceNetworkProps, cidr: string, natGateways: number): Vpc {
    const vpc = new Vpc(this, 'Resource', {
      ipAddresses: IpAddresses.cidr(cidr),
      maxAzs: ZONES,
      natGateways,
      restrictDefaultSecurityGroup: true,
      subnetConfiguration: [
        { name: 'Public', subnetType: SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
        {
          name: 'Private',
          subnetType: natGateways > 0 ? SubnetType.PRIVATE_WITH_EGRESS : SubnetType.PRIVATE_ISOLATED,
          cidrMask: 24,
        },
      ],
      gatewayEndpoints: { S3: { service: GatewayVpcEndpointAwsService.S3 } },
    });
    addFlowLog(this, vpc, props.flowLogGroup);
    acknowledgeRoutes(
      vpc,
      'The way out to AWS, for a worker or for the NAT gateway. Workers have no inbound rule, and this subnet gives no ' +
        'address to what does not ask for one',
    );
    acknowledgeRestriction(vpc);
    const { subnets } = vpc.selectSubnets({ subnetGroupName: 'Private' });
    applyRemovalPolicy([vpc, ...subnets], props.removalPolicy ?? RemovalPolicy.RETAIN);
    return vpc;
  }

  /** A security group that lets its members call AWS over TLS, and lets nobody call them. */
  public clientGroup(scope: Construct, id: string, description: string): ISecurityGroup {
    const group = new SecurityGroup(scope, id, { vpc: this.vpc, description, allowAllOutbound: false });
    group.addEgressRule(Peer.anyIpv4(), Port.HTTPS, 'APIs of AWS');
    return group;
  }

  /**
   * Where a function is that calls the database.
   *
   * @internal
   */
  public _handlerNetwork(scope: Construct, description: string): HandlerNetwork {
    const securityGroup = this.clientGroup(scope, 'SecurityGroup', description);
    return { vpc: this.vpc, subnets: this.privateSubnets, securityGroup };
  }

  /**
   * Lets functions call an API of AWS: by an endpoint where they have no way out. One zone's endpoint serves both zones.
   * What it returns is there before they can.
   *
   * @internal
   */
  public _reach(id: string, service: IInterfaceVpcEndpointService): IDependable[] {
    if (this.endpointGroup === undefined) return [];
    const known = this.vpc.node.tryFindChild(id);
    if (known !== undefined) return [known];
    const endpoint = this.vpc.addInterfaceEndpoint(id, {
      service,
      subnets: { subnets: this.privateSubnets.slice(0, 1) },
      securityGroups: [this.endpointGroup],
      open: false,
    });
    return [endpoint];
  }
}

function checkGateways(scope: Construct, natGateways: number): void {
  if (isKnown(natGateways) && (natGateways < 0 || natGateways > ZONES)) {
    fail(scope, `natGateways is ${natGateways}, expected 0 to ${ZONES}, the number of availability zones`);
  }
}

function checkZones(scope: Construct, { length }: ISubnet[]): void {
  if (length >= ZONES) return;
  fail(scope, `privateSubnets of the network are ${length}, expected ${ZONES} or more: a database is in two zones`);
}

function endpointGroup(vpc: IVpc, cidr: string): SecurityGroup {
  const group = new SecurityGroup(vpc, 'EndpointGroup', {
    vpc,
    description: 'Endpoints of APIs that functions of the network call',
    allowAllOutbound: false,
  });
  group.addIngressRule(Peer.ipv4(cidr), Port.HTTPS, 'From inside the network');
  return group;
}
