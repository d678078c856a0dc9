import type { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { FIGURE_NAMES, FIGURES } from '../../handlers/findings/figures';
import { MIGRATIONS, type Migration } from '../../handlers/findings/migrations';
import { applyMigrations } from '../../handlers/findings/migrations/apply';
import { FindingsDatabase } from '../support/findings-database';
import { scratchFolder } from '../support/scratch';

const ALL = MIGRATIONS.map(({ version }) => version);
const TABLES = `select table_name from information_schema.tables where table_schema = 'public' order by table_name`;

let database: FindingsDatabase;
let owner: Client;

beforeAll(async () => {
  database = await FindingsDatabase.start(scratchFolder());
});
afterAll(() => database.stop());

describe('migrations', () => {
  beforeEach(async () => {
    owner = await database.client('findings_owner');
  });
  afterEach(async () => {
    await owner.end();
    await database.ask('drop schema public cascade');
    await database.ask('create schema public authorization findings_owner');
  });

  test('are applied once, in order', async () => {
    expect(await applyMigrations(owner, MIGRATIONS)).toEqual(ALL);
    expect(await applyMigrations(owner, MIGRATIONS)).toEqual([]);
  });

  test('are applied once by two deployments that come at the same time', async () => {
    const other = await database.client('findings_owner');
    const done = await Promise.all([owner, other].map((client) => applyMigrations(client, MIGRATIONS)));
    await other.end();
    expect(done.flat()).toEqual(ALL);
  });

  test('leave nothing behind where they fail, and go on there when they are right', async () => {
    const half = migration(2, 'create table half (id integer); select nothing from nowhere;');
    await expect(applyMigrations(owner, [migration(1, 'create table whole (id integer)'), half])).rejects.toThrow(
      'migration 2 (step 2) failed, and left nothing behind: relation "nowhere" does not exist',
    );
    expect(await database.ask(TABLES)).toEqual([{ table_name: 'schema_migration' }, { table_name: 'whole' }]);
    const right = migration(2, 'create table half (id integer)');
    expect(await applyMigrations(owner, [migration(1, 'create table whole (id integer)'), right])).toEqual([2]);
  });

  test('fail when one has changed since it was applied', async () => {
    await applyMigrations(owner, [migration(1, 'create table one (id integer)')]);
    const changed = [migration(1, 'create table one (id bigint)'), migration(2, 'create table two (id integer)')];
    await expect(applyMigrations(owner, changed)).rejects.toThrow('migration 1 has changed since it was applied');
    expect(await database.ask(TABLES)).toEqual([{ table_name: 'one' }, { table_name: 'schema_migration' }]);
  });

  test('fail when the database is ahead of the release', async () => {
    await applyMigrations(owner, [migration(1, 'select 1'), migration(2, 'select 2')]);
    await expect(applyMigrations(owner, [migration(1, 'select 1')])).rejects.toThrow('is at migration 2, which this');
  });

  test('fail when their numbers have a gap', async () => {
    await expect(applyMigrations(owner, [migration(2, 'select 2')])).rejects.toThrow(
      'migration 2 (step 2) is at place 1',
    );
  });

  test('have a way back that leaves nothing, and from there forth again', async () => {
    await applyMigrations(owner, MIGRATIONS);
    for (const { down } of [...MIGRATIONS].reverse()) await owner.query(down);
    expect(await database.ask(TABLES)).toEqual([{ table_name: 'schema_migration' }]);
    await owner.query('delete from schema_migration');
    expect(await applyMigrations(owner, MIGRATIONS)).toEqual(ALL);
  });

  test('make a column of each figure in both tables, and an index of what is not in good order', async () => {
    await applyMigrations(owner, MIGRATIONS);
    const columns = await database.ask<{ place: string }>(
      `select table_name || '.' || column_name as place from information_schema.columns where table_schema = 'public'`,
    );
    const places = columns.map(({ place }) => place);
    const indexes = (await database.ask<{ indexdef: string }>('select indexdef from pg_indexes')).map(
      ({ indexdef }) => indexdef,
    );
    for (const name of FIGURE_NAMES) {
      const { column, good } = FIGURES[name];
      expect(places).toEqual(expect.arrayContaining([`finding.${column}`, `latest.${column}`]));
      expect(indexes.join('\n')).toMatch(
        new RegExp(`ON public.latest USING btree \\(${column}, table_key\\) WHERE \\(${column} > \\(${good}\\)`),
      );
    }
  });
});

function migration(version: number, up: string): Migration {
  return { version, name: `step ${version}`, up, down: '' };
}
