import type { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';

import { Database, DatabaseAway } from '../../handlers/findings/database';
import { FindingsDatabase } from '../support/findings-database';
import { scratchFolder } from '../support/scratch';

let postgres: FindingsDatabase;
let database: Database;
let clients: Client[];
let asked: string[];

beforeAll(async () => {
  postgres = await FindingsDatabase.migrated(scratchFolder());
});
afterAll(() => postgres?.stop());

beforeEach(() => {
  [clients, asked] = [[], []];
  database = new Database(async () => {
    const client = await postgres.client('findings_ingest');
    clients.push(client);
    const query = client.query.bind(client) as (...given: unknown[]) => unknown;
    vi.spyOn(client, 'query').mockImplementation((...given: unknown[]) => {
      asked.push(given[0] as string);
      return query(...given);
    });
    return client;
  });
});
afterEach(() => database.close());

const SESSION = 'select pg_backend_pid() as id';

async function session(): Promise<number> {
  const [row] = await database.query<{ id: number }>(SESSION);
  return row!.id;
}

describe('a statement', () => {
  test('that took too long is not asked again, and its connection is kept', async () => {
    const before = await session();
    await database.query(`set statement_timeout = '200ms'`);
    const slow = 'select pg_sleep(30)';
    await expect(database.query(slow)).rejects.toThrow(DatabaseAway);
    expect(asked.filter((text) => text === slow)).toHaveLength(1);
    expect(await session()).toBe(before);
  });

  test('that somebody cancelled is not asked again', async () => {
    const id = await session();
    const slow = 'select pg_sleep(29)';
    const refused = expect(database.query(slow)).rejects.toThrow(DatabaseAway);
    const isRunning = `select from pg_stat_activity where pid = $1 and state = 'active' and query = $2`;
    await expect.poll(() => postgres.ask(isRunning, [id, slow])).toHaveLength(1);
    await postgres.ask('select pg_cancel_backend($1)', [id]);
    await refused;
    expect(asked.filter((text) => text === slow)).toHaveLength(1);
  });

  test.each([
    ['whose connection was ended', (id: number) => postgres.ask('select pg_terminate_backend($1)', [id])],
    [
      'after a restart of the database',
      async () => {
        await postgres.kill();
        await postgres.startAgain();
      },
    ],
  ])('%s is asked again, once, on a new one', async (_, end) => {
    const before = await session();
    await end(before);
    expect(await session()).not.toBe(before);
    expect(clients).toHaveLength(2);
  });

  test('that is wrong is not asked again, and its connection is kept', async () => {
    const before = await session();
    await expect(database.query('select nonsense')).rejects.toThrow('does not exist');
    expect(asked.filter((text) => text === 'select nonsense')).toHaveLength(1);
    expect(await session()).toBe(before);
  });

  test('that nobody ever answered is told as such, and is not asked again', async () => {
    let attempts = 0;
    const away = new Database(() => {
      attempts++;
      return Promise.reject(new Error('connect ECONNREFUSED'));
    });
    await expect(away.query('select')).rejects.toThrow(DatabaseAway);
    expect(attempts).toBe(1);
  });
});
