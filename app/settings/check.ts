import type { z } from 'zod';
import { describeIssue, type Path, type Problem, valueAt } from './problem';
import { type GivenSettings, settingsSchema } from './schema';

/** A document that went through the schema: what is wrong in it, and what is left when that is taken out. */
export interface Checked {
  readonly problems: readonly Problem[];
  /** The document without its wrong values, so that what is good can be judged together all the same. */
  readonly good: GivenSettings;
}

/** Checks a document key by key, and reports everything that is wrong in it at once. */
export function checkAgainstSchema(document: unknown): Checked {
  const first = settingsSchema.safeParse(document);
  if (first.success) return { problems: [], good: document as GivenSettings };
  const problems = preciseIssues(first.error, document).flatMap((issue) => describeIssue(issue, document));
  return { problems, good: withoutWrongValues(document) };
}

function withoutWrongValues(document: unknown): GivenSettings {
  let rest: unknown = isBlock(document) ? structuredClone(document) : {};
  for (let parsed = settingsSchema.safeParse(rest); !parsed.success; parsed = settingsSchema.safeParse(rest)) {
    const removed = preciseIssues(parsed.error, rest)
      .flatMap(pathsOf)
      .map((path) => removeAt(rest, path));
    if (!removed.includes(true)) rest = {};
  }
  return rest as GivenSettings;
}

/** Of a part that can also be switched off, what is wrong inside its block: zod says only that nothing of the two fits. */
function preciseIssues(error: z.ZodError, document: unknown): z.core.$ZodIssue[] {
  return error.issues.flatMap((issue) => {
    const ofBlock =
      issue.code === 'invalid_union' && isBlock(valueAt(document, issue.path)) ? issue.errors[0] : undefined;
    return ofBlock?.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })) ?? [issue];
  });
}

function pathsOf(issue: z.core.$ZodIssue): Path[] {
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
}

/** Removes the key at a path; where that is a list's element or a key that is missing, what it should have been in. */
function removeAt(document: unknown, path: Path): boolean {
  const key = path.at(-1);
  if (key === undefined) return false;
  const parent = valueAt(document, path.slice(0, -1));
  if (isBlock(parent) && Object.hasOwn(parent, key)) return delete parent[key];
  return removeAt(document, path.slice(0, -1));
}

/** Whether a value holds keys: not a list, not a scalar. */
export function isBlock(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
