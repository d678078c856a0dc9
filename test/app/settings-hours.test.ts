import { describe, expect, test } from 'vitest';
import { resolveSettings } from '../../app/settings';
import { daysNamed } from '../../app/settings/blocks/hours';
import { nodeAt } from '../../app/settings/reference';
import { synthesize } from '../support/synthesis';
import { resourcesOf } from '../support/template';
import { HOURS } from '../support/variants';
import { problemsIn } from '../support/settings-problems';

const resolve = (document: unknown) =>
  resolveSettings({ environment: 'dev', source: 'dev.yaml', document, defaults: {} });

const problemsOf = (document: unknown) => problemsIn(() => resolve(document));

const TIME = 'wants a time from "00:00" to "23:59" in quotes, such as "08:00"';
const DAYS = 'wants days such as mon-fri, or mon,wed,fri, or mon-thu,sat';
const ZONE = 'wants an IANA time zone such as America/New_York or UTC';
const hours = (more: object) => ({ hours: { ...HOURS, ...more } });

describe('hours that cannot be', () => {
  test.each<[document: unknown, message: string]>([
    [
      { hours: true },
      'hours: got true, wants a block of settings: start, stop, days, timeZone; or false, which switches it off',
    ],
    [hours({ start: '8:00' }), `hours.start: got "8:00", ${TIME}`],
    [hours({ stop: '24:00' }), `hours.stop: got "24:00", ${TIME}`],
    [hours({ stop: 1080 }), `hours.stop: got 1080, ${TIME}`],
    [hours({ days: 'mon-fry' }), `hours.days: got "mon-fry", ${DAYS}`],
    [hours({ days: 'weekdays' }), `hours.days: got "weekdays", ${DAYS}`],
    [hours({ timeZone: 'New York' }), `hours.timeZone: got "New York", ${ZONE}`],
    [hours({ timeZone: 'america/new_york' }), `hours.timeZone: got "america/new_york", ${ZONE}`],
    [hours({ timeZone: '+02:00' }), `hours.timeZone: got "+02:00", ${ZONE}`],
    [hours({ until: '18:00' }), 'hours.until: unknown key, wants one of start, stop, days, timeZone'],
    [
      hours({ stop: '08:00' }),
      'hours.stop: got "08:00", which is also hours.start, wants another time, or no hours for a host that is always on',
    ],
    [{ compliance: { recorder: 'new' } }, 'compliance.recorder: got "new", wants create or existing'],
    [
      { compliance: true },
      'compliance: got true, wants a block of settings: recorder; or false, which switches it off',
    ],
  ])('%j is refused', (document, message) => {
    expect(problemsOf(document)).toEqual([`dev.yaml: ${message}`]);
  });

  test('are refused with everything that is wrong at once', () => {
    expect(problemsOf({ hours: { start: 'nine' }, compliance: {} })).toEqual([
      `dev.yaml: hours.start: got "nine", ${TIME}`,
      `dev.yaml: hours.stop: got nothing, ${TIME}`,
      `dev.yaml: hours.timeZone: got nothing, ${ZONE}`,
      'dev.yaml: compliance.recorder: got nothing, wants create or existing',
    ]);
  });
});

describe('a part that may be off', () => {
  test.each([[{}], [{ hours: false, compliance: false }]])('is off with %j', (document) => {
    const settings = resolve(document);
    expect([settings.hours, settings.compliance]).toEqual([undefined, undefined]);
  });

  test.each(['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'Asia/Calcutta', 'America/Argentina/Buenos_Aires'])(
    'takes the time zone %s',
    (timeZone) => {
      expect(resolve(hours({ timeZone })).hours?.timeZone).toBe(timeZone);
    },
  );

  test('has its keys in the reference', () => {
    expect(nodeAt(['hours', 'start'])?.description).toContain('starts');
  });

  test('leaves every template as it is without it', () => {
    const off = synthesize({ hours: false, compliance: false });
    expect(off.synthesis.stacks.map(({ name, template }) => [name, template])).toEqual(
      synthesize().synthesis.stacks.map(({ name, template }) => [name, template]),
    );
  });
});

test.each([
  ['mon-fri', [0, 1, 2, 3, 4]],
  ['mon,wed,fri', [0, 2, 4]],
  ['mon-tue,sat', [0, 1, 5]],
  ['sat-mon', [5, 6, 0]],
  ['sun', [6]],
])('%s are the days %j of the week', (days, indexes) => {
  expect(daysNamed(days)).toEqual(indexes);
});

test('the days of the settings are those of the schedules', () => {
  const { workbench } = synthesize({ hours: { ...HOURS, start: '20:00', stop: '02:00', days: 'sat-mon' } });
  const expressions = resourcesOf(workbench, 'AWS::Scheduler::Schedule').map(
    ({ Properties }) => Properties?.ScheduleExpression,
  );
  expect(expressions).toEqual(['cron(0 20 ? * MON,SAT,SUN *)', 'cron(0 2 ? * MON,TUE,SUN *)']);
});
