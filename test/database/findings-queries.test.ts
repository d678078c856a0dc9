import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { FIGURE_NAMES, FIGURES } from '../../handlers/findings/figures';
import * as queries from '../../handlers/findings/queries';
import { FindingsDatabase } from '../support/findings-database';
import { scratchFolder } from '../support/scratch';

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly Plan[];
}

const TABLES = 20_000;
const KEY = 'md5(number::text)';
const COLUMNS = FIGURE_NAMES.map((name) => FIGURES[name].column);
/** One table in a hundred is not in good order, each by another amount. */
const VALUES = FIGURE_NAMES.map((name) => `${FIGURES[name].good} + case when number % 100 = 0 then number else 0 end`);

let postgres: FindingsDatabase;

beforeAll(async () => {
  postgres = await FindingsDatabase.migrated(scratchFolder());
  await postgres.ask(`insert into finding (content_key, table_key, inspected_at, status, high, medium, low, document,
      ${COLUMNS.join(', ')})
    select number || '/' || week, ${KEY}, timestamptz '2026-11-01' + week * interval '1 week', 'ok', 0, 0, 0, '{}',
      ${VALUES.join(', ')}
    from generate_series(0, 2) as week, generate_series(1, ${TABLES}) as number`);
  await postgres.ask(`insert into latest (table_key, table_id, table_name, format, finding_id, inspected_at, status,
      high, medium, low, ${COLUMNS.join(', ')})
    select table_key, table_key, 'sales.' || table_key, 'iceberg', id, inspected_at, status, high, medium, low,
      ${COLUMNS.join(', ')}
    from finding where inspected_at > timestamptz '2026-11-14'`);
  // As the database does by itself in time.
  await postgres.ask('vacuum analyze');
});
afterAll(() => postgres?.stop());

/** What PostgreSQL would do for a statement: a part a line. */
async function planOf({ text, values }: queries.Statement): Promise<string[]> {
  type Row = { readonly 'QUERY PLAN': readonly [{ readonly Plan: Plan }] };
  const [row] = await postgres.ask<Row>(`explain (format json) ${text}`, [...values]);
  const parts = (plan: Plan): string[] => [
    [plan['Node Type'], plan['Index Name'] ?? plan['Relation Name']].filter(Boolean).join(' '),
    ...(plan.Plans ?? []).flatMap(parts),
  ];
  return parts(row!['QUERY PLAN'][0].Plan);
}

describe('the database reads', () => {
  test.each(FIGURE_NAMES)('the worst by %s from the end of an index, and sorts nothing', async (by) => {
    expect(await planOf(queries.worst({ by, limit: 100 }))).toEqual([
      'Limit',
      `Index Scan latest_${FIGURES[by].column}`,
    ]);
  });

  test('a page of tables from the index of their names', async () => {
    const after = ['sales.7', 'a'] as const;
    expect(await planOf(queries.tables({ after, limit: 20 }))).toEqual(['Limit', 'Index Scan latest_name']);
  });

  test('names that hold a text from an index of their parts', async () => {
    const plan = await planOf(queries.tables({ limit: 20, search: 'c4ca4238' }));
    expect(plan).toContain('Bitmap Index Scan latest_search');
  });

  test('a history from where its page begins', async () => {
    const after = ['2026-11-09T00:00:00.000000Z', '5'] as const;
    const plan = await planOf(queries.history({ table: 'c4ca4238a0b923820dcc509a6f75849b', after, limit: 20 }));
    expect(plan.join()).toMatch(/Index Scan finding_history/);
    expect(plan.join()).not.toContain('Seq Scan');
  });

  test('a table and its finding by their keys', async () => {
    const plan = await planOf(queries.latestFinding('c4ca4238a0b923820dcc509a6f75849b'));
    expect(plan).toEqual(['Nested Loop', 'Index Scan latest_pkey', 'Index Scan finding_pkey']);
  });

  test('what each table was before from its history, and none of the rest', async () => {
    const plan = await planOf(queries.changes({ since: '2026-11-10T00:00:00Z', by: 'bytes', limit: 20 }));
    expect(plan).toContain('Index Scan finding_history');
    expect(plan.join()).not.toContain('Seq Scan finding');
  });
});
