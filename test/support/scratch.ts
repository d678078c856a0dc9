import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SCRATCH = mkdtempSync(join(tmpdir(), 'tablesleuth-test-'));

// Vitest ends its workers by a signal, at which Node emits no exit.
process.once('exit', remove);
process.once('SIGTERM', () => process.exit(0));

function remove(): void {
  rmSync(SCRATCH, { recursive: true, force: true });
}

/** A new empty folder that is gone after the tests. */
export function scratchFolder(): string {
  // A cleaner of old temporary files may have been here since the tests began.
  mkdirSync(SCRATCH, { recursive: true });
  return mkdtempSync(join(SCRATCH, 'folder-'));
}
