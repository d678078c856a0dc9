import { expect, test } from 'vitest';
import { resolveSettings, SettingsError } from '../../app/settings';

test('every problem is reported at once: wrong values, unknown keys and impossible pairs', () => {
  const document = {
    regoin: 'us-east-2',
    useSpot: true,
    logRetentionDays: 90,
    retain: 'no',
    capacity: { kind: 'instance', maxPrice: 'cheap' },
    network: { natGateways: 3, cidr: '10.10.0.0' },
  };
  expect(() => resolveSettings({ environment: 'dev', source: 'dev.yaml', document, defaults: {} })).toThrow(
    new SettingsError([
      'dev.yaml: capacity.maxPrice: got "cheap", wants a price in USD per hour above 0, such as 0.05',
      'dev.yaml: network.cidr: got "10.10.0.0", wants an IPv4 block such as 10.10.0.0/16',
      'dev.yaml: retain: got "no", wants true or false',
      'dev.yaml: regoin: unknown key, did you mean region?',
      'dev.yaml: capacity.kind: got "instance" together with useSpot: true, wants autoScaling or fleet, or no spot: a ' +
        'single instance is always on-demand',
      'dev.yaml: network.natGateways: got 3 with maxAzs: 2, wants at most one gateway for each Availability Zone',
    ]),
  );
});

test('the message of the error is all problems, ready to print', () => {
  expect(new SettingsError(['a.yaml: x: one', 'a.yaml: y: two']).message).toBe(
    'the settings have 2 problems:\n  a.yaml: x: one\n  a.yaml: y: two',
  );
  expect(new SettingsError(['a.yaml: x: one']).message).toBe('the settings have a problem:\n  a.yaml: x: one');
});
