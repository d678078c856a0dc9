import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { openApiDocument } from '../../../handlers/findings-api/openapi';
import { ROUTES } from '../../../handlers/findings-api/routes';
import { PROJECT } from '../../support/synthesis';

const COMMITTED = join(PROJECT, 'docs', 'findings-api.json');

test('docs/findings-api.json is what the schemas say; npx tsx scripts/findings-api.ts writes it anew', () => {
  expect(JSON.parse(readFileSync(COMMITTED, 'utf8'))).toEqual(openApiDocument());
});

test('the document refers to nothing that it does not have', () => {
  const document = openApiDocument();
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path ?? '');
  const target = (path: string) =>
    path.split('/').reduce<unknown>((node, part) => (node as Record<string, unknown> | undefined)?.[part], document);
  expect(references.length).toBeGreaterThan(30);
  expect(references.filter((path) => target(path) === undefined)).toEqual([]);
});

test('each route has a place, an operation of its own and a sentence in the document', () => {
  const paths = openApiDocument().paths as Record<string, { get: { operationId: string; summary: string } }>;
  expect(Object.keys(paths)).toEqual([...ROUTES.map(({ path }) => path), '/openapi.json']);
  const operations = Object.values(paths).map(({ get }) => get.operationId);
  expect(new Set(operations).size).toBe(operations.length);
});
