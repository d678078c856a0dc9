import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const PROJECT = join(__dirname, '..', '..');
const PAGE = readFileSync(join(PROJECT, 'docs', 'seeds.md'), 'utf8');

const FOLDERS = [
  'app',
  'bench',
  'cli',
  'demo',
  'docs',
  'emulator',
  'handlers',
  'host',
  'scripts',
  'src',
  'sweep',
  'test',
];
const ITEMS = [
  ...Array.from({ length: 21 }, (_, item) => `${item}`),
  ...Array.from({ length: 8 }, (_, p) => `P${p + 1}`),
];

/** What stands in code marks on a page. */
function codeOf(page: string): string[] {
  return [...page.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? '');
}

/** The paths of this project that a page names. */
function pathsIn(page: string): string[] {
  const inCode = codeOf(page).flatMap((code) => code.split(/\s+/));
  return inCode.filter((word) => /^[\w./-]+$/.test(word) && FOLDERS.some((folder) => word.startsWith(`${folder}/`)));
}

/** The rows of a page's tables, each with its cells; without heads and rules. */
function rowsOf(page: string): string[][] {
  const lines = page.split('\n').filter((line) => line.startsWith('|') && !line.startsWith('| the seed '));
  return lines
    .filter((line) => !/^\|[\s|-]+\|$/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

describe('docs/seeds.md', () => {
  test('has each item of both seeds, once and in their order', () => {
    const headings = [...PAGE.matchAll(/^## (P?\d+)\. /gm)].map(([, item]) => item);
    expect(headings).toEqual(ITEMS);
  });

  test('names no path that is not there', () => {
    const paths = pathsIn(PAGE);
    expect(paths.length).toBeGreaterThan(60);
    expect(paths.filter((path) => !existsSync(join(PROJECT, path)))).toEqual([]);
  });

  test('names no command that is not there', () => {
    const { scripts } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as { scripts: object };
    const named = codeOf(PAGE).flatMap((code) => /^npm (?:run )?([\w:]+)/.exec(code)?.[1] ?? []);
    expect(new Set(named)).toEqual(new Set(['bench', 'demo', 'test', 'check', 'cost', 'sweep']));
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
  });

  test('shows every line, and says of none that it is not there yet', () => {
    expect(PAGE).not.toMatch(/not yet|in no stack/);
    const silent = rowsOf(PAGE).filter(([, , shownBy = '']) => shownBy === '');
    expect(rowsOf(PAGE).length).toBeGreaterThan(100);
    expect(silent).toEqual([]);
  });

  test('has no line that says nothing of what is here', () => {
    expect(rowsOf(PAGE).filter(([, here = '']) => here === '')).toEqual([]);
  });
});

test('a path that is not there would be found', () => {
  expect(pathsIn('see `src/gone.ts`, `npx vitest run test/gone.test.ts` and `AmazonSSMManagedInstanceCore`')).toEqual([
    'src/gone.ts',
    'test/gone.test.ts',
  ]);
});
