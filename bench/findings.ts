import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { type Postgres, startPostgres } from '../emulator/postgres/postgres';
import { answer } from '../handlers/findings-api/api';
import { type Message, type WorkerPorts, work } from '../handlers/findings-ingest/worker';
import { Database } from '../handlers/findings/database';
import { FIGURE_NAMES, FIGURES } from '../handlers/findings/figures';
import type { Finding } from '../handlers/findings/finding';
import { record } from '../handlers/findings/ingestion';
import { MIGRATIONS } from '../handlers/findings/migrations';
import { applyMigrations } from '../handlers/findings/migrations/apply';
import { worst } from '../handlers/findings/queries';
import { bytesOf, findingOf } from '../test/support/findings';
import { type Figure, median } from './figure';

/** What a worker takes at once. */
const BATCH = 500;
const BUCKET = 'bench';
const TABLES = 5_000;
const WEEKS = 7;
const MILLION = 1_000_000;
const LIMIT = 100;
const REQUESTS = 200;

/** What takes findings in against COPY of the same rows, and the worst hundred of a million tables. */
export async function measureFindings(): Promise<Figure[]> {
  return [await withDatabase(measureIngestion), ...(await withDatabase(measureWorst))];
}

async function withDatabase<T>(
  measure: (client: Client, folder: string, postgres: Postgres) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tablesleuth-bench-'));
  const postgres = await startPostgres({ folder });
  const client = await connected(postgres);
  try {
    await applyMigrations(client, MIGRATIONS);
    return await measure(client, folder, postgres);
  } finally {
    await client.end();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function connected({ socketFolder: host, port, superuser: { user } }: Postgres): Promise<Client> {
  const client = new Client({ host, port, user, database: 'postgres' });
  await client.connect();
  return client;
}

/**
 * From the bytes of documents to committed rows, by a worker, each week a finding of each table. Then the same rows
 * by COPY from files of the server's own, into tables with the same indexes: both tables, committed as often.
 */
async function measureIngestion(client: Client, folder: string, postgres: Postgres): Promise<Figure> {
  const lanes = [1, 2].map(() => new Database(() => connected(postgres)));
  const files = path.join(folder, 'data');
  for (const name of ['finding', 'latest'])
    await client.query(`create table copied_${name} (like ${name} including all)`);
  const times = { ingest: [] as number[], copy: [] as number[] };
  for (let week = 0; week < WEEKS; week++) {
    const documents = Array.from({ length: TABLES }, (_, table) => documentOf(table, week));
    times.ingest.push(await milliseconds(() => takeIn(documents, lanes)));
    const copies = await written(client, files);
    await client.query('truncate copied_latest');
    times.copy.push(
      await milliseconds(async () => {
        for (const copy of copies) await client.query(`begin; ${copy}; commit`);
      }),
    );
  }
  for (const lane of lanes) await lane.close();
  return {
    name: `findings: ${TABLES} documents taken in`,
    value: median(times.ingest),
    unit: 'ms',
    peer: { name: 'COPY of the same rows', value: median(times.copy) },
    // The same as half of its rows a second.
    mostRatio: 2,
  };
}

/** As a worker does that finds all of them in its queue; only the queue and the bucket are not there, and take no time. */
async function takeIn(documents: readonly Uint8Array[], lanes: readonly Database[]): Promise<void> {
  const nothing = () => Promise.resolve();
  const ended = new AbortController();
  let [received, removed] = [0, 0];
  const receive = async (): Promise<Message[]> => {
    // A queue is never asked and answered in one go.
    await new Promise(setImmediate);
    const some = documents.slice(received, received + BATCH).map((_, index) => messageOf(received + index));
    received += some.length;
    return some;
  };
  const remove = (messages: readonly Message[]): Promise<void> => {
    removed += messages.length;
    if (removed === documents.length) ended.abort();
    return Promise.resolve();
  };
  const ports: Omit<WorkerPorts, 'record'> = {
    ...{ bucket: BUCKET, arrivals: { receive, remove, keep: nothing, giveBack: nothing }, pause: nothing },
    read: ({ key }) => Promise.resolve(documents[Number(key)]!),
    log: (line) => void JSON.stringify(line),
  };
  const lane = (database: Database) => work({ ...ports, record: (arrived) => record(database, arrived) }, ended.signal);
  await Promise.all(lanes.map(lane));
}

function messageOf(document: number): Message {
  const detail = { bucket: { name: BUCKET }, object: { key: `${document}` } };
  const body = JSON.stringify({ source: 'aws.s3', 'detail-type': 'Object Created', detail });
  return { id: `${document}`, body, receipt: '' };
}

/** Has the server write the rows of the newest week to files, a batch in each; gives what reads them. */
async function written(client: Client, folder: string): Promise<string[]> {
  const newest = `(select max(inspected_at) from latest)`;
  const copies: string[] = [];
  for (let first = 0; first < TABLES; first += BATCH) {
    const some = `offset ${first} limit ${BATCH}`;
    const batch = {
      finding: `select * from finding where inspected_at = ${newest} order by id ${some}`,
      latest: `select * from latest order by finding_id ${some}`,
    };
    const each = Object.entries(batch).map(async ([name, rows]) => {
      const file = path.join(folder, `${name}-${first}.copy`);
      await client.query(`copy (${rows}) to '${file}'`);
      return `copy copied_${name} from '${file}'`;
    });
    copies.push((await Promise.all(each)).join('; '));
  }
  return copies;
}

function documentOf(table: number, week: number): Uint8Array {
  const inspectedAt = new Date(Date.UTC(2026, 0, 1 + 7 * week, 6)).toISOString();
  const advice: Finding['advice'] = [
    {
      ...{ code: 'small-files', severity: 'high', reason: `${table} of ${2 * table} files are small`, value: table },
      ...{ action: 'Rewrite data files', threshold: 10 },
    },
  ];
  return bytesOf(
    findingOf({ id: `glue:sales.table_${table}`, inspectedAt, waste: { reclaimableBytes: table * week }, advice }),
  );
}

/** Every table has a finding, and none is in good order by the figure that is asked for: the index is as large as it gets. */
async function measureWorst(client: Client): Promise<Figure[]> {
  process.stderr.write('  a million findings are written first: a minute or two\n');
  await fill(client);
  await requireIndex(client);
  const database = new Database(() => Promise.resolve(client));
  const ports = { database, log: () => undefined, now: performance.now.bind(performance), page: () => '' };
  const event = {
    ...{ httpMethod: 'GET', path: '/worst', requestContext: { requestId: 'bench', identity: { userArn: 'arn' } } },
    multiValueQueryStringParameters: { by: ['reclaimableBytes'], limit: [`${LIMIT}`] },
  };
  const { text, values } = worst({ by: 'reclaimableBytes', limit: LIMIT });
  const times = { query: [] as number[], request: [] as number[] };
  for (let request = 0; request < REQUESTS; request++) {
    times.query.push(await milliseconds(() => client.query(text, [...values])));
    times.request.push(await milliseconds(() => answer(event, ports)));
  }
  const figure = (what: string, all: number[]): Figure => ({
    ...{ name: `findings: the worst ${LIMIT} of a million, ${what}`, value: slowest(all), unit: 'ms', most: 50 },
  });
  return [figure('99th percentile of the query', times.query), figure('of the request', times.request)];
}

async function fill(client: Client): Promise<void> {
  const columns = FIGURE_NAMES.map((name) => FIGURES[name].column);
  // Neither sorted nor the same twice; the other figures are bad in one table of twenty.
  const all = FIGURE_NAMES.map((name) =>
    name === 'reclaimableBytes'
      ? `1 + number::bigint * 7919 % ${MILLION}`
      : `${FIGURES[name].good} + case when number % 20 = 0 then number::bigint * 104729 % ${MILLION} else 0 end`,
  );
  await client.query(`insert into finding (content_key, table_key, inspected_at, status, high, medium, low, document,
      ${columns.join(', ')})
    select number::text, md5(number::text), timestamptz '2026-11-01', 'ok', 0, 0, 0, '{}', ${all.join(', ')}
    from generate_series(1, ${MILLION}) as number`);
  await client.query(`insert into latest (table_key, table_id, table_name, format, location, finding_id, inspected_at, status,
      high, medium, low, ${columns.join(', ')})
    select table_key, 'glue:sales.' || content_key, 'sales.' || content_key, 'iceberg', 's3://lake/sales/' || content_key, id,
      inspected_at, status, high, medium, low, ${columns.join(', ')}
    from finding`);
  await client.query('vacuum analyze');
}

async function requireIndex(client: Client): Promise<void> {
  const { text, values } = worst({ by: 'reclaimableBytes', limit: LIMIT });
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain ${text}`, [...values]);
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  if (!/Index Scan Backward using latest_reclaimable_bytes/.test(plan) || /Sort|Seq Scan/.test(plan)) {
    throw new Error(`the worst are not read from their index:\n${plan}`);
  }
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function slowest(times: readonly number[]): number {
  return [...times].sort((one, other) => one - other)[Math.floor(times.length * 0.99)] ?? NaN;
}
