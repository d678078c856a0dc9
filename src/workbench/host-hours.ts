import type { TimeZone } from 'aws-cdk-lib';

/** A day of the week. */
export enum Weekday {
  /** Monday. */
  MONDAY = 'MON',
  /** Tuesday. */
  TUESDAY = 'TUE',
  /** Wednesday. */
  WEDNESDAY = 'WED',
  /** Thursday. */
  THURSDAY = 'THU',
  /** Friday. */
  FRIDAY = 'FRI',
  /** Saturday. */
  SATURDAY = 'SAT',
  /** Sunday. */
  SUNDAY = 'SUN',
}

/** Hours that are the same on each of their days. */
export interface WeeklyHoursOptions {
  /** When the host starts, as `HH:mm` on a clock of 24 hours. */
  readonly start: string;

  /** When it stops, as `HH:mm`. A time before `start` is one of the next day. */
  readonly stop: string;

  /** The clock that both are read from; its summer time counts. */
  readonly timeZone: TimeZone;

  /**
   * The days on which the host starts.
   *
   * @default - Monday to Friday
   */
  readonly days?: Weekday[];
}

const WEEK = Object.values(Weekday);
const WORKING_DAYS = WEEK.slice(0, 5);
const MINUTES_OF_DAY = 24 * 60;

/** The hours of the week in which the host runs. Outside of them only its disk is paid for. */
export class HostHours {
  /** The same hours on each of some days of the week. */
  public static weekly(options: WeeklyHoursOptions): HostHours {
    return new HostHours(options);
  }

  /** When the host starts, as EventBridge Scheduler reads it. */
  public readonly startExpression: string;

  /** When the host stops, as EventBridge Scheduler reads it. */
  public readonly stopExpression: string;

  /** The name of the time zone that both are in. */
  public readonly timeZoneName: string;

  /**
   * How many minutes a stop has to be put off so that today's is left out and the one of the day after is not, whenever
   * in the hours somebody asks for it.
   */
  public readonly minutesPastStop: number;

  private constructor({ start, stop, timeZone, days = WORKING_DAYS }: WeeklyHoursOptions) {
    const [from, until] = [minuteOfDay('start', start), minuteOfDay('stop', stop)];
    if (from === until) {
      throw new Error(`start and stop are both ${start}: a host without hours off needs no hours`);
    }
    if (days.length === 0) {
      throw new Error('hours need at least one day');
    }
    this.startExpression = cron(from, days);
    this.stopExpression = cron(until, until > from ? days : days.map(next));
    this.timeZoneName = timeZone.timezoneName;
    const length = (until - from + MINUTES_OF_DAY) % MINUTES_OF_DAY;
    this.minutesPastStop = Math.floor((length + MINUTES_OF_DAY) / 2);
  }
}

function minuteOfDay(name: string, time: string): number {
  const [, hour, minute] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(time) ?? [];
  if (hour === undefined) {
    throw new Error(`${name} is ${JSON.stringify(time)}, expected a time from 00:00 to 23:59`);
  }
  return Number(hour) * 60 + Number(minute);
}

function next(day: Weekday): Weekday {
  return WEEK[(WEEK.indexOf(day) + 1) % WEEK.length]!;
}

function cron(minuteOfTheDay: number, days: Weekday[]): string {
  const inOrder = WEEK.filter((day) => days.includes(day));
  return `cron(${minuteOfTheDay % 60} ${Math.floor(minuteOfTheDay / 60)} ? * ${inOrder.join(',')} *)`;
}
