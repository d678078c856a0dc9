import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

import { whyNoPostgres } from '../postgres/binaries';

/**
 * What the emulator needs to know of databases, and `DB_CA_FILE`, which functions and containers find in their environment.
 * Without a PostgreSQL on this computer its clusters are records.
 *
 * @param folder where the data of all clusters lies
 */
export function databaseSettings(folder: string): NodeJS.ProcessEnv {
  if (whyNoPostgres() !== undefined) return {};
  const loader = pathToFileURL(require.resolve('tsx')).href;
  return {
    TABLESLEUTH_DATABASES: folder,
    TABLESLEUTH_DATABASE_COMMAND: JSON.stringify([process.execPath, '--import', loader, join(__dirname, 'main.ts')]),
    DB_CA_FILE: authorityOf(folder),
  };
}

/** The PEM file of what vouches for all databases of an account; there when it has one. */
export function authorityOf(folder: string): string {
  return join(folder, 'certificates', 'authority.pem');
}

/** Waits until the databases of an account whose processes were killed have noticed: they end by themselves. */
export async function databasesEnded(folder: string): Promise<void> {
  const clusters = existsSync(folder) ? readdirSync(folder) : [];
  for (const cluster of clusters) {
    while (isAlive(join(folder, cluster, 'data', 'postmaster.pid'))) await sleep(20);
  }
}

/** By the file in which PostgreSQL says which process it is, and which it removes. */
function isAlive(file: string): boolean {
  try {
    return existsSync(join('/proc', readFileSync(file, 'utf8').split('\n')[0]!));
  } catch {
    return false;
  }
}
