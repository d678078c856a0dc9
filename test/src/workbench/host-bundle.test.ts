import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { digestOf, HostBundle } from '../../../src/workbench/host-bundle';
import { scratchFolder } from '../../support/scratch';
import { inStack, PROJECT } from '../../support/synthesis';
import { hostScript } from '../../support/user-data';

const HOST = join(PROJECT, 'host');

/** Runs in a folder the very line that a host runs in the folder that it unpacked. */
function digestOnHost(folder: string): string {
  const line = /cd \/opt\/tablesleuth\/host 2> \/dev\/null && (.+)\n/.exec(hostScript())?.[1];
  if (line === undefined) {
    throw new Error('the user data computes no digest');
  }
  return execFileSync('bash', ['-euo', 'pipefail', '-c', line], { cwd: folder, encoding: 'utf8' }).trim();
}

/** A folder with these files. */
function folderWith(files: Record<string, string>): string {
  const folder = scratchFolder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

describe('the digest', () => {
  test('of the bundle is what a host computes over what it unpacked', () => {
    const shipped = scratchFolder();
    execFileSync('bash', [
      '-c',
      'cp -r "$1/." "$2" && find "$2" -name __pycache__ -prune -exec rm -r {} +',
      '-',
      HOST,
      shipped,
    ]);
    expect(digestOf(HOST)).toBe(digestOnHost(shipped));
  });

  test.each<[string, Record<string, string>]>([
    ['one file', { install: 'echo' }],
    ['nested folders', { 'units/a.service': 'a', 'units/b/c': 'c', install: 'i' }],
    ['names that sort differently by letters and by bytes', { B: '1', 'a-b/c': '2', 'a/c': '3', 'a.c': '4', _: '5' }],
    ['names with spaces and hidden files', { 'a b': '1', '.hidden': '2' }],
    ['an empty file', { empty: '' }],
  ])('of %s is what the shell computes', (_name, files) => {
    const folder = folderWith(files);
    expect(digestOf(folder)).toBe(digestOnHost(folder));
  });

  test.each<[string, Record<string, string>]>([
    ['a changed file', { install: 'echo 2', configure: 'c' }],
    ['a renamed file', { install2: 'echo', configure: 'c' }],
    ['a new file', { install: 'echo', configure: 'c', more: '' }],
    ['a missing file', { install: 'echo' }],
    ['contents that changed places', { install: 'c', configure: 'echo' }],
  ])('is another one with %s', (_name, files) => {
    expect(digestOf(folderWith(files))).not.toBe(digestOf(folderWith({ install: 'echo', configure: 'c' })));
  });

  test('does not depend on what Python left behind on this machine', () => {
    const clean = folderWith({ 'bin/health.py': 'x' });
    const used = folderWith({ 'bin/health.py': 'x', 'bin/__pycache__/health.cpython-311.pyc': 'y' });
    expect(digestOf(used)).toBe(digestOf(clean));
  });
});

test('a host may read this one object of the bucket of assets, and nothing else', () => {
  inStack((stack) => {
    const bundle = new HostBundle(stack, 'Bundle');
    const statement = stack.resolve(bundle.readStatement().toStatementJson()) as Record<string, unknown>;
    expect(statement).toMatchObject({ Sid: 'HostBundle', Effect: 'Allow', Action: 's3:GetObject' });
    const key = /[0-9a-f]{64}\.zip/.exec(JSON.stringify(stack.resolve(bundle.s3Url)))?.[0];
    expect(JSON.stringify(statement.Resource)).toContain(`/${key}`);
    expect(JSON.stringify(statement.Resource)).not.toContain('*');
  });
});
