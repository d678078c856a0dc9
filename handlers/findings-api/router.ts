import type { z } from 'zod';

import type { ProxyEvent } from './event';
import { Problem } from './problem';

type Values = Readonly<Record<string, string>>;

/** A path, parameters in braces. */
interface Place {
  readonly path: string;
}

/**
 * The one that a request is for, with the parameters in its path.
 * @throws Problem when there is none, or the request wants to change something
 */
export function find<Found extends Place>(
  places: readonly Found[],
  { httpMethod, path }: ProxyEvent,
): { readonly found: Found; readonly values: Values } {
  for (const found of places) {
    const values = match(found.path, path);
    if (values === undefined) continue;
    if (httpMethod === 'GET') return { found, values };
    throw new Problem(405, `got ${httpMethod}, the API is read with GET`, { headers: { allow: 'GET' } });
  }
  throw new Problem(404, 'there is no such path; GET /openapi.json tells those that are there');
}

function match(template: string, path: string): Values | undefined {
  const [wanted, got] = [template.split('/'), path.split('/')];
  if (wanted.length !== got.length) return undefined;
  const values: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const [, name] = /^\{(\w+)\}$/.exec(part) ?? [];
    const given = got[index] ?? '';
    if (name !== undefined && given !== '') values[name] = decoded(given);
    else if (part !== given) return undefined;
  }
  return values;
}

/** What cannot be decoded stays as it is, and its schema refuses it. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/**
 * The parameters of a request as their schema gives them.
 * @throws Problem with everything that is wrong with them
 */
export function parametersOf<Schema extends z.ZodObject>(
  schema: Schema,
  inPath: Values,
  { multiValueQueryStringParameters }: ProxyEvent,
): z.output<Schema> {
  const query = Object.entries(multiValueQueryStringParameters ?? {});
  const errors = query.flatMap(([parameter, values = []]) => {
    if (parameter in inPath) return { parameter, message: 'stands in the path' };
    return values.length > 1 ? { parameter, message: `given ${values.length} times, wanted once` } : [];
  });
  const single = query.map(([name, values]) => [name, values?.[0] ?? ''] as const);
  const { success, data, error } = schema.safeParse({ ...Object.fromEntries(single), ...inPath });
  if (success && errors.length === 0) return data;
  const all = [...errors, ...(error?.issues.flatMap(told) ?? [])];
  throw new Problem(400, 'a parameter is wrong; `errors` says which, and why', { errors: all });
}

function told(issue: z.core.$ZodIssue): { parameter: string; message: string }[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((parameter) => ({ parameter, message: 'there is no parameter of this name' }));
  }
  return [{ parameter: String(issue.path[0] ?? ''), message: issue.message }];
}
