import * as z from 'zod';

import { problemSchema, type TITLES } from './problem';
import { type Route, ROUTES } from './routes';

type Json = Readonly<Record<string, unknown>>;

export const DOCUMENT_PATH = '/openapi.json';

const VERSION = '1.0.0';
const JSON_SCHEMA = { io: 'input', unrepresentable: 'throw' } as const;
const REQUEST_ID = { description: 'Names the request in the logs', schema: { type: 'string' } };

/** Either of them, as the deployment's settings say. */
const SECURITY_SCHEMES = {
  iam: { type: 'apiKey', in: 'header', name: 'Authorization', description: 'AWS Signature Version 4 of `execute-api`' },
  cognito: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'A token of the user pool' },
};

/** What each problem means. A route may answer with any of them. */
const MEANINGS: Readonly<Record<keyof typeof TITLES, string>> = {
  400: 'A parameter is wrong, missing, given twice or not known',
  401: 'API Gateway asked nobody who it is',
  404: 'There is no such table, or no such path',
  405: 'The API is read with GET alone',
  500: 'A fault of the API; its log names it by the id of the request',
  503: 'The database is away, or was too slow; try again',
};

/** The API's OpenAPI 3.1 document, made of the very schemas that requests are checked by. */
export function openApiDocument(): Json {
  const document = {
    path: DOCUMENT_PATH,
    operation: 'getDocument',
    summary: 'This document',
    parameters: z.strictObject({}),
    answer: z.looseObject({ openapi: z.literal('3.1.0') }),
  };
  const components: Record<string, unknown> = {};
  const paths = [...ROUTES, document].map((route) => [route.path, { get: operationOf(route, components) }] as const);
  const problem = schemaOf(problemSchema, components);
  return {
    openapi: '3.1.0',
    info: {
      title: 'TableSleuth findings',
      version: VERSION,
      description: 'What sweeps found in the tables of a lake: the latest finding of each, its history, and the worst.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/v1', description: 'The stage, at the endpoint of the API' }],
    security: Object.keys(SECURITY_SCHEMES).map((name) => ({ [name]: [] })),
    paths: Object.fromEntries(paths),
    components: {
      securitySchemes: SECURITY_SCHEMES,
      schemas: components,
      responses: Object.fromEntries(
        Object.entries(MEANINGS).map(([status, description]) => [
          status,
          { description, headers: headers(), content: { 'application/problem+json': { schema: problem } } },
        ]),
      ),
    },
  };
}

function operationOf(route: Omit<Route, 'run'>, components: Record<string, unknown>): Json {
  const problems = Object.keys(MEANINGS).map((status) => [status, { $ref: `#/components/responses/${status}` }]);
  const content = { 'application/json': { schema: schemaOf(route.answer, components) } };
  return {
    operationId: route.operation,
    summary: route.summary,
    parameters: parametersOf(route),
    responses: {
      200: { description: 'What was asked for', headers: headers(), content },
      ...Object.fromEntries(problems),
    },
  };
}

function parametersOf({ path, parameters }: Pick<Route, 'path' | 'parameters'>): Json[] {
  const { properties = {}, required = [] } = z.toJSONSchema(parameters, JSON_SCHEMA);
  return Object.entries(properties).map(([name, whole]) => {
    const { description, ...schema } = whole as Json;
    const isInPath = path.includes(`{${name}}`);
    return { name, in: isInPath ? 'path' : 'query', required: required.includes(name), description, schema };
  });
}

/** What has a name of its own goes to the components, and is referred to. */
function schemaOf(schema: z.ZodType, components: Record<string, unknown>): Json {
  const { $schema: _, $defs, ...own } = inComponents(z.toJSONSchema(schema, JSON_SCHEMA));
  const { id, ...body } = own;
  Object.assign(components, $defs);
  if (typeof id !== 'string') return own;
  components[id] = body;
  return { $ref: `#/components/schemas/${id}` };
}

function inComponents(schema: object): Json {
  const text = JSON.stringify(schema).replaceAll('"$ref":"#/$defs/', '"$ref":"#/components/schemas/');
  return JSON.parse(text) as Json;
}

function headers(): Json {
  return { 'x-request-id': REQUEST_ID };
}
