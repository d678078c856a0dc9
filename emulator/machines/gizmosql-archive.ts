import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { REPOSITORY } from '../machine/cache';
import { must } from '../machine/process';

/** A release archive of GizmoSQL's, with the checksum that a host has to be told. */
export interface GizmoSqlArchive {
  readonly content: Buffer;
  /** 64 hexadecimal digits; the same as long as the stand-in's files are. */
  readonly sha256: string;
}

const FILES = ['gizmosql_server', 'flight_sql.py'] as const;
const BEGINNING = new Date('2020-01-01T00:00:00Z');

/** Packs the stand-in for GizmoSQL as GizmoSQL packs its releases: server and the rest side by side, in a zip. */
export async function gizmoSqlArchive(): Promise<GizmoSqlArchive> {
  const folder = mkdtempSync(join(tmpdir(), 'tablesleuth-gizmosql-'));
  try {
    for (const name of FILES) {
      copyFileSync(join(REPOSITORY, 'emulator/gizmosql', name), join(folder, name));
      chmodSync(join(folder, name), 0o755);
      utimesSync(join(folder, name), BEGINNING, BEGINNING);
    }
    const zip = join(folder, 'gizmosql.zip');
    await must([
      'env',
      'TZ=UTC',
      'zip',
      '--quiet',
      '-X',
      '--junk-paths',
      zip,
      ...FILES.map((name) => join(folder, name)),
    ]);
    const content = readFileSync(zip);
    return { content, sha256: createHash('sha256').update(content).digest('hex') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
