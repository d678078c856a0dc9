import { DescribeSpotPriceHistoryCommand, EC2Client, type _InstanceType } from '@aws-sdk/client-ec2';
import { datedPrices } from './dated-prices';
import type { PriceSource, RateName } from './price-book';
import { type PriceFilters, PricingApi } from './pricing-api';

const DAY_MS = 86_400_000;
const SPOT_DAYS = 7;
const PATIENCE_MS = 6_000;

/** The rates beside instances that AWS is asked for: those whose products can be named without a doubt. */
const PRODUCTS: Partial<Record<RateName, PriceFilters>> = {
  gp3Gb: { productFamily: 'Storage', volumeApiName: 'gp3' },
  gp2Gb: { productFamily: 'Storage', volumeApiName: 'gp2' },
};

const LINUX: PriceFilters = {
  operatingSystem: 'Linux',
  tenancy: 'Shared',
  preInstalledSw: 'NA',
  capacitystatus: 'Used',
};

export interface LivePricesProps {
  /**
   * The most that AWS may take.
   *
   * @default - six seconds
   */
  readonly patienceMs?: number;
  readonly now?: () => Date;
}

/** AWS's own prices of today: its price list, and the mean of a week of spot prices. What it does not say is dated. */
export function livePrices({ patienceMs = PATIENCE_MS, now = () => new Date() }: LivePricesProps = {}): PriceSource {
  return {
    read: async (region, instanceTypes) => {
      const signal = AbortSignal.timeout(patienceMs);
      const ec2 = new EC2Client({ region, maxAttempts: 1 });
      const pricing = new PricingApi(signal);
      const types = [...new Set(instanceTypes)];
      const rateNames = Object.keys(PRODUCTS) as RateName[];
      const everything = Promise.all([
        Promise.all(types.map((type) => pricing.price(region, { ...LINUX, instanceType: type }))),
        Promise.all(rateNames.map((name) => pricing.price(region, PRODUCTS[name] ?? {}))),
        spotPrices(ec2, types, now(), signal),
      ]);
      const [onDemand, rates, spot] = await Promise.race([everything, late(signal)]);
      const dated = datedPrices(region);
      const known = new Map(rateNames.map((name, index) => [name, rates[index]]));
      const hourly = new Map(types.map((type, index) => [type, onDemand[index]]));
      return {
        region,
        source: `instances and volumes as AWS has them on ${now().toISOString().slice(0, 10)}, other ${dated.source.replace(/^.*other /, '')}`,
        rate: (name) => known.get(name) ?? dated.rate(name),
        onDemand: (type) => hourly.get(type) ?? dated.onDemand(type),
        spot: (type) => spot.get(type) ?? dated.spot(type),
      };
    },
  };
}

/** The mean over zones and time, of an hour of Linux. */
async function spotPrices(
  ec2: EC2Client,
  types: readonly string[],
  now: Date,
  abortSignal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const seen = new Map<string, number[]>();
  let NextToken: string | undefined;
  do {
    const answer = await ec2.send(
      new DescribeSpotPriceHistoryCommand({
        InstanceTypes: types as _InstanceType[],
        ProductDescriptions: ['Linux/UNIX'],
        StartTime: new Date(now.getTime() - SPOT_DAYS * DAY_MS),
        NextToken,
      }),
      { abortSignal },
    );
    for (const { InstanceType, SpotPrice } of answer.SpotPriceHistory ?? []) {
      if (InstanceType !== undefined) seen.set(InstanceType, [...(seen.get(InstanceType) ?? []), Number(SpotPrice)]);
    }
    NextToken = answer.NextToken === '' ? undefined : answer.NextToken;
  } while (NextToken !== undefined);
  return new Map(
    [...seen].map(([type, prices]) => [type, prices.reduce((one, other) => one + other, 0) / prices.length]),
  );
}

function late(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('AWS took too long')), { once: true });
  });
}
