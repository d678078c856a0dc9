import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';

import { FIGURE_NAMES, figureOf } from '../../../handlers/findings/figures';
import { finding } from '../../../handlers/findings/finding';
import { arrivedIn, tableKey } from '../../../handlers/findings/ingestion';
import { bytesOf, failedFindingOf, findingOf } from '../../support/findings';
import { PROJECT } from '../../support/synthesis';

type Json = Readonly<Record<string, unknown>>;

const PUBLISHED = JSON.parse(readFileSync(join(PROJECT, 'sweep', 'finding.schema.json'), 'utf8')) as Json;
/** What a schema says about a document to people alone, and in which dialect. */
const SAYS_NOTHING = ['$schema', '$defs', 'title', 'description', 'id', 'default', 'propertyNames'];

/** A schema with its references followed, as a text that is the same for the same rules. */
function rulesOf(schema: unknown, root: Json): unknown {
  if (Array.isArray(schema)) return schema.map((part) => rulesOf(part, root));
  if (typeof schema !== 'object' || schema === null) return schema;
  const { $ref, ...own } = schema as Json;
  if (typeof $ref === 'string') return rulesOf(definition(root, $ref), root);
  if (Array.isArray(own['type'])) return rulesOf({ anyOf: own['type'].map((type) => ({ type })) }, root);
  return Object.fromEntries(
    Object.entries(own)
      .filter(([key, value]) => !isSilent(key, value, own))
      .map(([key, value]) => [key, rulesOfKeyword(key, value, root)])
      .sort(([one], [other]) => (String(one) < String(other) ? -1 : 1)),
  );
}

function rulesOfKeyword(key: string, value: unknown, root: Json): unknown {
  if (key === 'properties') {
    return Object.fromEntries(Object.entries(value as Json).map(([name, schema]) => [name, rulesOf(schema, root)]));
  }
  if (key === 'required') return [...(value as string[])].sort();
  return rulesOf(value, root);
}

function isSilent(key: string, value: unknown, schema: Json): boolean {
  switch (key) {
    case 'maximum':
      // Of JavaScript's whole numbers; bytes beyond nine petabytes in one table are not told apart.
      return value === Number.MAX_SAFE_INTEGER;
    case 'pattern':
      return schema['format'] === 'date-time';
    case 'type':
      return 'const' in schema;
    case 'additionalProperties':
      return value === true || JSON.stringify(value) === '{}';
    default:
      return SAYS_NOTHING.includes(key);
  }
}

function definition(root: Json, reference: string): unknown {
  return reference
    .slice(2)
    .split('/')
    .reduce<unknown>((part, name) => (part as Json)[name], root);
}

describe('the schema of findings that are taken in', () => {
  test('has the rules of the schema that sweeps write by', () => {
    const ours = z.toJSONSchema(finding, { io: 'input' }) as Json;
    expect(rulesOf(ours, ours)).toEqual(rulesOf(PUBLISHED, PUBLISHED));
  });

  test('takes a finding with figures, and one of a table that could not be read', () => {
    expect(arrivedIn(bytesOf(findingOf())).finding).toEqual(findingOf());
    expect(arrivedIn(bytesOf(failedFindingOf())).finding).toEqual(failedFindingOf());
  });

  test.each<[string, Uint8Array]>([
    ['an empty object', new Uint8Array()],
    ['half a document', bytesOf(findingOf()).slice(0, 100)],
    ['another document', new TextEncoder().encode('{"tables": 3}')],
    ['a field that is not known', bytesOf({ ...findingOf(), owner: 'me' } as never)],
    ['a figure below zero', bytesOf(findingOf({ files: { count: -1 } }))],
    ['a newer version', bytesOf({ ...findingOf(), schemaVersion: 2 } as never)],
    ['bytes that are no text', Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d)],
  ])('fails for %s', (_what, bytes) => {
    expect(() => arrivedIn(bytes)).toThrow();
  });
});

describe('a finding', () => {
  test('is told from another one by its bytes', () => {
    const [one, same, other] = [findingOf(), findingOf(), findingOf({ inspectedAt: '2026-11-02T00:00:00Z' })].map(
      (document) => arrivedIn(bytesOf(document)).contentKey,
    );
    expect(same).toBe(one);
    expect(other).not.toBe(one);
  });

  test('keeps a figure that is not known apart from zero', () => {
    const found = findingOf({ waste: { orphanBytes: null, heldBytes: 0 } });
    expect([figureOf('orphanBytes', found), figureOf('heldBytes', found)]).toEqual([null, 0]);
    expect(new Set(FIGURE_NAMES.map((name) => figureOf(name, failedFindingOf())))).toEqual(new Set([null]));
  });

  test('adds up files that are missing, of a wrong size or unreadable', () => {
    const files = { missing: 2, wrongSize: null, unreadable: 3 };
    expect(figureOf('damagedFiles', findingOf({ files }))).toBe(5);
  });

  test('belongs to a table whose key is the same in every sweep', () => {
    expect(tableKey('glue:sales.orders')).toMatch(/^[0-9a-f]{32}$/);
    expect(tableKey('glue:sales.orders')).toBe(tableKey('glue:sales.orders'));
    expect(tableKey('glue:sales.orders')).not.toBe(tableKey('glue:sales.Orders'));
  });
});
