import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const PROJECT = join(__dirname, '..', '..');
const MADE = ['cdk.out', 'coverage', 'dist', 'lib', 'node_modules'];

function documents(): string[] {
  const inDocs = readdirSync(join(PROJECT, 'docs'), { recursive: true, encoding: 'utf8' });
  return [...readdirSync(PROJECT), ...inDocs.map((name) => join('docs', name))].filter((name) => name.endsWith('.md'));
}

/** The documents and folders that a page links to, by their path from the top of the project. */
function targetsOf(document: string, page: string): string[] {
  const links = [...page.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '');
  const own = links.filter((target) => !/^(https?:|mailto:|#)/.test(target));
  return own.map((target) => join(dirname(document), target.replace(/#.*/, '')));
}

test.each(documents())('%s links to nothing that is not there', (document) => {
  const targets = targetsOf(document, readFileSync(join(PROJECT, document), 'utf8'));
  expect(targets.filter((target) => !existsSync(join(PROJECT, target)))).toEqual([]);
});

test('a link to nothing would be found', () => {
  expect(targetsOf('docs/a.md', '[b](b.md#part) [c](../c) [d](https://d.example)')).toEqual(['docs/b.md', 'c']);
});

test('the architecture says what lives in each folder', () => {
  const page = readFileSync(join(PROJECT, 'docs', 'architecture.md'), 'utf8');
  const described = [...page.matchAll(/^\| \[`(\w+)\/`\]/gm)].map(([, folder]) => folder);
  const folders = readdirSync(PROJECT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !MADE.includes(entry.name))
    .map(({ name }) => name);
  expect(described.sort()).toEqual(folders.sort());
});

test('decisions are numbered without a gap, and begin with their number', () => {
  const names = readdirSync(join(PROJECT, 'docs', 'decisions')).sort();
  names.forEach((name, index) => {
    const page = readFileSync(join(PROJECT, 'docs', 'decisions', name), 'utf8');
    expect(name).toMatch(new RegExp(`^${String(index + 1).padStart(4, '0')}-[a-z-]+\\.md$`));
    expect(page).toMatch(new RegExp(`^# ${index + 1}\\. `));
  });
});
