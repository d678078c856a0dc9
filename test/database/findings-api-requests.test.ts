import addFormats from 'ajv-formats';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';

import document from '../../docs/findings-api.json';
import { answer } from '../../handlers/findings-api/api';
import type { ProxyEvent } from '../../handlers/findings-api/event';
import type { Database } from '../../handlers/findings/database';
import { record, tableKey } from '../../handlers/findings/ingestion';
import { ports, request } from '../handlers/findings-api/request';
import { failedFindingOf, findingOf } from '../support/findings';
import { FindingsDatabase } from '../support/findings-database';
import { scratchFolder } from '../support/scratch';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly schema: {
    readonly type?: string;
    readonly enum?: string[];
    readonly format?: string;
    readonly pattern?: string;
  };
}

interface Operation {
  readonly path: string;
  readonly parameters: readonly Parameter[];
}

type Response = { readonly $ref: string } | { readonly content: Readonly<Record<string, object>> };

const REQUESTS = 1_000;
const OPERATIONS = Object.entries(document.paths).map(([path, { get }]): Operation => ({
  path,
  parameters: get.parameters,
}));
const IDS = Array.from({ length: 30 }, (_, index) => `glue:sales.table_${index}`);

let postgres: FindingsDatabase;
let database: Database;

beforeAll(async () => {
  postgres = await FindingsDatabase.migrated(scratchFolder());
  database = postgres.as('findings_api');
  const worker = postgres.as('findings_ingest');
  const findings = IDS.flatMap((id, index) => [
    findingOf({ id, inspectedAt: '2026-11-01T00:00:00Z', waste: { reclaimableBytes: index } }),
    index % 7 === 0
      ? failedFindingOf({ id, inspectedAt: '2026-11-08T00:00:00Z' })
      : findingOf({ id, inspectedAt: '2026-11-08T00:00:00.123456Z', waste: { reclaimableBytes: 2 * index } }),
  ]);
  await record(
    worker,
    findings.map((finding, index) => ({ contentKey: `${index}`, finding })),
  );
  await worker.close();
});
afterAll(async () => {
  await database?.close();
  await postgres?.stop();
});

/** Places that a list could have given out, and others that look as if. */
const cursors = fc
  .oneof(
    fc.tuple(fc.string(), fc.string()),
    fc.constantFrom(...IDS).map((id) => [id, tableKey(id)]),
    fc.tuple(
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      fc.bigInt({ min: -1n, max: 10n ** 20n }).map(String),
    ),
    fc.jsonValue(),
  )
  .map((place) => Buffer.from(JSON.stringify(place)).toString('base64url'));

/** What the document allows. */
function allowed({ name, schema }: Parameter): fc.Arbitrary<string> {
  if (name === 'cursor') return cursors;
  if (name === 'table') return fc.constantFrom(...IDS.slice(0, 9), 'glue:no.table', 'glue:nowhere').map(tableKey);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.type === 'integer') return fc.integer({ min: 1, max: 100 }).map(String);
  if (schema.format === 'date-time')
    return fc.date({ noInvalidDate: true, min: new Date(0) }).map((d) => d.toISOString());
  return fc.oneof(
    fc.constantFrom('sales', 'TABLE_1', '%', '_', '\\', "'"),
    fc.string({ minLength: 1, maxLength: 200 }),
  );
}

/** What anybody may send, most of it refused. */
const anything = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '0', '-1', '1e400', '\0', 'null', "'; drop table latest; --", '%00', '0000-00-00T00:00:00Z'),
  fc.constantFrom('9999-12-31T23:59:59-23:59', '1970-01-01T00:00:00+15:59', '0001-01-01T00:00:00Z'),
);

function valueOf(parameter: Parameter): fc.Arbitrary<string> {
  return fc.oneof({ weight: 6, arbitrary: allowed(parameter) }, { weight: 1, arbitrary: anything });
}

const requests: fc.Arbitrary<ProxyEvent & { template: string }> = fc.constantFrom(...OPERATIONS).chain((operation) =>
  fc
    .record({
      given: fc.record(Object.fromEntries(operation.parameters.map((each) => [each.name, valueOf(each)])), {
        requiredKeys: operation.parameters.filter(({ in: where }) => where === 'path').map(({ name }) => name),
      }),
      unknown: fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, fc.tuple(fc.string(), anything)),
      method: fc.oneof({ weight: 9, arbitrary: fc.constant('GET') }, fc.constantFrom('POST', 'HEAD', 'x')),
    })
    .map(({ given, unknown, method }) => eventOf(operation, given, unknown, method)),
);

function eventOf(
  { path: template, parameters }: Operation,
  given: Readonly<Record<string, string>>,
  unknown: [string, string] | null,
  httpMethod: string,
): ProxyEvent & { template: string } {
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(wellFormed(given[name] ?? '')));
  const inQuery = parameters.filter(({ in: where, name }) => where === 'query' && given[name] !== undefined);
  const query = [...inQuery.map(({ name }) => [name, given[name]!] as const), ...(unknown === null ? [] : [unknown])];
  const multiValueQueryStringParameters = Object.fromEntries(query.map(([name, value]) => [name, [value]]));
  return { ...request('/'), httpMethod, path, multiValueQueryStringParameters, template };
}

/** Halves of characters, which no URL can have, are replaced as a browser does. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

const ajv = new Ajv2020({ strict: false, allErrors: true, schemas: { api: document } });
addFormats(ajv);

/** The validator of what an operation answers with a status; undefined when the document has no such answer. */
function validatorOf(template: string, status: number, type: string): ValidateFunction | undefined {
  const operation = document.paths[template as keyof typeof document.paths].get;
  const response = (operation.responses as Record<string, Response | undefined>)[status];
  if (response === undefined) return undefined;
  const pointer = '$ref' in response ? response.$ref : `#/paths/${escaped(template)}/get/responses/${status}`;
  return ajv.getSchema(`api${pointer}/content/${escaped(type)}/schema`);
}

/** As a part of a JSON pointer in a URL. */
function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}

test('no request makes the API fail, and each answer is one that its document promises', async () => {
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(requests, async (event) => {
      const { statusCode, headers, body } = await answer(event, ports(database));
      statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
      expect(statusCode, body).toBeLessThan(500);
      const validate = validatorOf(event.template, statusCode, headers['content-type']!);
      expect(validate, `${statusCode} ${headers['content-type']}`).toBeDefined();
      expect(validate!(JSON.parse(body)), JSON.stringify(validate!.errors)).toBe(true);
    }),
    { numRuns: REQUESTS },
  );
  // Otherwise the requests were not what they are for.
  for (const status of [200, 400, 404, 405]) expect(statuses.get(status) ?? 0, `${status}`).toBeGreaterThan(5);
  expect(statuses.get(200)).toBeGreaterThan(REQUESTS / 5);
});

test('an answer that is not of its schema would be found', () => {
  const validate = validatorOf('/worst', 200, 'application/json')!;
  expect(validate({ by: 'bytes', tables: [] })).toBe(true);
  expect(validate({ by: 'bytes', tables: [{}] })).toBe(false);
  expect(validate({ by: 'color', tables: [] })).toBe(false);
});
