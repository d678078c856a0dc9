import { type Column, COLUMNS, costTable, type CostTable, type CostTableProps } from './cost-table';
import { chargesOf } from './estimate';
import type { PriceBook } from './price-book';
import type { PricedTemplate } from './template';

export interface RegionalCostProps extends Pick<CostTableProps, 'name' | 'settings' | 'assumptions'> {
  readonly templates: readonly PricedTemplate[];
  /** The prices of a region. */
  readonly bookOf: (region: string) => PriceBook;
}

/** The regions that templates are for, in their order. */
export function regionsOf(templates: readonly PricedTemplate[]): string[] {
  return [...new Set(templates.map(({ region }) => region))];
}

/** What templates cost a month, each at the prices of its own region: one table, the sum of all regions. */
export function regionalCostTable({ templates, bookOf, ...rest }: RegionalCostProps): CostTable {
  const tables = regionsOf(templates).map((region) => {
    const ofRegion = templates.filter((template) => template.region === region);
    return costTable({ ...rest, charged: chargesOf(ofRegion, rest.assumptions), book: bookOf(region) });
  });
  const [first, ...others] = tables;
  if (first === undefined) return costTable({ ...rest, charged: [], book: bookOf('us-east-2') });
  return others.length === 0 ? first : sumOf(first, tables);
}

function sumOf(first: CostTable, tables: readonly CostTable[]): CostTable {
  const inRegion = (texts: (table: CostTable) => readonly string[]) =>
    tables.flatMap((table) => texts(table).map((text) => `${table.region}: ${text}`));
  return {
    ...first,
    region: tables.map(({ region }) => region).join(', '),
    prices: [...new Set(tables.map(({ prices }) => prices))].join('; '),
    regions: tables.flatMap(({ regions }) => regions),
    rows: tables.flatMap((table) =>
      table.rows.map((row) => ({ ...row, resource: `${row.resource} (${table.region})` })),
    ),
    totals: Object.fromEntries(
      COLUMNS.map((column) => [column, add(tables.map(({ totals }) => totals[column]))]),
    ) as Record<Column, number>,
    asSet: { ...first.asSet, usd: add(tables.map(({ asSet }) => asSet.usd)) },
    notes: inRegion(({ notes }) => notes),
    unknown: inRegion(({ unknown }) => unknown),
  };
}

function add(figures: readonly number[]): number {
  return figures.reduce((sum, figure) => sum + figure, 0);
}
