import type { Assumptions } from './assumptions';
import { HOURS_PER_MONTH } from './rules/rule';

const HOURS_PER_WEEK = 168;
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** When hosts run: always, in working hours, or only while somebody works and a little longer. */
export type RunningTime = 'always' | 'hours' | 'idleStop';

/** The settings that decide when hosts run, as far as there are such settings. */
interface RunningSettings {
  readonly hours?: unknown;
  readonly idleStop?: unknown;
}

/** The hours of a month in which a host runs, for each way to decide it. */
export function runningHours(settings: object, assumptions: Assumptions): Readonly<Record<RunningTime, number>> {
  const { hours, idleStop }: RunningSettings = settings;
  const working = workingWeek(hours) ?? assumptions.hoursPerDay * assumptions.daysPerWeek;
  const idleHours = (afterMinutes(idleStop) ?? assumptions.idleMinutes) / 60;
  const active = Math.min(24, assumptions.activeHoursPerDay + idleHours) * assumptions.daysPerWeek;
  return { always: HOURS_PER_MONTH, hours: perMonth(working), idleStop: perMonth(active) };
}

/** What the settings ask for; where they ask for both, a host runs for the shorter of the two. */
export function runningTimeOf(settings: object, hoursOf: Readonly<Record<RunningTime, number>>): RunningTime {
  const { hours, idleStop }: RunningSettings = settings;
  const asked: RunningTime[] = [];
  if (isOn(hours)) asked.push('hours');
  if (isOn(idleStop)) asked.push('idleStop');
  return asked.sort((one, other) => hoursOf[one] - hoursOf[other])[0] ?? 'always';
}

function perMonth(hoursPerWeek: number): number {
  return (Math.min(hoursPerWeek, HOURS_PER_WEEK) * HOURS_PER_MONTH) / HOURS_PER_WEEK;
}

function isOn(setting: unknown): setting is Readonly<Record<string, unknown>> {
  return typeof setting === 'object' && setting !== null;
}

function workingWeek(hours: unknown): number | undefined {
  if (!isOn(hours)) return undefined;
  const [start, stop] = [timeOf(hours.start), timeOf(hours.stop)];
  const days = daysOf(hours.days);
  if (start === undefined || stop === undefined || days === undefined) return undefined;
  // A host may start in the evening and stop in the morning.
  const length = stop > start ? stop - start : stop - start + 24;
  return length * days;
}

function timeOf(text: unknown): number | undefined {
  const match = /^(\d{1,2}):(\d{2})$/.exec(typeof text === 'string' ? text : '');
  return match === null ? undefined : Number(match[1]) + Number(match[2]) / 60;
}

/** `mon-fri`, `mon,wed,fri` or a list of such. */
function daysOf(given: unknown): number | undefined {
  const parts = (Array.isArray(given) ? given : [given]).flatMap((part) => String(part).toLowerCase().split(','));
  const days = parts.flatMap((part) => {
    const [first = -1, last = first] = part.split('-').map((day) => DAYS.indexOf(day.trim().slice(0, 3)));
    if (first < 0 || last < 0) return [];
    const length = ((last - first + DAYS.length) % DAYS.length) + 1;
    return Array.from({ length }, (_, index) => (first + index) % DAYS.length);
  });
  const different = new Set(days).size;
  return different === 0 ? undefined : different;
}

function afterMinutes(idleStop: unknown): number | undefined {
  return isOn(idleStop) && typeof idleStop.afterMinutes === 'number' ? idleStop.afterMinutes : undefined;
}
