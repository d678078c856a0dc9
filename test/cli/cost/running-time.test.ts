import { describe, expect, test } from 'vitest';
import { assume } from '../../../cli/cost/assumptions';
import { runningHours, runningTimeOf } from '../../../cli/cost/running-time';

const weekly = (hours: number) => (hours * 730) / 168;

describe('the hours of a month in which a host runs', () => {
  test('are assumed where the settings say nothing', () => {
    const hours = runningHours({}, assume());
    expect(hours).toEqual({ always: 730, hours: weekly(50), idleStop: weekly(25) });
    expect(runningTimeOf({ hours: false, idleStop: false }, hours)).toBe('always');
  });

  test.each<[string, object, number]>([
    ['a working week', { start: '08:00', stop: '18:00', days: 'mon-fri' }, 50],
    ['single days', { start: '09:30', stop: '12:00', days: 'mon,wed' }, 5],
    ['a list of days', { start: '09:00', stop: '12:00', days: ['sat', 'sun'] }, 6],
    ['days over the end of a week', { start: '09:00', stop: '10:00', days: 'fri-mon' }, 4],
    ['a night', { start: '20:00', stop: '04:00', days: 'mon-fri' }, 40],
  ])('are those of the settings: %s', (_name, hours, expected) => {
    expect(runningHours({ hours }, assume()).hours).toBeCloseTo(weekly(expected), 10);
  });

  test('are at most a whole day when idle stop waits long', () => {
    expect(runningHours({ idleStop: { afterMinutes: 6000 } }, assume()).idleStop).toBeCloseTo(weekly(120), 10);
  });

  test('are the fewer ones when the settings ask for both', () => {
    const settings = { hours: { start: '08:00', stop: '09:00', days: 'mon' }, idleStop: { afterMinutes: 60 } };
    expect(runningTimeOf(settings, runningHours(settings, assume()))).toBe('hours');
  });
});

describe('an assumption', () => {
  test.each([
    ['metrics=1', 'got metrics, wants one of hoursPerDay'],
    ['logGb=much', 'logGb: got much, wants a number'],
    ['logGb=', 'logGb: got nothing, wants a number'],
    ['logGb=-1', 'logGb: got -1, wants a number that is not below 0'],
  ])('fails for %s', (given, message) => {
    expect(() => assume([given])).toThrow(message);
  });
});
