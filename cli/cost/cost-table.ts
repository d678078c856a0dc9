import { type ChargedResource, estimate, type Line, type Scenario, total } from './estimate';
import type { PriceBook } from './price-book';
import { runningHours, runningTimeOf } from './running-time';
import type { Assumptions } from './assumptions';

/** The ways to run that are compared, in the order of the columns. */
export const COLUMNS = ['onDemand', 'spot', 'hours', 'idleStop'] as const;
export type Column = (typeof COLUMNS)[number];

export interface Row {
  readonly stack: string;
  readonly resource: string;
  readonly type: string;
  readonly what: string;
  /** A month, in USD; null when a price is not known. */
  readonly usd: Readonly<Record<Column, number | null>>;
}

/** What something costs a month, in each way to run it. */
export interface CostTable {
  readonly name: string;
  /** The region, or all of them with commas between. */
  readonly region: string;
  readonly regions: readonly string[];
  readonly prices: string;
  /** The hours of a month in which a host runs. */
  readonly runningHours: Readonly<Record<Column, number>>;
  readonly rows: readonly Row[];
  readonly totals: Readonly<Record<Column, number>>;
  /** As the settings are: how hosts are bought, when they run, and what that costs a month. */
  readonly asSet: { readonly market: string; readonly runs: string; readonly usd: number };
  /** What a person should know about the figures above. */
  readonly notes: readonly string[];
  /** What costs something that is in no total. */
  readonly unknown: readonly string[];
  readonly assumptions: Assumptions;
}

export interface CostTableProps {
  readonly name: string;
  readonly charged: readonly ChargedResource[];
  readonly book: PriceBook;
  /** Those of the environment, as far as there are any: `hours` and `idleStop` of them are read. */
  readonly settings: object;
  readonly assumptions: Assumptions;
}

/** Hours and idle stop are priced for hosts that are bought as the settings say. */
export function costTable({ name, charged, book, settings, assumptions }: CostTableProps): CostTable {
  const hours = runningHours(settings, assumptions);
  const scenarios: Record<Column, Scenario> = {
    onDemand: { market: 'onDemand', runningHours: hours.always },
    spot: { market: 'spot', runningHours: hours.always },
    hours: { market: 'asSet', runningHours: hours.hours },
    idleStop: { market: 'asSet', runningHours: hours.idleStop },
  };
  const lines = byColumn((column) => estimate(charged, book, scenarios[column]));
  const runs = runningTimeOf(settings, hours);
  return {
    name,
    region: book.region,
    regions: [book.region],
    prices: book.source,
    runningHours: byColumn((column) => scenarios[column].runningHours),
    rows: rowsOf(lines),
    totals: byColumn((column) => total(lines[column])),
    asSet: {
      market: marketOf(charged),
      runs,
      usd: total(estimate(charged, book, { market: 'asSet', runningHours: hours[runs] })),
    },
    notes: notesOf(charged, book),
    unknown: unknownOf(lines, charged),
    assumptions,
  };
}

function byColumn<T>(value: (column: Column) => T): Record<Column, T> {
  return Object.fromEntries(COLUMNS.map((column) => [column, value(column)])) as Record<Column, T>;
}

function rowsOf(lines: Readonly<Record<Column, readonly Line[]>>): Row[] {
  return lines.onDemand.map(({ stack, resource, type, what }, index) => ({
    stack,
    resource,
    type,
    what,
    usd: byColumn((column) => lines[column][index]?.usd ?? null),
  }));
}

function marketOf(charged: readonly ChargedResource[]): string {
  const shares = charged.flatMap(({ charge }) => (charge.kind === 'host' ? [charge.spotShare] : []));
  if (shares.length === 0) return 'no host';
  if (shares.every((share) => share === 1)) return 'spot';
  return shares.every((share) => share === 0) ? 'on demand' : 'partly spot';
}

/** Of several types AWS takes as spot what is cheap, and not likely to be taken back: that need not be the cheapest. */
function notesOf(charged: readonly ChargedResource[], { spot }: PriceBook): string[] {
  return charged.flatMap(({ charge }) => {
    const types = charge.kind === 'host' ? charge.instanceTypes : [];
    const priced = types.flatMap((type) => (spot(type) === undefined ? [] : [{ type, usd: spot(type) ?? 0 }]));
    const [cheapest, ...others] = priced.sort((one, other) => one.usd - other.usd);
    const dearest = others.at(-1);
    if (cheapest === undefined || dearest === undefined || dearest.usd === cheapest.usd) return [];
    const factor = (dearest.usd / cheapest.usd).toFixed(1);
    return [
      `Spot is priced as ${cheapest.type}; while AWS gives ${dearest.type} instead, an hour costs ${factor} times as much.`,
    ];
  });
}

function unknownOf(lines: Readonly<Record<Column, readonly Line[]>>, charged: readonly ChargedResource[]): string[] {
  return lines.onDemand.flatMap(({ resource, type, what, usd }, index) => {
    if (usd !== undefined && lines.spot[index]?.usd !== undefined) return [];
    const reasons = charged
      .filter((each) => each.resource === resource && each.type === type)
      .flatMap(({ charge }) => (charge.kind === 'unknown' && charge.what === what ? [charge.why] : []));
    const without = usd === undefined ? 'no price is known for this region' : 'no spot price is known for this region';
    return [`${resource}: ${what}: ${reasons[0] ?? without}`];
  });
}
