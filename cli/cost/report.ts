import { bottomLine } from './bottom-line';
import { COLUMNS, type Column, type CostTable } from './cost-table';
import { total } from './estimate';
import { dollars } from './money';
import { type ComparedType, upstreamLines } from './upstream';

const HEADS: Readonly<Record<Column, string>> = {
  onDemand: 'on demand',
  spot: 'spot',
  hours: 'hours',
  idleStop: 'idle stop',
};
const MOST_CHARACTERS = 32;
const LEFT_OUT =
  'Not in it: taxes, traffic to the internet and between zones, requests to your tables, surplus CPU credits, and AWS’s free allowances (of metrics, alarms, logs, dashboards, requests), which an account has once.';

/** Everything that the command tells, as a person reads it. */
export function report(table: CostTable, compared: readonly ComparedType[]): string {
  return [
    `${table.name} in ${table.region}, USD a month. Prices: ${table.prices}.`,
    costLines(table).join('\n'),
    [runs(table), ...table.notes, LEFT_OUT].join('\n'),
    unknowns(table),
    comparison(compared, table.regions[0] ?? table.region),
    sumOfUpstream(table),
    bottomLine(table),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** The table itself, its columns aligned. */
export function costLines({ rows, totals }: CostTable): string[] {
  const cells = rows.map(({ resource, what, usd }) => [
    short(resource),
    what,
    ...COLUMNS.map((column) => dollars(usd[column])),
  ]);
  const sums = ['a month', '', ...COLUMNS.map((column) => dollars(totals[column]))];
  return aligned([['resource', 'what', ...COLUMNS.map((column) => HEADS[column])], ...cells, sums], 2, [
    1,
    cells.length + 1,
  ]);
}

/** Columns of text and then of figures, with rules before some lines. */
export function aligned(lines: ReadonlyArray<readonly string[]>, texts: number, rules: readonly number[]): string[] {
  const widths = (lines[0] ?? []).map((_head, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  const pad = (cell: string, column: number) =>
    column < texts ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return lines.flatMap((cells, index) => {
    const line = cells.map(pad).join('  ').trimEnd();
    return rules.includes(index) ? [rule, line] : [line];
  });
}

/** The end of a path says more than its beginning. */
function short(resource: string): string {
  return resource.length <= MOST_CHARACTERS ? resource : `…${resource.slice(1 - MOST_CHARACTERS)}`;
}

function runs({ runningHours, asSet }: CostTable): string {
  const hours = (column: Column) => `${Math.round(runningHours[column])} hours`;
  return `on demand, spot: always on, ${hours('onDemand')}. hours: ${hours('hours')}, idle stop: ${hours('idleStop')}, with hosts bought as they are set (${asSet.market}).`;
}

function unknowns({ unknown }: CostTable): string {
  return unknown.length === 0 ? '' : ['Unknown prices, in no total:', ...unknown.map((each) => `  ${each}`)].join('\n');
}

function comparison(compared: readonly ComparedType[], region: string): string {
  const heads = ['', 'on demand', 'documented', 'spot', 'documented', 'saving', 'documented'];
  const lines = compared.map(({ instanceType, documented, onDemandMonth, spotMonth, saving }) => [
    instanceType,
    dollars(onDemandMonth),
    `~$${documented.onDemandMonth}`,
    dollars(spotMonth),
    `~$${documented.spotMonth}`,
    saving === null ? 'unknown' : `${saving} %`,
    `${documented.saving} %`,
  ]);
  const title = `Upstream’s comparison, a month of an instance that is always on, in ${region}:`;
  return [title, ...aligned([heads, ...lines], 1, [1])].join('\n');
}

function sumOfUpstream({ name }: CostTable): string {
  const lines = upstreamLines(name);
  if (lines.length === 0) return '';
  const sum = lines.map(({ what, usd }) => `${what} ${dollars(usd ?? null)}`).join(' + ');
  return `Upstream’s ${name}, on demand, always on, in us-east-2: ${sum} = ${dollars(total(lines))}`;
}
