import type { z } from 'zod';
import { nearest } from './nearest';
import { keysAt, pathOfKey } from './reference';

/** A path into the settings, as zod gives it. */
export type Path = readonly PropertyKey[];

/** Something wrong with the settings: where, and the words after the colon. */
export interface Problem {
  readonly path: Path;
  readonly says: string;
}

/** Names the place a person can go to, for a path into the settings: a file, a line, a key. */
export type Locate = (path: Path) => string;

/** The settings cannot be used. The message holds every problem, one a line, ready to print without a stack trace. */
export class SettingsError extends Error {
  public constructor(
    /** Each as `file: path.to.key: what it got, what it wants`. */
    public readonly problems: readonly string[],
  ) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    super([`the settings have ${count}:`, ...problems.map((problem) => `  ${problem}`)].join('\n'));
    this.name = 'SettingsError';
  }
}

/** What zod found, in our own words. */
export function describeIssue(issue: z.core.$ZodIssue, document: unknown): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      says: describeUnknownKey(key, issue.path, document),
    }));
  }
  if (issue.code === 'invalid_key') {
    const name = issue.path.at(-1);
    return [{ path: issue.path, says: `got ${show(name)}, wants ${issue.issues[0]?.message ?? issue.message}` }];
  }
  return [{ path: issue.path, says: `got ${show(valueAt(document, issue.path))}, wants ${issue.message}` }];
}

function describeUnknownKey(key: string, parent: Path, document: unknown): string {
  const siblings = keysAt(parent);
  if (siblings.includes(key)) {
    return `got ${show(valueAt(document, [...parent, key]))}, wants it left out: it belongs to another kind`;
  }
  const near = nearest(key, siblings) ?? pathOfKey(key);
  return near === undefined ? `unknown key, wants one of ${siblings.join(', ')}` : `unknown key, did you mean ${near}?`;
}

/** A value as a message shows it: short, and never a page. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return value.every(isScalar) ? shorten(`[${value.map(show).join(', ')}]`) : 'a list';
  return typeof value === 'object' ? 'a block of settings' : shorten(JSON.stringify(value));
}

/** A path as it is written: `network.subnets[0].id`. */
export function writePath(path: Path): string {
  return path
    .map((key, index) => {
      if (typeof key === 'number') return `[${key}]`;
      const name = String(key);
      if (!/^[\w-]+$/.test(name)) return `[${JSON.stringify(name)}]`;
      return index === 0 ? name : `.${name}`;
    })
    .join('');
}

/** The value at a path of a document, or undefined where the path leads nowhere. */
export function valueAt(document: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) => (isContainer(value) && Object.hasOwn(value, key) ? value[key] : undefined),
    document,
  );
}

function isContainer(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null;
}

function isScalar(value: unknown): boolean {
  return !isContainer(value);
}

function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}
