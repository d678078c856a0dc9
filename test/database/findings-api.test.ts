import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { answer } from '../../handlers/findings-api/api';
import * as answers from '../../handlers/findings-api/answers';
import type { Database } from '../../handlers/findings/database';
import type { Finding } from '../../handlers/findings/finding';
import { record, tableKey } from '../../handlers/findings/ingestion';
import { ports, request } from '../handlers/findings-api/request';
import { failedFindingOf, findingOf } from '../support/findings';
import { FindingsDatabase } from '../support/findings-database';
import { scratchFolder } from '../support/scratch';

const [MONDAY, TUESDAY, WEDNESDAY] = ['2026-11-23T06:00:00Z', '2026-11-24T06:00:00Z', '2026-11-25T06:00:00Z'] as const;

/** What is of interest about a finding; the rest is that of a table in good order. */
interface Known {
  readonly name: string;
  readonly at: string;
  readonly reclaimableBytes?: number;
  readonly smallRatio?: number;
  readonly high?: number;
  /** The table could not be read. */
  readonly hasFailed?: boolean;
}

let postgres: FindingsDatabase;
let database: Database;
let recorded = 0;

async function ask(target: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const { statusCode, body } = await answer(request(target), ports(database));
  return { status: statusCode, body: JSON.parse(body) as Record<string, unknown> };
}

/** What an answer of 200 says. Throws when it is not of its schema. */
async function get<Answer extends { parse(body: unknown): unknown }>(target: string, schema: Answer) {
  const { status, body } = await ask(target);
  expect(status, `${target}: ${JSON.stringify(body)}`).toBe(200);
  return schema.parse(body) as ReturnType<Answer['parse']>;
}

function documentOf({ name, at, reclaimableBytes = 0, smallRatio = 0, high = 0, hasFailed }: Known): Finding {
  const of = { id: `glue:${name}`, inspectedAt: at };
  if (hasFailed) return failedFindingOf(of);
  const one = { code: 'small-files', severity: 'high' as const, reason: 'r', action: 'a', value: 2, threshold: 1 };
  const advice = Array.from({ length: high }, () => one);
  return findingOf({ ...of, waste: { reclaimableBytes }, files: { smallRatio }, advice });
}

/** Records findings as the worker does. */
async function add(...known: readonly Known[]): Promise<void> {
  const worker = postgres.as('findings_ingest');
  await record(
    worker,
    known.map((each) => ({ contentKey: `content-${recorded++}`, finding: documentOf(each) })),
  );
  await worker.close();
}

beforeAll(async () => {
  postgres = await FindingsDatabase.migrated(scratchFolder());
  database = postgres.as('findings_api');
  await add(
    { name: 'sales.orders', at: MONDAY, reclaimableBytes: 100 },
    { name: 'sales.orders', at: TUESDAY, reclaimableBytes: 300, smallRatio: 0.5 },
    { name: 'sales.orders', at: WEDNESDAY, reclaimableBytes: 700, smallRatio: 0.4, high: 2 },
    { name: 'sales.customers', at: MONDAY, reclaimableBytes: 900 },
    { name: 'sales.customers', at: WEDNESDAY, reclaimableBytes: 800 },
    { name: 'Logs.100%_clicks', at: WEDNESDAY, reclaimableBytes: 5 },
    { name: 'hr.people', at: MONDAY, reclaimableBytes: 1 },
    { name: 'hr.people', at: WEDNESDAY, hasFailed: true },
    { name: 'hr.tidy', at: WEDNESDAY },
  );
});
afterAll(async () => {
  await database?.close();
  await postgres?.stop();
});

describe('tables', () => {
  test('are listed by name, as their latest findings have them', async () => {
    const { tables, next } = await get('/tables', answers.tablesAnswer);
    expect(tables.map(({ name }) => name)).toEqual([
      'Logs.100%_clicks',
      'hr.people',
      'hr.tidy',
      'sales.customers',
      'sales.orders',
    ]);
    expect(next).toBeNull();
    expect(tables[4]).toMatchObject({
      ...{ key: tableKey('glue:sales.orders'), id: 'glue:sales.orders', format: 'iceberg', status: 'ok' },
      ...{ location: 's3://lake/glue:sales.orders', inspectedAt: '2026-11-25T06:00:00.000Z' },
      advice: { high: 2, medium: 0, low: 0 },
      figures: { reclaimableBytes: 700, smallRatio: 0.4, orphanBytes: null },
    });
    expect(tables[1]).toMatchObject({ status: 'failed', figures: { reclaimableBytes: null } });
  });

  test.each([
    ['ORDER', ['sales.orders']],
    ['sales.', ['sales.customers', 'sales.orders']],
    ['100%25_c', ['Logs.100%_clicks']],
    ['_', ['Logs.100%_clicks']],
    ['%25', ['Logs.100%_clicks']],
    ['\\', []],
    ["o' or 1=1 --", []],
  ])('with %s in their names are found, whatever else it means', async (name, wanted) => {
    const { tables } = await get(`/tables?name=${name}`, answers.tablesAnswer);
    expect(tables.map((table) => table.name)).toEqual(wanted);
  });
});

