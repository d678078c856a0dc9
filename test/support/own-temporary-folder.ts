import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';

// Files of tests run side by side, and some of them look at what programs left in the folder for temporary files. The
// name is short because the path of a unix socket has to be.
const before = process.env['TMPDIR'];
const folder = mkdtempSync(path.join(tmpdir(), 't-'));
process.env['TMPDIR'] = folder;

afterAll(() => {
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
  rmSync(folder, { recursive: true, force: true });
});
