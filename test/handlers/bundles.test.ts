import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scratchFolder } from '../support/scratch';
import { PROJECT } from '../support/synthesis';

const FOLDERS = join(PROJECT, 'handlers');
/** What others share has no program of its own; what runs in a container is no function. */
const HANDLERS = readdirSync(FOLDERS).filter(
  (name) => existsSync(join(FOLDERS, name, 'index.ts')) && !existsSync(join(FOLDERS, name, 'Dockerfile')),
);
const MOST_BYTES = 1_000_000;
/** What a handler may find in its environment; it reads it once, when it is loaded. */
const ENVIRONMENT = {
  AWS_REGION: 'us-east-2',
  DB_HOST: 'localhost',
  DB_PORT: '5432',
  DB_NAME: 'findings',
  DB_USER: 'findings_api',
};

describe.each(HANDLERS)('the bundle of %s', (name) => {
  const bundle = join(PROJECT, 'assets', name, 'index.js');

  test('has a handler', () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['-e', `process.stdout.write(typeof require(${JSON.stringify(bundle)}).handler)`],
      { encoding: 'utf8', env: { ...process.env, ...ENVIRONMENT } },
    );
    expect([status, stdout], stderr).toEqual([0, 'function']);
  });

  test('leaves the AWS SDK to the runtime, and is less than a megabyte', () => {
    expect(readFileSync(bundle, 'utf8')).not.toMatch(/node_modules\/@(aws-sdk|smithy)\//);
    expect(statSync(bundle).size).toBeLessThan(MOST_BYTES);
  });
});

describe('bundling', () => {
  const folder = scratchFolder();
  const source = join(folder, 'handlers', 'greeter', 'index.ts');
  const bundle = join(folder, 'assets', 'greeter', 'index.js');
  mkdirSync(join(folder, 'handlers', 'greeter'), { recursive: true });
  cpSync(join(PROJECT, 'scripts', 'bundle-handlers.cjs'), join(folder, 'scripts', 'bundle-handlers.cjs'));
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  const run = () =>
    spawnSync(process.execPath, ['--require', join(folder, 'scripts', 'bundle-handlers.cjs'), '-e', '0'], {
      encoding: 'utf8',
    });

  test('fails with what is wrong in a source', () => {
    writeFileSync(source, 'export const handler = (;');
    const { status, stderr } = run();
    expect(status).not.toBe(0);
    expect(stderr).toContain('handlers/greeter/index.ts:1');
  });

  test('is done when a source has changed, and at no other time', () => {
    writeFileSync(source, "export const handler = (): string => 'good morning';");
    expect(run()).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(bundle, 'utf8')).toContain('good morning');
    writeFileSync(bundle, 'by hand');
    run();
    expect(readFileSync(bundle, 'utf8')).toBe('by hand');
    writeFileSync(source, "export const handler = (): string => 'good evening';");
    run();
    expect(readFileSync(bundle, 'utf8')).toContain('good evening');
  });
});
