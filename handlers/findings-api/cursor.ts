import * as z from 'zod';

const LONGEST = 1_000;

/**
 * A place in a list, as text that clients hand back and do not read. It names the last row they have seen instead of
 * counting rows, so that rows that come or go in between are neither lost nor doubled.
 */
export function cursorOf(place: readonly string[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** A parameter that is a cursor, and as a value the place that it stands for. */
export function cursorTo<Place extends z.ZodType<readonly string[]>>(place: Place) {
  return z
    .string()
    .max(LONGEST)
    .regex(/^[\w-]+$/)
    .meta({ description: 'Where to go on: `next` of the page before' })
    .transform((text, context): z.output<Place> => {
      const parsed = place.safeParse(json(text));
      if (parsed.success) return parsed.data;
      context.addIssue({ code: 'custom', message: 'not a cursor that this list gave out' });
      return z.NEVER;
    });
}

function json(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return undefined;
  }
}
