import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { connect } from '../../handlers/findings/connection';
import { arrivedIn, record } from '../../handlers/findings/ingestion';
import { bytesOf, findingOf } from '../support/findings';
import { FindingsDatabase, type User } from '../support/findings-database';
import { scratchFolder } from '../support/scratch';

const READ = ['select from finding', 'select from latest'];
const SEE_WHO_COMES = ['select from schema_migration'];
const DESTROY = [
  'delete from finding',
  'update finding set status = status',
  'truncate latest',
  'drop table finding',
  'create table other (id integer)',
  'create schema other',
  'create temporary table other (id integer)',
  'create role other',
];
const RECORD = [`insert into finding (content_key) values ('x')`, `update latest set status = status`];
const NOTE = ['insert into notification (topic) values (null)', 'update told set finding_id = finding_id'];

const DENIED = /permission denied|must be owner|read-only transaction/;

let database: FindingsDatabase;

beforeAll(async () => {
  database = await FindingsDatabase.migrated(scratchFolder());
});
afterAll(() => database.stop());

/** Whether a user may: a row that lacks something is refused after the rights are. */
async function may(user: User, statement: string): Promise<boolean> {
  const client = await database.client(user);
  try {
    await client.query(statement);
    return true;
  } catch (error) {
    const { message } = error as Error;
    if (DENIED.test(message)) return false;
    if (message.includes('null value in column')) return true;
    throw error;
  } finally {
    await client.end();
  }
}

describe.each<[User, { may: string[]; mayNot: string[] }]>([
  [
    'findings_api',
    { may: READ, mayNot: [...RECORD, ...NOTE, 'select from notification', ...SEE_WHO_COMES, ...DESTROY] },
  ],
  ['findings_ingest', { may: [...READ, ...RECORD], mayNot: [...NOTE, ...SEE_WHO_COMES, ...DESTROY] }],
  ['findings_notifications', { may: [...READ, ...NOTE], mayNot: [...RECORD, ...SEE_WHO_COMES, ...DESTROY] }],
])('the user %s', (user, rights) => {
  test('may do what its program does', async () => {
    for (const statement of rights.may) expect([statement, await may(user, statement)]).toEqual([statement, true]);
  });

  test('may do nothing else', async () => {
    for (const statement of rights.mayNot) expect([statement, await may(user, statement)]).toEqual([statement, false]);
  });

  test('is let in by IAM, and leaves when it does nothing', async () => {
    const client = await database.client(user);
    const { rows } = await client.query('show idle_session_timeout');
    await client.end();
    expect(rows).toEqual([{ idle_session_timeout: '5min' }]);
    expect(
      await database.ask(`select from pg_auth_members where member = $1::regrole and roleid = 'rds_iam'::regrole`, [
        user,
      ]),
    ).toHaveLength(1);
  });
});

describe('users', () => {
  test('lose a right that they do not need any more with the next migration', async () => {
    await database.ask('grant delete on finding to findings_api');
    await database.migrate();
    await expect(may('findings_api', 'delete from finding')).resolves.toBe(false);
  });

  test('are the only ones who may connect, but the owner', async () => {
    await database.ask('create role stranger login in role rds_iam');
    const place = { ...database.place('findings_api'), user: 'stranger' };
    await expect(connect(place, '')).rejects.toThrow('permission denied for database "findings"');
  });
});

describe('a connection', () => {
  test('fails without a certificate of the authority, and under another name', async () => {
    const place = database.place('findings_api');
    await expect(connect({ ...place, authorityFile: undefined }, '')).rejects.toThrow('certificate');
    await expect(connect({ ...place, host: '127.0.0.1' }, '')).rejects.toThrow("does not match certificate's altnames");
  });

  test('that was ended while nobody asked is made anew', async () => {
    const api = database.as('findings_api');
    const pid = async () => (await api.query<{ pid: number }>('select pg_backend_pid() as pid'))[0]!.pid;
    const before = await pid();
    await database.ask('select pg_terminate_backend($1)', [before]);
    expect(await pid()).not.toBe(before);
    await api.close();
  });
});

describe('recording', () => {
  beforeEach(() => database.ask('truncate finding, latest'));
  const arrived = Array.from({ length: 200 }, (_, number) =>
    arrivedIn(bytesOf(findingOf({ id: `glue:t.${number % 40}`, inspectedAt: `2026-11-01T00:00:00.${100 + number}Z` }))),
  );

  test('by several at once, of the same findings in any order, records each once and none waits for ever', async () => {
    const workers = Array.from({ length: 4 }, () => database.as('findings_ingest'));
    const orders = [arrived, [...arrived].reverse(), arrived.slice(50), [...arrived.slice(100), ...arrived]];
    const counts = await Promise.all(workers.map((worker, index) => record(worker, orders[index]!)));
    await Promise.all(workers.map((worker) => worker.close()));
    expect(counts.reduce((sum, count) => sum + count)).toBe(200);
    const newest = await database.ask<{ at: Date }>(
      `select inspected_at as at from latest order by table_name collate "C"`,
    );
    expect(newest.map(({ at }) => at.getMilliseconds()).sort()).toEqual(
      Array.from({ length: 40 }, (_, of) => 260 + of),
    );
  });
});
