import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';

import type { Migration } from './migration';

/** Any number that nothing else in this database locks by. */
const LOCK = 7_239_001;

/**
 * Applies what is not applied yet, in order, and returns those versions. Each step is a transaction of its own; whoever comes
 * meanwhile waits and finds nothing to do. Throws, with nothing applied, when a step that was applied has changed since.
 */
export async function applyMigrations(client: ClientBase, migrations: readonly Migration[]): Promise<number[]> {
  await client.query('select pg_advisory_lock($1)', [LOCK]);
  try {
    return await applyMissing(client, migrations);
  } finally {
    // A connection that broke has unlocked by that, and its error is not the one to tell.
    await client.query('select pg_advisory_unlock($1)', [LOCK]).catch(() => undefined);
  }
}

async function applyMissing(client: ClientBase, migrations: readonly Migration[]): Promise<number[]> {
  await client.query(`create table if not exists schema_migration (
    version integer primary key,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default now()
  )`);
  const { rows } = await client.query<{ version: number; checksum: string }>(
    'select version, checksum from schema_migration',
  );
  const applied = new Map(rows.map(({ version, checksum }) => [version, checksum]));
  requireUnchanged(applied, migrations);
  const missing = migrations.filter(({ version }) => !applied.has(version));
  for (const migration of missing) await apply(client, migration);
  return missing.map(({ version }) => version);
}

function requireUnchanged(applied: ReadonlyMap<number, string>, migrations: readonly Migration[]): void {
  migrations.forEach(({ version, name }, index) => {
    if (version !== index + 1) throw new Error(`migration ${version} (${name}) is at place ${index + 1}`);
  });
  for (const [version, checksum] of applied) {
    const known = migrations[version - 1];
    if (known === undefined) {
      throw new Error(`the database is at migration ${version}, which this release does not know: deploy a newer one`);
    }
    if (checksumOf(known) !== checksum) {
      throw new Error(
        `migration ${version} has changed since it was applied: undo the change, and add another migration`,
      );
    }
  }
}

async function apply(client: ClientBase, migration: Migration): Promise<void> {
  const { version, name, up } = migration;
  await client.query('begin');
  try {
    await client.query(up);
    await client.query('insert into schema_migration (version, name, checksum) values ($1, $2, $3)', [
      version,
      name,
      checksumOf(migration),
    ]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw new Error(`migration ${version} (${name}) failed, and left nothing behind: ${(error as Error).message}`);
  }
}

function checksumOf({ up }: Migration): string {
  return createHash('sha256').update(up).digest('hex');
}
