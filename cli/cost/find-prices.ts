import { DATED_PRICES } from './dated-prices';
import { livePrices } from './live-prices';
import type { PriceBook, PriceSource } from './price-book';

const TELL_AFTER_MS = 2_000;

export interface FindPricesProps {
  readonly region: string;
  readonly instanceTypes: readonly string[];
  /** Asks nobody. */
  readonly offline: boolean;
  /** Told in one line why prices are not those of today. */
  readonly tell: (line: string) => void;
  /**
   * Where today's prices come from.
   *
   * @default - AWS
   */
  readonly live?: PriceSource;
}

/**
 * Today's prices when AWS gives them, else dated ones. AWS is asked only when the environment or a profile's file has
 * credentials, and has a few seconds to answer: who has no network does not wait for it.
 */
export async function findPrices(props: FindPricesProps): Promise<PriceBook> {
  const { region, instanceTypes, offline, tell, live = livePrices() } = props;
  if (!offline) {
    const waiting = setTimeout(() => tell('Asking AWS for prices of today'), TELL_AFTER_MS);
    try {
      return await live.read(region, instanceTypes);
    } catch (error) {
      tell(`Prices of today are not to be had (${reasonOf(error)}): dated ones are used`);
    } finally {
      clearTimeout(waiting);
    }
  }
  return DATED_PRICES.read(region, instanceTypes);
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split('\n')[0] ?? '').slice(0, 120);
}
