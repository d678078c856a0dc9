import { describe, expect, test } from 'vitest';

import { type Address, addressOf, hashOf, requestsOf } from '../../../../handlers/findings-api/page/address';
import { submitted } from '../../../../handlers/findings-api/page/forms';

const NOW = new Date('2026-11-27T17:00:00Z');
const KEY = '0123456789abcdef0123456789abcdef';

describe('an address', () => {
  test.each<Address>([
    { view: 'worst', by: 'smallRatio' },
    { view: 'changes', by: 'bytes', since: '2026-11-01' },
    { view: 'tables', name: 'a&b=#?/ü%', cursor: 'WyJhIl0' },
    { view: 'table', key: KEY, by: 'deleteFiles', cursor: '' },
    { view: 'table', key: '../worst?', by: 'files', cursor: 'x' },
  ])('says what it was made of: %j', (address) => {
    const { key, ...rest } = address as Address & { key?: string };
    const said = addressOf(hashOf(address), NOW);
    expect(said).toEqual(key === undefined ? rest : { ...rest, key: encodeURIComponent(key) });
  });

  test.each([
    ['', { view: 'worst', by: 'reclaimableBytes' }],
    ['#main', { view: 'worst', by: 'reclaimableBytes' }],
    ['#/worst?by=toString', { view: 'worst', by: 'reclaimableBytes' }],
    ['#/changes?since=yesterday', { view: 'changes', by: 'reclaimableBytes', since: '2026-11-20' }],
    ['#/changes?since=2026-99-99', { view: 'changes', by: 'reclaimableBytes', since: '2026-11-20' }],
    ['#/tables/', { view: 'tables', name: '', cursor: '' }],
  ])('that says nothing, or something wrong, is as usual: %s', (hash, address) => {
    expect(addressOf(hash, NOW)).toEqual(address);
  });
});

describe('the API is asked', () => {
  test.each<[Address, string[]]>([
    [{ view: 'worst', by: 'files' }, ['worst?by=files&limit=50']],
    [
      { view: 'changes', by: 'files', since: '2026-11-20' },
      ['changes?since=2026-11-20T00%3A00%3A00Z&by=files&limit=50'],
    ],
    [{ view: 'tables', name: 'a b', cursor: '' }, ['tables?name=a+b&limit=20']],
    [{ view: 'tables', name: '', cursor: 'c' }, ['tables?cursor=c&limit=20']],
    [{ view: 'table', key: KEY, by: 'files', cursor: '' }, [`tables/${KEY}`, `tables/${KEY}/findings?limit=100`]],
  ])('for %j', (address, requests) => {
    expect(requestsOf(address)).toEqual(requests);
  });

  test('below the path of the page, whatever an address says', () => {
    const [request] = requestsOf(addressOf('#/tables/https:%2F%2Felsewhere.example%2F..', NOW));
    const asked = new URL(request ?? '', 'https://api.example.com/v1/');
    expect([asked.origin, asked.pathname.split('/')[1]]).toEqual(['https://api.example.com', 'v1']);
  });
});

describe('a form', () => {
  test('changes what it asks for, and leaves the rest', () => {
    const from: Address = { view: 'table', key: KEY, by: 'files', cursor: 'c' };
    expect(submitted(from, { by: 'bytes' })).toBe(`#/tables/${KEY}?by=bytes&cursor=c`);
  });

  test('begins another search at its first page', () => {
    expect(submitted({ view: 'tables', name: 'a', cursor: 'c' }, { name: 'b' })).toBe('#/tables?name=b');
  });
});
