import type { RateName } from './price-book';

/** Whether something is billed by the hour that its host runs, or as long as it exists. */
export type Billed = 'running' | 'always';

/** So much of something that has one rate. */
export interface RateCharge {
  readonly kind: 'rate';
  readonly what: string;
  readonly rate: RateName;
  /** How many of the rate's units a month brings, when the hosts always run. */
  readonly amount: number;
  readonly billed: Billed;
}

/** Hosts, whose price depends on how they are bought. */
export interface HostCharge {
  readonly kind: 'host';
  readonly hosts: number;
  /** As many as there may be when load wants them; left out: never more. */
  readonly most?: number;
  /** In the order of preference. */
  readonly instanceTypes: readonly string[];
  /** Which of them AWS takes on demand; of spot it takes a cheap one. */
  readonly onDemand: 'first' | 'cheapest';
  /** Which part of them is bought as spot capacity: 0 to 1. */
  readonly spotShare: number;
}

/** What costs something, but nobody here knows how much. */
export interface UnknownCharge {
  readonly kind: 'unknown';
  readonly what: string;
  readonly why: string;
}

export type Charge = RateCharge | HostCharge | UnknownCharge;

/** A charge for as long as the resource exists. */
export function always(what: string, rate: RateName, amount: number): RateCharge {
  return { kind: 'rate', what, rate, amount, billed: 'always' };
}

/** A charge for as long as the host runs. */
export function whileRunning(what: string, rate: RateName, amount: number): RateCharge {
  return { kind: 'rate', what, rate, amount, billed: 'running' };
}

export function unknown(what: string, why: string): UnknownCharge {
  return { kind: 'unknown', what, why };
}
