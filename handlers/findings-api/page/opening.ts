import type { TableSummary } from '../answers';

/** How a table is opened in TableSleuth. */
export interface Opening {
  /** At a terminal of a host. */
  readonly command: string;
  /** In the browser, where TableSleuth has no address for a table. */
  readonly clicks: string;
}

const GLUE = /^glue:(.+)$/;
const TABLE_BUCKET = /^arn:[\w-]+:s3tables:/;

/** The way to a table, as its id names it; undefined when nobody knows what it is. */
export function openingOf({
  id,
  format,
  location,
}: Pick<TableSummary, 'id' | 'format' | 'location'>): Opening | undefined {
  const [, glueTable] = GLUE.exec(id) ?? [];
  const place = location ?? id;
  if (format === 'delta') {
    return { command: `tablesleuth delta ${quoted(place)}`, clicks: `Delta, then the path ${place}` };
  }
  if (format === 'parquet') {
    return { command: `tablesleuth parquet ${quoted(place)}`, clicks: `Parquet, then the path ${place}` };
  }
  if (format !== 'iceberg') return undefined;
  if (TABLE_BUCKET.test(id)) {
    return { command: `tablesleuth parquet ${quoted(id)}`, clicks: `Parquet, then the table’s ARN ${id}` };
  }
  if (glueTable === undefined) return undefined;
  return {
    command: `tablesleuth iceberg --catalog glue --table ${quoted(glueTable)}`,
    clicks: `Iceberg, then the catalog glue and its table ${glueTable}`,
  };
}

/** One word of a shell, whatever is in it. */
function quoted(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
