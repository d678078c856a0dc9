import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildSync } from 'esbuild';
import { Client } from 'pg';
import { type Postgres, startPostgres } from '../emulator/postgres/postgres';
import { answer } from '../handlers/findings-api/api';
import { Database } from '../handlers/findings/database';
import { FIGURE_NAMES, FIGURES } from '../handlers/findings/figures';
import { MIGRATIONS } from '../handlers/findings/migrations';
import { applyMigrations } from '../handlers/findings/migrations/apply';
import { worst } from '../handlers/findings/queries';
import { type Figure, median } from './figure';

// The bundle that is measured is that of the sources.
createRequire(__filename)('../scripts/bundle-handlers.cjs');

const PROJECT = path.dirname(__dirname);
const BUNDLE = path.join(PROJECT, 'assets', 'findings-api', 'index.js');
const TABLES = 20_000;
const ROUNDS = 7;
const REQUESTS = 400;
const LIMIT = 20;
const EVENT = {
  httpMethod: 'GET',
  path: '/worst',
  multiValueQueryStringParameters: { by: ['reclaimableBytes'], limit: [`${LIMIT}`] },
  requestContext: { requestId: 'bench', identity: { userArn: 'arn:aws:iam::111122223333:user/bench' } },
};

type Handler = () => Promise<unknown>;

/**
 * The findings API against a handler that runs the same SQL on the same connection and writes the rows as JSON: requests a
 * second, and the slowest one in a hundred. Then its bundle, and the time to load it against the driver alone.
 */
export async function measureFindingsApi(): Promise<Figure[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tablesleuth-bench-'));
  const postgres = await startPostgres({ folder });
  try {
    return [...(await measureRequests(postgres)), bundleSize(), moduleLoad(folder)];
  } finally {
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureRequests({ socketFolder: host, port, superuser: { user } }: Postgres): Promise<Figure[]> {
  const client = new Client({ host, port, user, database: 'postgres' });
  await client.connect();
  await fill(client);
  const database = new Database(() => Promise.resolve(client));
  // One line a request, as in Lambda, where it goes to a file of the runtime.
  const log = (line: object): void => void JSON.stringify(line);
  const api: Handler = () => answer(EVENT, { database, log, now: performance.now.bind(performance), page: () => '' });
  const { text, values } = worst({ by: 'reclaimableBytes', limit: LIMIT });
  const bare: Handler = async () => ({
    statusCode: 200,
    body: JSON.stringify((await client.query(text, [...values])).rows),
  });
  const times = { api: [] as number[][], bare: [] as number[][] };
  for (const handler of [api, bare]) await round(handler);
  for (let pair = 0; pair < ROUNDS; pair++) {
    times.api.push(await round(api));
    times.bare.push(await round(bare));
  }
  await client.end();
  return [
    {
      name: 'findings API: time of a request',
      value: median(times.api.map(mean)),
      unit: 'ms',
      peer: { name: 'bare handler with the same SQL', value: median(times.bare.map(mean)) },
      // The same as 70 % of its requests a second.
      mostRatio: 1.42,
    },
    {
      name: 'findings API: 99th percentile of a request',
      value: median(times.api.map(slowest)),
      unit: 'ms',
      peer: { name: 'bare handler with the same SQL', value: median(times.bare.map(slowest)) },
      mostRatio: 3,
    },
  ];
}

/** A table of each amount of waste, so that the worst ones are not at the beginning. */
async function fill(client: Client): Promise<void> {
  await applyMigrations(client, MIGRATIONS);
  const columns = FIGURE_NAMES.map((name) => FIGURES[name].column);
  await client.query(`insert into latest (table_key, table_id, table_name, format, location, finding_id, inspected_at,
      status, high, medium, low, ${columns.join(', ')})
    select md5(number::text), 'glue:sales.' || number, 'sales.' || number, 'iceberg', 's3://lake/sales/' || number, number,
      now(), 'ok', 0, 0, 0, ${columns.map(() => `(number * 7919 % ${TABLES})`).join(', ')}
    from generate_series(1, ${TABLES}) as number`);
  await client.query('vacuum analyze');
}

async function round(handler: Handler): Promise<number[]> {
  const times: number[] = [];
  for (let request = 0; request < REQUESTS; request++) {
    const started = performance.now();
    await handler();
    times.push(performance.now() - started);
  }
  return times;
}

function mean(times: readonly number[]): number {
  return times.reduce((sum, time) => sum + time, 0) / times.length;
}

function slowest(times: readonly number[]): number {
  return [...times].sort((one, other) => one - other)[Math.floor(times.length * 0.99)] ?? NaN;
}

function bundleSize(): Figure {
  return { name: 'findings API: bundle', value: statSync(BUNDLE).size / 1e6, unit: 'MB', most: 1 };
}

function moduleLoad(folder: string): Figure {
  const empty = path.join(folder, 'empty.js');
  const source = "const { Client } = require('pg'); exports.handler = async () => new Client();";
  buildSync({
    ...{ stdin: { contents: source, resolveDir: PROJECT }, bundle: true, platform: 'node', target: 'node24' },
    ...{ external: ['pg-native', 'pg-cloudflare'], logLevel: 'silent', outfile: empty },
  });
  const times = { api: [] as number[], empty: [] as number[] };
  for (let pair = 0; pair < ROUNDS; pair++) {
    times.api.push(loadSeconds(BUNDLE));
    times.empty.push(loadSeconds(empty));
  }
  return {
    name: 'findings API: load of its module',
    value: median(times.api) * 1000,
    unit: 'ms',
    peer: { name: 'empty handler with the same driver', value: median(times.empty) * 1000 },
    mostRatio: 3,
  };
}

/** What requiring a bundle takes in a process of its own, its start left out. */
function loadSeconds(bundle: string): number {
  const script = `const started = performance.now(); require(${JSON.stringify(bundle)}); console.log(performance.now() - started);`;
  const env = { ...process.env, AWS_REGION: 'us-east-2', DB_HOST: 'h', DB_PORT: '1', DB_NAME: 'f', DB_USER: 'u' };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', script], { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${bundle} cannot be loaded:\n${stderr}`);
  return Number(stdout) / 1000;
}
