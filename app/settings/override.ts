import { isBlock } from './check';
import { nearest } from './nearest';
import { keysAt, nodeAt } from './reference';

/** A setting given apart from its environment, with `-c key=value` on the command line. */
export interface Override {
  /** As it was given: `capacity.kind`. */
  readonly key: string;
  readonly path: readonly string[];
  readonly value: unknown;
}

/** The overrides among the context, and the keys that look like one and are none. */
export interface Overrides {
  readonly overrides: readonly Override[];
  readonly problems: readonly string[];
}

/** Reads the overrides out of the context keys that are neither CDK's own nor the name of an environment. */
export function readOverrides(
  context: (key: string) => unknown,
  keys: readonly string[],
  environments: readonly string[],
): Overrides {
  const known = keysAt([]);
  const overrides: Override[] = [];
  const problems: string[] = [];
  for (const key of keys) {
    const path = splitKey(key);
    const [section = ''] = path;
    if (known.includes(section)) overrides.push({ key, path, value: coerce(context(key), path) });
    else problems.push(...explainStranger(key, section, context(key), environments));
  }
  return { overrides, problems };
}

/** The environment's own document with the overrides put in their places. */
export function applyOverrides(document: unknown, overrides: readonly Override[]): unknown {
  if (overrides.length === 0 || !isBlock(document)) return document;
  const result: Record<PropertyKey, unknown> = structuredClone(document);
  const given = overrides.map((override) => override.key);
  // An instance type asked for on the command line is the one that is wanted, not one more beside the file's list.
  if (given.includes('instanceType') && isBlock(result['capacity'])) delete result['capacity']['instanceTypes'];
  // Regions likewise; the other way around, one region of several would be deployed under other names.
  if (given.includes('regions') && !given.includes('region')) delete result['region'];
  for (const { path, value } of overrides) putAt(result, path, value);
  return result;
}

function splitKey(key: string): string[] {
  // A tag's own name may hold dots.
  return key.startsWith('tags.') ? ['tags', key.slice('tags.'.length)] : key.split('.');
}

function putAt(document: Record<PropertyKey, unknown>, path: readonly string[], value: unknown): void {
  const [key = '', ...rest] = path;
  if (rest.length === 0) {
    document[key] = value;
    return;
  }
  const child = document[key];
  const block = isBlock(child) ? child : {};
  document[key] = block;
  putAt(block, rest, value);
}

/** The command line gives text: what the schema does not want as text becomes a boolean, a number, a list or a block. */
function coerce(value: unknown, path: readonly string[]): unknown {
  const node = nodeAt(path);
  if (typeof value !== 'string' || node === undefined || node.type === 'string') return value;
  if (node.type === 'array' && !value.trimStart().startsWith('[')) return value.split(',').map((item) => item.trim());
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

/** Other programs may keep keys in the context too: only one that was meant for us is a problem. */
function explainStranger(key: string, section: string, value: unknown, environments: readonly string[]): string[] {
  if (environments.includes(section)) {
    const rest = key.slice(section.length + 1);
    return [`-c ${key}: got a key inside an environment, wants -c environment=${section} -c ${rest}=${String(value)}`];
  }
  if (typeof value !== 'string') return [];
  const meant =
    key.length >= 3 && 'environment'.startsWith(key) ? 'environment' : nearest(section, ['environment', ...keysAt([])]);
  return meant === undefined ? [] : [`-c ${key}: unknown key, did you mean ${meant}?`];
}
