import * as z from 'zod';

import { FIGURE_NAMES, FIGURES, type FigureName } from '../findings/figures';
import { finding, FORMATS, STATUSES } from '../findings/finding';
import type { ChangeRow, HistoryRow, TableRow } from '../findings/queries';
import { cursorOf } from './cursor';

const count = z.int().nonnegative();
const moment = z.iso.datetime();

const figures = z
  .strictObject(
    Object.fromEntries(
      FIGURE_NAMES.map((name) => [name, z.number().nullable().meta({ description: FIGURES[name].description })]),
    ) as Record<FigureName, z.ZodNullable<z.ZodNumber>>,
  )
  .meta({
    id: 'Figures',
    description: 'What tables are compared by; the greater one is the worse one, null is unknown',
  });

const judged = {
  inspectedAt: moment,
  status: z.enum(STATUSES),
  advice: z
    .strictObject({ high: count, medium: count, low: count })
    .meta({ description: 'How much advice there is, by its severity' }),
  figures,
};

const table = z
  .strictObject({
    key: z.string().meta({ description: 'Names the table in paths of this API' }),
    id: z.string().meta({ description: 'Names the table in findings' }),
    name: z.string(),
    format: z.enum(FORMATS),
    location: z.string().nullable(),
    ...judged,
  })
  .meta({ id: 'Table', description: 'A table as its latest finding has it' });

const next = z.string().nullable().meta({ description: '`cursor` of the next page; null on the last one' });
const changed = z.strictObject({ value: z.number(), inspectedAt: moment });

export const tablesAnswer = z.strictObject({ tables: z.array(table), next });
export const tableAnswer = z.strictObject({ table, finding });
export const historyAnswer = z.strictObject({
  findings: z.array(z.strictObject({ id: z.string(), ...judged })),
  next,
});
export const worstAnswer = z.strictObject({ by: z.enum(FIGURE_NAMES), tables: z.array(table) });
export const changesAnswer = z.strictObject({
  by: z.enum(FIGURE_NAMES),
  since: moment,
  changes: z.array(z.strictObject({ table, before: changed, now: changed, worseBy: z.number() })),
});

export type TableSummary = z.input<typeof table>;
type Judged = Pick<TableSummary, keyof typeof judged>;
type JudgedRow = Pick<TableRow, 'inspected_at' | 'status' | 'high' | 'medium' | 'low'>;

export function tableOf(row: TableRow): TableSummary {
  return {
    key: row.table_key,
    id: row.table_id,
    name: row.table_name,
    format: row.format as TableSummary['format'],
    location: row.location,
    ...judgedOf(row),
  };
}

export function tablesOf(rows: readonly TableRow[], limit: number): z.input<typeof tablesAnswer> {
  const { page, last } = pageOf(rows, limit);
  return { tables: page.map(tableOf), next: last === undefined ? null : cursorOf([last.table_name, last.table_key]) };
}

export function historyOf(rows: readonly HistoryRow[], limit: number): z.input<typeof historyAnswer> {
  const { page, last } = pageOf(rows, limit);
  return {
    findings: page.map((row) => ({ id: row.id, ...judgedOf(row) })),
    next: last === undefined ? null : cursorOf([last.place, last.id]),
  };
}

export function changeOf(row: ChangeRow): z.input<typeof changesAnswer>['changes'][number] {
  return {
    table: tableOf(row),
    before: { value: row.previous, inspectedAt: row.previous_at.toISOString() },
    now: { value: row.value, inspectedAt: row.inspected_at.toISOString() },
    worseBy: row.value - row.previous,
  };
}

function judgedOf(row: JudgedRow): Judged {
  const { inspected_at, status, high, medium, low } = row;
  return {
    inspectedAt: inspected_at.toISOString(),
    status: status as Judged['status'],
    advice: { high, medium, low },
    figures: figuresOf(row),
  };
}

function figuresOf(row: Readonly<Record<string, unknown>>): Judged['figures'] {
  const values = FIGURE_NAMES.map((name) => [name, row[FIGURES[name].column]]);
  return Object.fromEntries(values) as Judged['figures'];
}

/** One row more than wanted was asked for: it says whether another page follows. */
function pageOf<Row>(rows: readonly Row[], limit: number): { page: readonly Row[]; last: Row | undefined } {
  return rows.length > limit ? { page: rows.slice(0, limit), last: rows[limit - 1] } : { page: rows, last: undefined };
}
