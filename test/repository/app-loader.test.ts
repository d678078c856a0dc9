import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const LOADER = join(__dirname, '..', '..', 'app', 'typescript.cjs');

describe('TypeScript that the app’s loader compiles', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tablesleuth-loader-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = (source: string) => {
    const file = join(folder, 'program.ts');
    writeFileSync(file, source);
    return spawnSync(process.execPath, ['--require', LOADER, file], { encoding: 'utf8' });
  };

  test('fails with the line of the source, not of what it was compiled to', () => {
    const { status, stderr } = run(`interface Gone {\n  readonly a: number;\n}\n\nthrow new Error('here');\n`);
    expect(status).toBe(1);
    expect(stderr).toContain('program.ts:5');
  });

  test('is compiled anew when it has changed', () => {
    expect(run(`console.log('changed' satisfies string);`).stdout).toBe('changed\n');
  });
});
