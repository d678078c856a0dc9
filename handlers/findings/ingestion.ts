import { createHash } from 'node:crypto';

import type { Queries } from './database';
import { figureOf, FIGURE_NAMES, FIGURES } from './figures';
import { type Finding, finding } from './finding';

/** A finding document, and what tells it from all others. */
export interface Arrived {
  readonly contentKey: string;
  readonly finding: Finding;
}

type Column = readonly [name: string, type: string, value: (arrived: Arrived) => unknown];

const FIGURE_COLUMNS = FIGURE_NAMES.map((name) => FIGURES[name].column);
const SEVERITIES = ['high', 'medium', 'low'] as const;
/** In both tables. */
const SHARED = ['table_key', 'inspected_at', 'status', ...SEVERITIES, ...FIGURE_COLUMNS];
const OF_FINDING = [...SHARED, 'content_key', 'document'];
const OF_LATEST = [...SHARED, 'table_id', 'table_name', 'format', 'location'];

const COLUMNS: readonly Column[] = [
  ['content_key', 'text', ({ contentKey }) => contentKey],
  ['table_key', 'text', ({ finding: { table } }) => tableKey(table.id)],
  ['table_id', 'text', ({ finding: { table } }) => table.id],
  ['table_name', 'text', ({ finding: { table } }) => table.name],
  ['format', 'text', ({ finding: { table } }) => table.format],
  ['location', 'text', ({ finding: { table } }) => table.location],
  ['inspected_at', 'timestamptz', ({ finding: { inspectedAt } }) => inspectedAt],
  ['status', 'text', ({ finding: { status } }) => status],
  ...SEVERITIES.map((severity): Column => [
    severity,
    'integer',
    ({ finding: { advice } }) => advice.filter((one) => one.severity === severity).length,
  ]),
  ...FIGURE_NAMES.map((name): Column => [
    FIGURES[name].column,
    'double precision',
    ({ finding }) => figureOf(name, finding),
  ]),
];

/**
 * Everything in one statement, so that it is there as a whole or not at all. Both parts go in the order of their keys:
 * workers that bring the same findings wait for each other, and never in a circle.
 */
const RECORD = `with arrived as (
    select * from rows from (
      unnest(${COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ')}),
      jsonb_array_elements($${COLUMNS.length + 1}::jsonb)
    ) as arrived (${COLUMNS.map(([name]) => name).join(', ')}, document)
  ), fresh as (
    insert into finding (${OF_FINDING.join(', ')})
    select ${OF_FINDING.join(', ')} from arrived order by content_key
    on conflict (content_key) do nothing
    returning id, content_key
  ), newest as (
    select distinct on (table_key) fresh.id as finding_id, ${OF_LATEST.join(', ')}
    from fresh join arrived using (content_key)
    order by table_key, inspected_at desc, fresh.id desc
  ), kept as (
    insert into latest (finding_id, ${OF_LATEST.join(', ')})
    select finding_id, ${OF_LATEST.join(', ')} from newest order by table_key
    on conflict (table_key) do update set ${['finding_id', ...OF_LATEST.slice(1)]
      .map((column) => `${column} = excluded.${column}`)
      .join(', ')}
    where (excluded.inspected_at, excluded.finding_id) > (latest.inspected_at, latest.finding_id)
  )
  select count(*)::integer as recorded from fresh`;

/** The document in an object's bytes. Throws, with what is wrong with it and where, when it is none. */
export function arrivedIn(bytes: Uint8Array): Arrived {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  const parsed = finding.parse(JSON.parse(text));
  return { contentKey: createHash('sha256').update(bytes).digest('hex'), finding: parsed };
}

/** How a table is named in a URL: the same for the same table in every sweep. */
export function tableKey(tableId: string): string {
  return createHash('sha256').update(tableId).digest('hex').slice(0, 32);
}

/** Records what is not recorded yet, and returns how many that were. May be repeated. */
export async function record(queries: Queries, arrived: readonly Arrived[]): Promise<number> {
  // A statement cannot meet its own rows: what is in it twice is in it once.
  const once = [...new Map(arrived.map((one) => [one.contentKey, one])).values()];
  const columns = COLUMNS.map(([, type, value]) => (type === 'text' ? once.map(value) : unquoted(once.map(value))));
  // One text for all documents: in an array of texts each quotation mark in them would be escaped, and read, once more.
  const documents = JSON.stringify(once.map((one) => one.finding));
  const [row] = await queries.query<{ recorded: number }>(RECORD, [...columns, documents]);
  return row!.recorded;
}

/** An array of figures or times as PostgreSQL reads it the soonest: the driver would quote each. */
function unquoted(values: readonly unknown[]): string {
  return `{${values.map((value) => (value === null ? 'NULL' : String(value as number | string))).join(',')}}`;
}
