import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resolveSettings } from '../../app/settings';
import { editorSchema, pipelineNode, type SchemaNode, settingsKeys } from '../../app/settings/reference';
import { pipelineSettings } from '../support/pipeline';
import { settingsPage } from '../../app/settings/reference-page';

const project = join(__dirname, '../..');
const read = (path: string) => readFileSync(join(project, path), 'utf8');
const ADVICE = 'run: npx tsx scripts/settings-schema.ts';

test('settings.schema.json is what the schema says', () => {
  expect(JSON.parse(read('settings.schema.json')), ADVICE).toEqual(editorSchema());
});

test('docs/settings.md is what the schema says', () => {
  expect(read('docs/settings.md'), ADVICE).toBe(settingsPage());
});

test('every key and every block says what happens', () => {
  const silent: string[] = [];
  const walk = (node: SchemaNode, path: string) => {
    for (const [key, child] of Object.entries(node.properties ?? {})) {
      if (!child.description?.endsWith('.')) silent.push(`${path}${key}`);
      walk(child, `${path}${key}.`);
      if (child.items) walk(child.items, `${path}${key}[].`);
      for (const alternative of child.oneOf ?? child.anyOf ?? []) walk(alternative, `${path}${key}.`);
    }
  };
  walk(editorSchema() as SchemaNode, '');
  walk((editorSchema() as { definitions: { pipeline: SchemaNode } }).definitions.pipeline, 'pipeline.');
  expect(silent).toEqual([]);
});

test('every key that may be left out says what its default is', () => {
  const required = settingsKeys().filter(({ node }) => node.default === undefined && node.defaultText === undefined);
  expect(required.map(({ key }) => key)).toEqual(['network.subnets[].id', 'network.subnets[].availabilityZone']);
});

test('the pipeline is in the reference, with the defaults that it gets', () => {
  const keys = settingsKeys(pipelineNode(), 'pipeline.');
  const { stages, ...rest } = pipelineSettings();
  const got = { ...rest, 'stages[].approval': stages[0]?.approval } as Record<string, unknown>;
  const stated = keys.filter(({ node }) => node.default !== undefined);
  expect(stated.map(({ key, node }) => [key, node.default])).toEqual(
    ['branch', 'watchMinutes', 'stages[].approval'].map((key) => [`pipeline.${key}`, got[key]]),
  );
  for (const { key } of keys) expect(read('docs/settings.md')).toContain(`| \`${key}\` |`);
});

test('the defaults in the reference are those that an empty environment gets', () => {
  const settings: unknown = resolveSettings({ environment: 'dev', source: 'dev.yaml', document: {}, defaults: {} });
  const valueOf = (key: string) =>
    key.split('.').reduce<unknown>((value, part) => (value as Record<string, unknown>)[part], settings);
  // What is inside a part that is off has its default when somebody switches the part on.
  const isOff = (key: string) => key.includes('.') && valueOf(key.slice(0, key.indexOf('.'))) === false;
  const stated = settingsKeys().filter(({ key, node }) => node.default !== undefined && !isOff(key));
  expect(stated.length).toBeGreaterThan(10);
  for (const { key, node } of stated) expect([key, valueOf(key)]).toEqual([key, node.default]);
});

test('what is only for our own page stays out of the schema that editors read', () => {
  expect(JSON.stringify(editorSchema())).not.toContain('defaultText');
});
