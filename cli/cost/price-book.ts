import type rates from './prices/rates.json';

/** The name of something that AWS bills at one rate. */
export type RateName = keyof typeof rates.rates;

/** The prices of one region, in USD. Undefined is a price that is not known, and never zero. */
export interface PriceBook {
  readonly region: string;
  /** Where the prices are from, and of when: one line. */
  readonly source: string;
  readonly rate: (name: RateName) => number | undefined;
  /** For an hour of Linux. */
  readonly onDemand: (instanceType: string) => number | undefined;
  /** For an hour of Linux. */
  readonly spot: (instanceType: string) => number | undefined;
}

/** Where prices come from. */
export interface PriceSource {
  /** The prices of a region; the instance types are those that will be asked for. */
  readonly read: (region: string, instanceTypes: readonly string[]) => Promise<PriceBook>;
}
