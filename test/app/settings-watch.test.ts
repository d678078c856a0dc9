import { describe, expect, test } from 'vitest';
import { resolveSettings } from '../../app/settings';
import { settingsKeys } from '../../app/settings/reference';
import { problemsIn } from '../support/settings-problems';

const resolve = (document: unknown) =>
  resolveSettings({ environment: 'dev', source: 'dev.yaml', document, defaults: {} });

const problemsOf = (document: unknown) => problemsIn(() => resolve(document));

const EMAIL = 'team@example.com';

describe('a part that can be switched off', () => {
  test.each([
    [{ alarms: true }, 'alarms: got true, wants false, or a block of settings: email, cpuPercent, diskPercent'],
    [{ alarms: [] }, 'alarms: got [], wants false, or a block of settings: email, cpuPercent, diskPercent'],
    [{ alarms: {} }, 'alarms.email: got nothing, wants an e-mail address such as data-team@example.com'],
    [{ alarms: { email: 'team' } }, 'alarms.email: got "team", wants an e-mail address such as data-team@example.com'],
    [{ alarms: { email: EMAIL, cpuPercent: 100 } }, 'alarms.cpuPercent: got 100, wants a whole number from 1 to 99'],
    [
      { alarms: { email: EMAIL, diskPercent: '85%' } },
      'alarms.diskPercent: got "85%", wants a whole number from 1 to 99',
    ],
    [{ alarms: { email: EMAIL, cpupercent: 90 } }, 'alarms.cpupercent: unknown key, did you mean cpuPercent?'],
    [{ email: EMAIL }, 'email: unknown key, did you mean alarms.email?'],
    [{ dashboard: 'yes' }, 'dashboard: got "yes", wants true, false, or a block of settings: hourlyPrice'],
    [{ dashboard: { hourlyPrice: 0 } }, 'dashboard.hourlyPrice: got 0, wants a price above 0 in USD per hour'],
  ])('%j is refused', (document, message) => {
    expect(problemsOf(document)).toEqual([`dev.yaml: ${message}`]);
  });

  test('reports every problem inside it at once', () => {
    expect(problemsOf({ alarms: { email: 7, cpuPercent: 0 } })).toHaveLength(2);
  });

  test.each([
    [{ alarms: { email: EMAIL } }, { alarms: { email: EMAIL, cpuPercent: 80, diskPercent: 85 } }],
    [{ alarms: false }, { alarms: false }],
    [{ dashboard: true }, { dashboard: true }],
    [{ dashboard: {} }, { dashboard: {} }],
    [{}, { alarms: false, dashboard: false }],
  ])('%j resolves', (document, expected) => {
    expect(resolve(document)).toMatchObject(expected);
  });

  test('is in the reference itself, beside the keys of its block', () => {
    const keys = settingsKeys().map(({ key }) => key);
    expect(keys).toEqual(expect.arrayContaining(['alarms', 'alarms.email', 'dashboard', 'dashboard.hourlyPrice']));
  });
});
