import { describe, expect, test } from 'vitest';
import { failed, judge, leftOut, median, table } from '../../bench/figure';

describe('a figure', () => {
  const peer = { name: 'bare app', value: 1 };

  test('fails above its bound', () => {
    expect(judge({ name: 'a', value: 2.01, peer, mostRatio: 2 }).ok).toBe(false);
    expect(judge({ name: 'a', value: 15.1, most: 15 }).ok).toBe(false);
  });

  test.each([
    [1.9, true],
    [2.1, false],
    [3.1, false],
  ])('with two bounds is well only within both: %d', (value, ok) => {
    expect(judge({ name: 'a', value, peer, most: 3, mostRatio: 2 })).toMatchObject({ ok, bound: '≤ 3 s, ≤ 2 ×' });
  });

  test('fails when its ratio is bounded and there is nothing to compare it with', () => {
    expect(judge({ name: 'a', value: 1, mostRatio: 2 }).ok).toBe(false);
  });

  test('that this computer cannot measure says why, and fails in CI alone', () => {
    expect(leftOut('a', 'machines need root', false)).toMatchObject({ ok: true, peer: 'machines need root' });
    expect(leftOut('a', 'machines need root', true).ok).toBe(false);
  });

  test('fails when it could not be measured', () => {
    expect(failed('a').ok).toBe(false);
  });

  test('is well at its bound', () => {
    expect(judge({ name: 'a', value: 2, peer, mostRatio: 2 })).toMatchObject({
      ok: true,
      ratio: '2.00 ×',
      bound: '≤ 2 ×',
    });
    expect(judge({ name: 'a', value: 15, most: 15 })).toMatchObject({ ok: true, ratio: '', bound: '≤ 15 s' });
    expect(judge({ name: 'a', value: 4096, unit: 'MiB', most: 4096 })).toMatchObject({ ok: true, figure: '4096 MiB' });
  });

  test('without a bound is well', () => {
    expect(judge({ name: 'a', value: 99 }).ok).toBe(true);
  });
});

describe('the median', () => {
  test('fails without a measurement', () => {
    expect(() => median([])).toThrow('no measurement');
  });

  test('is not moved by one slow run', () => {
    expect(median([1, 100, 2])).toBe(2);
  });

  test('of an even number is between the two in the middle', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });
});

test('the table has a line for each figure, in columns', () => {
  const lines = table([judge({ name: 'short', value: 1 }), failed('a longer name')]).split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[2]).toMatch(/^short {10}1\.00 s/);
  expect(lines[3]).toMatch(/^a longer name {2}failed.*NO$/);
});
