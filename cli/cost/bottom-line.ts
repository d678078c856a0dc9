import { assume } from './assumptions';
import { synthesizeEnvironment } from './assembly';
import type { CostTable } from './cost-table';
import { datedPrices } from './dated-prices';
import { total } from './estimate';
import { dollars } from './money';
import { regionalCostTable } from './regions';
import { upstreamLines } from './upstream';

const RUNS: Readonly<Record<string, string>> = {
  always: 'always on',
  hours: 'in its hours',
  idleStop: 'until it is idle',
};

/**
 * What an environment would cost on AWS, from the tables that are here: nothing is asked of anybody.
 *
 * @param context settings as `-c` takes them, `environment=dev` among them.
 */
export function environmentTable(context: readonly string[]): CostTable {
  const { settings, templates } = synthesizeEnvironment(context);
  return regionalCostTable({
    name: settings.environment,
    templates,
    bookOf: datedPrices,
    settings,
    assumptions: assume(),
  });
}

/** The same in one line, for those who are about to deploy it. */
export function costBottomLine(context: readonly string[]): string {
  return bottomLine(environmentTable(context));
}

/** The bottom line of a table: what it costs as it is set, what hours would save, and what is not in it. */
export function bottomLine({ name, regions, asSet, totals, unknown }: CostTable): string {
  const inHours = asSet.runs === 'always' ? [totals.hours] : [];
  const upstream = total(upstreamLines(name)) * regions.length;
  const inEach = regions.length > 1 ? ` in ${regions.length} regions` : '';
  const shares = [asSet.usd, ...inHours].map((usd) => `${((usd / upstream) * 100).toFixed(1)} %`).join(' and ');
  return [
    `${name}${inEach} on AWS: ${dollars(asSet.usd)} a month as it is set (${asSet.market}, ${RUNS[asSet.runs] ?? asSet.runs})`,
    ...inHours.map((usd) => `, ${dollars(usd)} in working hours`),
    ...(upstream === 0 ? [] : [`: ${shares} of upstream’s ${name}${inEach}, ${dollars(upstream)}`]),
    ...(unknown.length === 0 ? [] : [`, without ${unknown.length} unknown prices`]),
  ].join('');
}
