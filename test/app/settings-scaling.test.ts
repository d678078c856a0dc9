import { describe, expect, test } from 'vitest';
import { messageAbout } from '../support/settings-problems';

const GROUP = { kind: 'autoScaling' };

/** What is wrong with the settings; they are not of the types that the compiler would take. */
describe('fails, and says what is wanted:', () => {
  test.each<[unknown, string]>([
    [{ capacity: { ...GROUP, max: 0 } }, 'capacity.max: got 0, wants a whole number from 1 to 20'],
    [{ capacity: { ...GROUP, max: 21 } }, 'capacity.max: got 21, wants a whole number from 1 to 20'],
    [
      { capacity: { ...GROUP, max: 2, targetCpuPercent: 95 } },
      'capacity.targetCpuPercent: got 95, wants a whole number from 10 to 90',
    ],
    [
      { capacity: { ...GROUP, min: 3, max: 2 } },
      'capacity.max: got 2 together with capacity.min: 3, wants at least as many',
    ],
    [
      { capacity: { ...GROUP, targetCpuPercent: 60 } },
      'capacity.targetCpuPercent: got 60 with as many hosts at least as at most, wants a max above min, or this left out',
    ],
    [
      { capacity: { max: 5 } },
      'capacity.max: got 5 without capacity.kind, wants autoScaling: only a group has a number of hosts',
    ],
    [
      { capacity: { kind: 'fleet', min: 2 } },
      'capacity.min: got 2 together with capacity.kind: fleet, wants autoScaling: only a group has a number of hosts',
    ],
    [
      { useSpot: false, capacity: { kind: 'instance', targetCpuPercent: 70 } },
      'capacity.targetCpuPercent: got 70 together with capacity.kind: instance, wants autoScaling: only a group has a ' +
        'number of hosts',
    ],
    [
      { capacity: { ...GROUP, max: 2 }, workspace: {} },
      'capacity.max: got 2 together with a workspace on a volume, wants one host, or a workspace that hosts share, or ' +
        'none: a volume is with one host at a time',
    ],
    [
      { capacity: { ...GROUP, min: 2, max: 4 }, idleStop: {} },
      'capacity.min: got 2 together with idleStop, wants min: 1, or no idleStop: an idle host cannot leave a group that ' +
        'has to have it',
    ],
  ])('%j', (given, message) => {
    expect(messageAbout(given)).toContain(`  test.yaml: ${message}`);
  });
});

test.each([
  { capacity: { ...GROUP, min: 1, max: 5, targetCpuPercent: 70 } },
  { useSpot: true, capacity: { max: 5 } },
  { capacity: { instanceTypes: ['t3.small', 't3a.small'], max: 2 } },
  { capacity: { ...GROUP, min: 2 } },
  { capacity: { ...GROUP, max: 1 }, workspace: {} },
  { capacity: { ...GROUP, max: 3 }, idleStop: {} },
])('%j is good', (given) => {
  expect(messageAbout(given)).toBe('');
});
