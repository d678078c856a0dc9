import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';

const PROJECT = join(__dirname, '..', '..');
const PACKAGE = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as Record<string, unknown>;

describe('the published package', () => {
  let packed: string[];

  beforeAll(() => {
    const answer = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: PROJECT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [contents] = JSON.parse(answer) as Array<{ files: Array<{ path: string }> }>;
    packed = contents?.files.map(({ path }) => path) ?? [];
  }, 60_000);

  test('depends on nothing at run time but its peers', () => {
    expect(PACKAGE.dependencies).toBeUndefined();
    expect(PACKAGE.optionalDependencies).toBeUndefined();
    expect(PACKAGE.bundledDependencies ?? PACKAGE.bundleDependencies).toBeUndefined();
    expect(PACKAGE.peerDependencies).toEqual({ 'aws-cdk-lib': '^2.263.0', constructs: '^10.5.0' });
  });

  test('brings what a host installs', () => {
    expect(packed).toEqual(expect.arrayContaining(['host/install', 'host/configure', 'host/requirements.txt']));
  });

  test('brings what the image of the sweep is built from, and no more of it', () => {
    const ofSweep = packed.filter((path) => path.startsWith('sweep/') && !path.endsWith('.py'));
    expect(ofSweep.sort()).toEqual(
      ['.dockerignore', 'Dockerfile', 'requirements.txt', 'tablesleuth.txt'].map((name) => `sweep/${name}`),
    );
    expect(packed).toContain('sweep/tablesleuth_sweep/__main__.py');
  });

  test('brings the functions, bundled, the Dockerfile of what runs in a container, and the page of the API', () => {
    const programs = readdirSync(join(PROJECT, 'handlers'), { recursive: true, encoding: 'utf8' })
      .filter((path) => /^[\w-]+\/(index\.ts|Dockerfile|page\/page\.html)$/.test(path))
      .map((path) => `assets/${path.replace(/ts$/, 'js').replace('/page/', '/')}`);
    expect(packed.filter((path) => path.startsWith('assets/'))).toEqual(programs.sort());
  });

  test('is the library, the host, the sweep, the functions and nothing else', () => {
    const beside = packed.filter((path) => !/^(lib|host|sweep|assets)\//.test(path)).filter((path) => path !== '.jsii');
    expect(beside.sort()).toEqual(['LICENSE', 'README.md', 'package.json']);
    expect(PACKAGE.files).toEqual(expect.arrayContaining(['lib', 'host', 'assets', '.jsii']));
    expect(packed.filter((path) => /\.tsbuildinfo$|__pycache__|\.test\./.test(path))).toEqual([]);
  });
});
