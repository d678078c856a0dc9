import * as z from 'zod';

import { FIGURE_NAMES, FIGURES } from '../findings/figures';
import { cursorTo } from './cursor';

const MOST_ROWS = 100;
/** PostgreSQL has no text with it. */
const WITHOUT_NUL = /^[^\0]*$/;
const LAST_MOMENT = Date.parse('9999-01-01T00:00:00Z');
const FIGURE_LIST = FIGURE_NAMES.map((name) => `\`${name}\`: ${FIGURES[name].description}`).join('; ');

function limit(usual: number) {
  const description = `How many at most, 1 to ${MOST_ROWS}`;
  return z.coerce.number<string>().int().min(1).max(MOST_ROWS).default(usual).meta({ description });
}

/** A time as PostgreSQL knows it, too: it has no year 0, and offsets of less than 16 hours. */
const since = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .pipe(z.date().min(new Date(0)).max(new Date(LAST_MOMENT)))
  .transform((date) => date.toISOString())
  .meta({ description: 'A time of ISO 8601, from 1970 on' });

const figure = z.enum(FIGURE_NAMES);
const byFigure = { description: `Which figure: ${FIGURE_LIST}` };
const text = z.string().max(200).regex(WITHOUT_NUL);
const table = z
  .string()
  .regex(/^[0-9a-f]{32}$/)
  .meta({ description: '`key` of a table' });

export const tablesParameters = z.strictObject({
  name: text.min(1).optional().meta({ description: 'Only tables with this in their names, in whatever case' }),
  cursor: cursorTo(z.tuple([text, text])).optional(),
  limit: limit(20),
});

export const tableParameters = z.strictObject({ table });

export const historyParameters = z.strictObject({
  table,
  cursor: cursorTo(
    z.tuple([z.iso.datetime().refine((time) => time >= '1970'), z.string().regex(/^\d{1,18}$/)]),
  ).optional(),
  limit: limit(20),
});

export const worstParameters = z.strictObject({
  by: figure.default('reclaimableBytes').meta(byFigure),
  limit: limit(20),
});

export const changesParameters = z.strictObject({
  since,
  by: figure.default('reclaimableBytes').meta(byFigure),
  limit: limit(20),
});

export const noParameters = z.strictObject({});
