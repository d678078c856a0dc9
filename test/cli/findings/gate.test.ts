import { describe, expect, test } from 'vitest';

import { judge, type Keys, type Knock } from '../../../cli/findings/gate';

const KEYS: Keys = {
  ...{ host: '127.0.0.1:8081', cookieName: 'findings', token: 'right', isTokenUsed: false, session: 'of-the-browser' },
};
const IN: Knock = {
  ...{ method: 'GET', target: '/worst', host: '127.0.0.1:8081', cookie: 'a=b; findings=of-the-browser' },
  site: undefined,
};
const OUT: Knock = { ...IN, cookie: undefined };
const FIRST: Knock = { ...OUT, target: '/?token=right' };

const kindOf = (knock: Knock, keys: Keys = KEYS) => judge(knock, keys).kind;

describe('whoever has the cookie', () => {
  test.each([undefined, 'none', 'same-origin'])('may read, from a page of here (%s)', (site) => {
    expect(kindOf({ ...IN, site })).toBe('forward');
    expect(kindOf({ ...IN, site, method: 'HEAD' })).toBe('forward');
  });

  test.each(['same-site', 'cross-site'])('is refused what another page asks for (%s)', (site) => {
    expect(judge({ ...IN, site }, KEYS)).toMatchObject({ kind: 'refuse', status: 403 });
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'CONNECT', ''])('is refused %s', (method) => {
    expect(judge({ ...IN, method }, KEYS)).toMatchObject({ kind: 'refuse', status: 405 });
  });

  test.each([
    'localhost:8081',
    '127.0.0.1',
    '127.0.0.1:80',
    'evil.example:8081',
    '127.0.0.1:8081.evil.example',
    undefined,
  ])('is refused at the host %s', (host) => {
    expect(judge({ ...IN, host }, KEYS)).toMatchObject({ kind: 'refuse', status: 403 });
  });

  test('goes on when it opens the address once more', () => {
    expect(kindOf({ ...IN, target: '/?token=right' }, { ...KEYS, isTokenUsed: true })).toBe('go on');
  });
});

describe('whoever has no cookie', () => {
  test('is let in by the token', () => {
    expect(kindOf(FIRST)).toBe('let in');
    expect(kindOf({ ...FIRST, site: 'cross-site' })).toBe('let in');
  });

  test('is not let in by a token that let another browser in', () => {
    expect(judge(FIRST, { ...KEYS, isTokenUsed: true })).toMatchObject({ detail: expect.stringContaining('already') });
  });

  test.each(['/?token=wrong', '/?token=', '/?token', '/worst?token=right', '/', '/worst'])(
    'is refused %s',
    (target) => {
      expect(kindOf({ ...OUT, target })).toBe('refuse');
    },
  );

  test.each(['findings=', 'findings=wrong', 'other=of-the-browser', 'xfindings=of-the-browser', ';;='])(
    'with %s is refused',
    (cookie) => {
      expect(kindOf({ ...OUT, cookie })).toBe('refuse');
    },
  );

  test('does not use the token up by looking at the address', () => {
    expect(kindOf({ ...FIRST, method: 'HEAD' })).toBe('refuse');
  });
});
