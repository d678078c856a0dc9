import { describe, expect, test } from 'vitest';
import { wantedOfVpcCidr } from '../../app/settings/cidr';

const PREFIXES = Array.from({ length: 9 }, (_, index) => 16 + index);

/** Numbers that look random and are the same in every run. */
function* numbers(seed: number): Generator<number> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state;
  }
}

const addressOf = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
const masked = (value: number, prefix: number) => (value & (0xffffffff << (32 - prefix))) >>> 0;

function samples(count: number, base: number, prefix: number): number[] {
  const source = numbers(base);
  return Array.from({ length: count }, () => (masked(base, prefix) | (Number(source.next().value) >>> prefix)) >>> 0);
}

describe.each([
  ['10.0.0.0/8', 0x0a000000, 8],
  ['172.16.0.0/12', 0xac100000, 12],
  ['192.168.0.0/16', 0xc0a80000, 16],
])('inside %s', (_name, base, rangePrefix) => {
  test('any block from /16 to /24 that begins at its first address is accepted', () => {
    for (const address of samples(200, base, rangePrefix)) {
      for (const prefix of PREFIXES) {
        const block = `${addressOf(masked(address, prefix))}/${prefix}`;
        expect([block, wantedOfVpcCidr(block)]).toEqual([block, undefined]);
      }
    }
  });

  test('any other address of a block is refused, and the first one is advised, which is then accepted', () => {
    for (const address of samples(200, base, rangePrefix)) {
      for (const prefix of PREFIXES.filter((candidate) => masked(address, candidate) !== address)) {
        const wanted = wantedOfVpcCidr(`${addressOf(address)}/${prefix}`);
        expect(wanted).toBe(`the block's first address: ${addressOf(masked(address, prefix))}/${prefix}`);
        expect(wantedOfVpcCidr(wanted?.split(': ')[1] ?? '')).toBeUndefined();
      }
    }
  });

  test.each([0, 8, 15, 25, 28, 32])('a /%i is refused', (prefix) => {
    expect(wantedOfVpcCidr(`${addressOf(masked(base, prefix))}/${prefix}`)).toBe('a block between /16 and /24');
  });
});

test('no block outside the private ranges is accepted', () => {
  const source = numbers(7);
  const isPrivate = (value: number) => value >>> 24 === 10 || value >>> 20 === 0xac1 || value >>> 16 === 0xc0a8;
  for (let count = 0; count < 2000; count += 1) {
    const address = masked(Number(source.next().value), 16);
    expect(wantedOfVpcCidr(`${addressOf(address)}/16`) === undefined).toBe(isPrivate(address));
  }
});

test.each(['172.15.0.0/16', '172.32.0.0/16', '11.0.0.0/16', '9.255.0.0/16', '192.167.0.0/16', '192.169.0.0/16'])(
  '%s, just outside a private range, is refused',
  (block) => {
    expect(wantedOfVpcCidr(block)).toMatch(/^a private block/);
  },
);

test.each([
  '',
  '10.0.0.0',
  '10.0.0/16',
  '10.0.0.0.0/16',
  '10.0.0.256/16',
  '010.0.0.0/16',
  '10.0.0.0/016',
  '10.0.0.0/33',
  ' 10.0.0.0/16',
  '10.0.0.0/16\n',
  'fd00::/16',
  '-1.0.0.0/16',
])('%j is no block at all', (text) => {
  expect(wantedOfVpcCidr(text)).toBe('an IPv4 block such as 10.10.0.0/16');
});
