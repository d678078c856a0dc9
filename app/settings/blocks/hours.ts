import { z } from 'zod';
import { part, text } from '../vocabulary';

/** In the order of the week, as a person writes them. */
export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const DAY = `(${DAYS.join('|')})`;
const time = () => text(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time from "00:00" to "23:59" in quotes, such as "08:00"');
const TIME_ZONE = 'an IANA time zone such as America/New_York or UTC';

/** When the host runs. */
export const hours = part({
  start: time().meta({
    description: 'When the host starts, by the clock of `timeZone`.',
    defaultText: 'none: `hours` needs it',
  }),
  stop: time().meta({
    description: 'When it stops. A time before `start` is one of the next day.',
    defaultText: 'none: `hours` needs it',
  }),
  days: text(
    new RegExp(`^${DAY}(-${DAY})?(,${DAY}(-${DAY})?)*$`),
    'days such as mon-fri, or mon,wed,fri, or mon-thu,sat',
  )
    .optional()
    .meta({ description: 'The days on which the host starts.', defaultText: '`mon-fri`' }),
  timeZone: z.string({ error: TIME_ZONE }).refine(isTimeZone, { error: TIME_ZONE }).meta({
    description: 'The IANA time zone of both times, whose summer time is followed.',
    defaultText: 'none: `hours` needs it',
  }),
});

/** Offsets such as +02:00 know no summer time, and AWS takes a name in its own spelling alone. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Z]/.test(name)) return false;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
    return timeZone === name || timeZone.toLowerCase() !== name.toLowerCase();
  } catch {
    return false;
  }
}

/** The days that a text such as `mon-wed,sat` names, as indexes into the week; `fri-mon` goes over its end. */
export function daysNamed(days: string): number[] {
  return days.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map((day) => DAYS.indexOf(day as (typeof DAYS)[number]));
    const length = ((last - first + DAYS.length) % DAYS.length) + 1;
    return [...Array(length).keys()].map((index) => (first + index) % DAYS.length);
  });
}
