import { assume } from './assumptions';
import { datedPrices } from './dated-prices';
import { chargesOf, estimate, type Line, type Scenario } from './estimate';
import type { PriceBook } from './price-book';
import type { PricedTemplate } from './template';
import { HOURS_PER_MONTH } from './rules/rule';

/** The environments of TableSleuth's own Python stack, and what each runs on. */
const UPSTREAM: Readonly<Record<string, string | undefined>> = {
  dev: 't3.small',
  staging: 'm4.large',
  prod: 'm4.xlarge',
};
const UPSTREAM_REGION = 'us-east-2';

/**
 * The shape of upstream's stack, as its documents and its code describe it: one instance on demand in a public subnet.
 * Its flow log is left out, which ours has as well.
 */
export function upstreamTemplate(environment: string, instanceType: string): PricedTemplate {
  return {
    stack: `TablesleuthStack-${environment}`,
    region: UPSTREAM_REGION,
    resources: {
      TablesleuthVPC: { Type: 'AWS::EC2::VPC' },
      PublicSubnet: { Type: 'AWS::EC2::Subnet', Properties: { MapPublicIpOnLaunch: true } },
      TablesleuthEC2Role: { Type: 'AWS::IAM::Role' },
      TablesleuthKeyPair: { Type: 'AWS::EC2::KeyPair' },
      TablesleuthSecurityGroup: { Type: 'AWS::EC2::SecurityGroup' },
      TablesleuthInstance: {
        Type: 'AWS::EC2::Instance',
        Properties: {
          InstanceType: instanceType,
          SubnetId: { Ref: 'PublicSubnet' },
          // Its code leaves the type of the volume to the CDK; gp3 is the cheaper of the two that it may be.
          BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 30, VolumeType: 'gp3' } }],
        },
      },
    },
  };
}

/** What upstream's documents say that an hour and a month cost, in USD. */
export interface DocumentedPrice {
  readonly instanceType: string;
  readonly onDemandHour: number;
  readonly onDemandMonth: number;
  readonly spotHour: number;
  readonly spotMonth: number;
  /** Of spot against on demand, in percent. */
  readonly saving: number;
}

/** The cost comparison of upstream's FUTURE_IMPROVEMENTS.md, where months have 720 to 730 hours. */
export const DOCUMENTED: readonly DocumentedPrice[] = [
  {
    instanceType: 't3.small',
    onDemandHour: 0.02,
    onDemandMonth: 15,
    spotHour: 0.006,
    spotMonth: 4.5,
    saving: 70,
  },
  {
    instanceType: 'm4.xlarge',
    onDemandHour: 0.2,
    onDemandMonth: 144,
    spotHour: 0.06,
    spotMonth: 43,
    saving: 70,
  },
];

const ALWAYS_ON: Scenario = { market: 'asSet', runningHours: HOURS_PER_MONTH };

/** Upstream's environment of the same name, always on; nothing when it has none. */
export function upstreamLines(environment: string): Line[] {
  const instanceType = UPSTREAM[environment];
  if (instanceType === undefined) return [];
  const charged = chargesOf([upstreamTemplate(environment, instanceType)], assume());
  return estimate(charged, datedPrices(UPSTREAM_REGION), ALWAYS_ON);
}

/** One row of the seed's comparison: what its documents say, and what the prices are. */
export interface ComparedType {
  readonly instanceType: string;
  readonly documented: DocumentedPrice;
  readonly onDemandMonth: number | null;
  readonly spotMonth: number | null;
  /** In percent. */
  readonly saving: number | null;
}

/** The seed's comparison with the prices of a region. */
export function comparedTypes(book: PriceBook): ComparedType[] {
  return DOCUMENTED.map((documented) => {
    const { instanceType } = documented;
    const [onDemand, spot] = [book.onDemand(instanceType), book.spot(instanceType)];
    return {
      instanceType,
      documented,
      onDemandMonth: month(onDemand),
      spotMonth: month(spot),
      saving: onDemand === undefined || spot === undefined ? null : Math.round((1 - spot / onDemand) * 100),
    };
  });
}

function month(hourly: number | undefined): number | null {
  return hourly === undefined ? null : hourly * HOURS_PER_MONTH;
}
