import { describe, expect, test } from 'vitest';
import { assume } from '../../../cli/cost/assumptions';
import { chargesOf } from '../../../cli/cost/estimate';
import { FREE, isFree, RULES } from '../../../cli/cost/rules/rules';
import { templatesOf } from '../../cli/cost/priced-templates';
import { VARIANTS } from '../../support/variants';

describe('every type of resource', () => {
  test.each(VARIANTS)('of %s has a rule or is free', (_name, settings) => {
    const types = templatesOf(settings).flatMap(({ resources }) => Object.values(resources).map(({ Type }) => Type));
    expect([...new Set(types)].filter((type) => !(type in RULES) && !isFree(type))).toEqual([]);
  });

  test('is not both free and priced', () => {
    expect(FREE.filter((type) => type in RULES)).toEqual([]);
  });
});

test('a host of a group of two to four with hours is counted twice, as it is deployed', () => {
  const [, settings] = VARIANTS.find(([name]) => name === 'a watched spot group of two to four with hours')!;
  const charges = chargesOf(templatesOf(settings), assume()).map(({ charge }) => charge);
  expect(charges.filter(({ kind }) => kind === 'host')).toMatchObject([{ hosts: 2, most: 4 }]);
});
