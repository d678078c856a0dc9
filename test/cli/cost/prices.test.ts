import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ASSUMPTIONS } from '../../../cli/cost/assumptions';
import { datedPrices } from '../../../cli/cost/dated-prices';
import instances from '../../../cli/cost/prices/instances.json';
import rates from '../../../cli/cost/prices/rates.json';
import { emittedMetrics } from '../../support/emitted-metrics';
import { PROJECT } from '../../support/synthesis';

describe('the dated tables', () => {
  test('have no price of zero, and a page of AWS beside each rate', () => {
    for (const [name, { usd, page, from, says, unit }] of Object.entries(rates.rates)) {
      expect(
        Object.values(usd).every((price) => price > 0),
        name,
      ).toBe(true);
      expect(page, name).toMatch(/^https:\/\/aws\.amazon\.com\/.*\/pricing\/$/);
      expect(says.length, name).toBeGreaterThan(10);
      expect(unit, name).not.toBe('');
      expect(['page', 'transcript', 'others'], name).toContain(from);
    }
    const hourly = Object.values(instances.regions).flatMap((region) => Object.values(region).flat());
    expect(hourly.length).toBeGreaterThan(1500);
    expect(hourly.every((price) => price === null || price > 0)).toBe(true);
  });

  test('say where instance prices are from, of when, and under which licence', () => {
    expect(instances).toMatchObject({ date: '2025-05-28', source: expect.stringContaining('ec2instances.info') });
    const licence = readFileSync(join(PROJECT, 'cli', 'cost', 'prices', 'LICENSE.txt'), 'utf8');
    expect(licence).toContain('Copyright (c) 2013 Garret Heaton');
    expect(licence).toContain('The above copyright notice and this permission notice shall be\nincluded');
  });

  test.each([
    ['t3.small', 0.0208, 0.005824],
    ['m7i.xlarge', 0.2016, 0.08064],
    ['m7g.large', 0.0816, 0.029376],
    ['r8g.large', 0.11784, 0.031817],
    ['m4.xlarge', 0.2, 0.092],
  ])('have %s of us-east-2', (type, onDemand, spot) => {
    const book = datedPrices('us-east-2');
    expect(book.onDemand(type)).toBeCloseTo(onDemand, 4);
    expect(book.spot(type)).toBeCloseTo(spot, 4);
  });

  test('know nothing of a region or a type that is not there', () => {
    expect(datedPrices('mars-north-1').onDemand('t3.small')).toBeUndefined();
    expect(datedPrices('mars-north-1').rate('natGateway')).toBeUndefined();
    expect(datedPrices('us-east-2').spot('p5.48xlarge')).toBeUndefined();
    expect(datedPrices('mars-north-1').rate('kmsKey')).toBe(1);
  });
});

test('the assumed metrics of a host are those that it sends', () => {
  expect(ASSUMPTIONS.hostMetrics.value).toBe(emittedMetrics('dev').length);
});
