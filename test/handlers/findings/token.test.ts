import { Signer } from '@aws-sdk/rds-signer';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { environmentCredentials, signInToken } from '../../../handlers/findings/token';

const NOW = new Date('2026-11-27T12:34:56.789Z');
const PLACE = { host: 'findings.cluster-abc.eu-west-1.rds.amazonaws.com', port: 5432, user: 'findings_api' };

beforeEach(() => void vi.useFakeTimers({ now: NOW, toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

test.each([
  ['of a role', { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 's3cr3t/+', sessionToken: "IQo!JbW'93(d3Vz)*==/+&" }],
  ['of a user', { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 's3cr3t' }],
])('a token by credentials %s is that of the SDK', async (_whose, credentials) => {
  const signer = new Signer({
    hostname: PLACE.host,
    port: 5432,
    username: PLACE.user,
    region: 'eu-west-1',
    credentials,
  });
  expect(partsOf(signInToken(PLACE, 'eu-west-1', credentials))).toEqual(partsOf(await signer.getAuthToken()));
});

test('fails without credentials', () => {
  expect(() => environmentCredentials({ AWS_ACCESS_KEY_ID: 'ASIAEXAMPLE' })).toThrow(
    'AWS_SECRET_ACCESS_KEY is not set',
  );
});

/** A query means the same in any order. */
function partsOf(token: string): string[] {
  return token.split(/[?&]/).sort();
}
