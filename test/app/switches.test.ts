import { describe, expect, test } from 'vitest';
import type { GivenSettings } from '../../app/settings/schema';
import { belongsTo, EVERY_PART, SWITCHED_PARTS } from '../support/parts';
import { settingsOf, synthesize } from '../support/synthesis';
import { resourcesOf } from '../support/template';

/** Every resource of an environment, as `<stack>/<logical id>`. */
const inventory = (settings: GivenSettings) =>
  synthesize(settingsOf(settings)).synthesis.stacks.flatMap(({ name, template }) =>
    resourcesOf(template).map(({ id }) => `${name.replace(/^Tablesleuth|-dev$/g, '')}/${id}`),
  );

const everything = inventory(EVERY_PART);

describe.each(Object.entries(SWITCHED_PARTS))('%s, switched off,', (_name, part) => {
  test('takes away all that is there because of it, and nothing else', () => {
    const left = inventory({ ...EVERY_PART, ...part.off });
    expect(left.sort()).toEqual(everything.filter((resource) => !belongsTo(part, resource)).sort());
    expect(left.length).toBeLessThan(everything.length);
  });
});

test('every name in the table stands for something', () => {
  const idle = Object.values(SWITCHED_PARTS)
    .flatMap(({ owns, off }) => owns.map((own) => ({ owns: [own], off })))
    .filter((part) => !everything.some((resource) => belongsTo(part, resource)));
  expect(idle).toEqual([]);
});

test('all of them off leave what hosts need, and an operations stack with nothing in it', () => {
  const off = Object.assign({}, ...Object.values(SWITCHED_PARTS).map((part) => part.off)) as GivenSettings;
  const left = inventory({ ...EVERY_PART, ...off });
  const parts = Object.values(SWITCHED_PARTS);
  expect(left.filter((resource) => parts.some((part) => belongsTo(part, resource)))).toEqual([]);
  expect(left.filter((resource) => resource.startsWith('Operations/'))).toEqual(['Operations/NothingIsOn']);
});