describe('a table', () => {
  test('comes with the whole document of its latest finding', async () => {
    const known = { name: 'sales.orders', at: WEDNESDAY, reclaimableBytes: 700, smallRatio: 0.4, high: 2 };
    const { table, finding } = await get(`/tables/${tableKey('glue:sales.orders')}`, answers.tableAnswer);
    expect(finding).toEqual(documentOf(known));
    expect(table.name).toBe('sales.orders');
  });

  test('that could not be read says why', async () => {
    const { finding } = await get(`/tables/${tableKey('glue:hr.people')}`, answers.tableAnswer);
    expect(finding).toMatchObject({ figures: null, failure: { kind: 'access-denied' } });
  });

  test('that is not known is not found, and neither is its history', async () => {
    expect(await ask(`/tables/${tableKey('glue:sales.nothing')}`)).toMatchObject({ status: 404 });
    expect(await ask(`/tables/${tableKey('glue:sales.nothing')}/findings`)).toMatchObject({ status: 404 });
  });

  test('has a history, the newest finding first', async () => {
    const { findings: history, next } = await get(
      `/tables/${tableKey('glue:sales.orders')}/findings`,
      answers.historyAnswer,
    );
    expect(history.map(({ inspectedAt, figures }) => [inspectedAt.slice(8, 10), figures.reclaimableBytes])).toEqual([
      ['25', 700],
      ['24', 300],
      ['23', 100],
    ]);
    expect(next).toBeNull();
  });
});

describe('the worst tables', () => {
  test.each([
    ['', ['sales.customers', 'sales.orders', 'Logs.100%_clicks']],
    ['?limit=1', ['sales.customers']],
    ['?by=smallRatio', ['sales.orders']],
    ['?by=readAmplification', []],
  ])('by %s are those whose figure is greatest; those in good order are left out', async (query, wanted) => {
    const { tables } = await get(`/worst${query}`, answers.worstAnswer);
    expect(tables.map(({ name }) => name)).toEqual(wanted);
  });

  test('can be asked for by each figure, and so can changes', async () => {
    for (const by of answers.worstAnswer.shape.by.options) {
      await get(`/worst?by=${by}`, answers.worstAnswer);
      await get(`/changes?since=${MONDAY}&by=${by}`, answers.changesAnswer);
    }
  });
});

describe('changes', () => {
  test('are tables that got worse since a time, and by how much', async () => {
    const { changes } = await get(`/changes?since=${MONDAY}`, answers.changesAnswer);
    expect(changes).toMatchObject([
      {
        table: { name: 'sales.orders' },
        before: { value: 100, inspectedAt: '2026-11-23T06:00:00.000Z' },
        now: { value: 700, inspectedAt: '2026-11-25T06:00:00.000Z' },
        worseBy: 600,
      },
    ]);
  });

  test('are counted from the last finding up to that time, with its offset', async () => {
    const since = encodeURIComponent('2026-11-24T23:00:00+09:00');
    const { changes } = await get(`/changes?since=${since}`, answers.changesAnswer);
    expect(changes.map(({ table, before, worseBy }) => [table.name, before.value, worseBy])).toEqual([
      ['sales.orders', 300, 400],
    ]);
  });

  test('are none when a figure got better, or nothing was found since', async () => {
    const better = await get(`/changes?since=${TUESDAY}&by=smallRatio`, answers.changesAnswer);
    const nothing = await get(`/changes?since=${WEDNESDAY}`, answers.changesAnswer);
    expect([better.changes, nothing.changes]).toEqual([[], []]);
  });
});

describe('pages', () => {
  const names = Array.from({ length: 25 }, (_, index) => `pages.table-${`${index}`.padStart(2, '0')}`);

  test('lose and double no table while tables are added and inspected between them', async () => {
    await add(...names.map((name) => ({ name, at: MONDAY })));
    const seen: string[] = [];
    for (let cursor: string | null = '', page = 0; cursor !== null; page++) {
      const query: string = `name=pages.&limit=4${cursor === '' ? '' : `&cursor=${cursor}`}`;
      const { tables, next } = await get(`/tables?${query}`, answers.tablesAnswer);
      seen.push(...tables.map(({ name }) => name));
      cursor = next;
      await add(
        { name: `pages.earlier-${page}`, at: TUESDAY },
        { name: `pages.table-99${page}`, at: TUESDAY },
        { name: seen[0]!, at: TUESDAY, reclaimableBytes: page },
      );
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining(names));
  });

  test('of a history lose and double no finding of the same moment, while newer ones come', async () => {
    const name = 'pages.history';
    const moment = '2026-11-24T06:00:00.123';
    const times = Array.from({ length: 9 }, (_, index) => `${moment}${Math.floor(index / 2)}00Z`);
    for (const at of times) await add({ name, at });
    const seen: string[] = [];
    for (let cursor: string | null = '', page = 0; cursor !== null; page++) {
      const query: string = `limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`;
      const { findings: history, next } = await get(
        `/tables/${tableKey(`glue:${name}`)}/findings?${query}`,
        answers.historyAnswer,
      );
      seen.push(...history.map(({ id }) => id));
      cursor = next;
      await add({ name, at: `2026-11-25T0${page}:00:00Z` });
    }
    expect(seen).toHaveLength(9);
    expect(new Set(seen).size).toBe(9);
  });
});

test('a database that was killed is away, and the API is back with it', async () => {
  expect((await ask('/tables')).status).toBe(200);
  await postgres.kill();
  expect(await ask('/tables')).toMatchObject({ status: 503, body: { detail: 'the database is away; try again' } });
  await postgres.startAgain();
  expect((await ask('/tables')).status).toBe(200);
});
