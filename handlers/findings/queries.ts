import { FIGURE_NAMES, FIGURES, type FigureName } from './figures';

/** SQL of ours, with values beside it. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** A table as its latest finding left it. Figures stand in columns of their own, named as in {@link FIGURES}. */
export interface TableRow {
  readonly table_key: string;
  readonly table_id: string;
  readonly table_name: string;
  readonly format: string;
  readonly location: string | null;
  readonly inspected_at: Date;
  readonly status: string;
  readonly high: number;
  readonly medium: number;
  readonly low: number;
}

/** One finding of a table's history. */
export interface HistoryRow extends Pick<TableRow, 'inspected_at' | 'status' | 'high' | 'medium' | 'low'> {
  readonly id: string;
  /** When it was inspected, to the microsecond, as a cursor needs it. */
  readonly place: string;
}

/** A table with a figure, now and then. */
export interface ChangeRow extends TableRow {
  readonly value: number;
  readonly previous: number;
  readonly previous_at: Date;
}

const FIGURE_COLUMNS = FIGURE_NAMES.map((name) => FIGURES[name].column);
const JUDGED = ['inspected_at', 'status', 'high', 'medium', 'low', ...FIGURE_COLUMNS];
const TABLE = ['table_key', 'table_id', 'table_name', 'format', 'location', ...JUDGED];
const OF_LATEST = TABLE.map((column) => `latest.${column}`).join(', ');

const TABLES = `select ${OF_LATEST} from latest
  where (table_name, table_key) > ($1, $2)
  order by table_name, table_key limit $3`;

const SEARCH = `select ${OF_LATEST} from latest
  where (table_name, table_key) > ($1, $2) and lower(table_name) like lower($4)
  order by table_name, table_key limit $3`;

const LATEST_FINDING = `select ${OF_LATEST}, finding.document from latest
  join finding on finding.id = latest.finding_id
  where latest.table_key = $1`;

/** A place to the microsecond: JavaScript's dates have milliseconds, and findings may share one. */
const PLACE = `to_char(inspected_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as place`;

const HISTORY = `select id, ${PLACE}, ${JUDGED.join(', ')} from finding
  where table_key = $1 and (inspected_at, id) < ($2::timestamptz, $3::bigint)
  order by inspected_at desc, id desc limit $4`;

const FIRST_PLACE = ['', ''] as const;
/** Before every finding, as a history goes from the newest to the oldest. */
const NEWEST_PLACE = ['infinity', '9223372036854775807'] as const;

type Place = readonly [string, string];

/** Tables in the order of their names, after a place; those whose name has a text in it, in whatever case. */
export function tables(ask: { readonly after?: Place; readonly limit: number; readonly search?: string }): Statement {
  const [name, key] = ask.after ?? FIRST_PLACE;
  const values = [name, key, ask.limit];
  if (ask.search === undefined) return { text: TABLES, values };
  return { text: SEARCH, values: [...values, `%${literal(ask.search)}%`] };
}

/** A table with the document of its latest finding; no row when there is no such table. */
export function latestFinding(tableKey: string): Statement {
  return { text: LATEST_FINDING, values: [tableKey] };
}

/** Findings of a table, the newest first, before a place. */
export function history(ask: { readonly table: string; readonly after?: Place; readonly limit: number }): Statement {
  const [inspectedAt, id] = ask.after ?? NEWEST_PLACE;
  return { text: HISTORY, values: [ask.table, inspectedAt, id, ask.limit] };
}

/** The tables that are worst by a figure. Those in good order are left out. */
export function worst(ask: { readonly by: FigureName; readonly limit: number }): Statement {
  return { text: WORST[ask.by], values: [ask.limit] };
}

/** The tables whose figure is greater than it was at a time, the most of all first. */
export function changes(ask: { readonly since: string; readonly by: FigureName; readonly limit: number }): Statement {
  return { text: CHANGES[ask.by], values: [ask.since, ask.limit] };
}

/** A statement for each figure, made of our own names alone: what a client says chooses one, and is in none. */
const WORST = forEachFigure(
  ({ column, good }) => `select ${OF_LATEST} from latest
  where ${column} > ${good}
  order by ${column} desc, table_key desc limit $1`,
);

const CHANGES = forEachFigure(
  ({ column }) => `select ${OF_LATEST}, latest.${column} as value, before.${column} as previous,
    before.inspected_at as previous_at
  from latest cross join lateral (
    select ${column}, inspected_at from finding
    where table_key = latest.table_key and inspected_at <= $1::timestamptz
    order by inspected_at desc, id desc limit 1
  ) as before
  where latest.inspected_at > $1::timestamptz and latest.${column} > before.${column}
  order by latest.${column} - before.${column} desc, table_key limit $2`,
);

function forEachFigure(text: (figure: { column: string; good: number }) => string): Record<FigureName, string> {
  return Object.fromEntries(FIGURE_NAMES.map((name) => [name, text(FIGURES[name])])) as Record<FigureName, string>;
}

/** A text that LIKE takes as it is. */
function literal(text: string): string {
  return text.replaceAll(/[\\%_]/g, '\\$&');
}
