import { describe, expect, test } from 'vitest';
import type { GivenSettings } from '../../app/settings/schema';
import {
  belongsTo,
  EVERY_PART,
  EVERY_PART_WITH_FINDINGS,
  SWITCHED_PARTS,
  SWITCHED_PARTS_WITH_FINDINGS,
} from '../support/parts';
import { settingsOf, synthesize } from '../support/synthesis';
import { resourcesOf } from '../support/template';

/** Every resource of an environment, as `<stack>/<logical id>`. */
const inventory = (settings: GivenSettings) =>
  synthesize(settingsOf(settings)).synthesis.stacks.flatMap(({ name, template }) =>
    resourcesOf(template).map(({ id }) => `${name.replace(/^Tablesleuth|-dev$/g, '')}/${id}`),
  );

describe.each([
  ['hosts', EVERY_PART, SWITCHED_PARTS],
  ['hosts, with findings', EVERY_PART_WITH_FINDINGS, SWITCHED_PARTS_WITH_FINDINGS],
])('of %s', (_of, all, switchedParts) => {
  const everything = inventory(all);
  const parts = Object.values(switchedParts);

  describe.each(Object.entries(switchedParts))('%s, switched off,', (_name, part) => {
    test('takes away all that is there because of it, and nothing else', () => {
      const left = inventory({ ...all, ...part.off });
      expect(left.sort()).toEqual(everything.filter((resource) => !belongsTo(part, resource)).sort());
      expect(left.length).toBeLessThan(everything.length);
    });
  });

  test('every name in the table stands for something', () => {
    const idle = parts
      .flatMap(({ owns, off }) => owns.map((own) => ({ owns: [own], off })))
      .filter((part) => !everything.some((resource) => belongsTo(part, resource)));
    expect(idle).toEqual([]);
  });

  test('all of them off leave what hosts need, and an operations stack with nothing in it', () => {
    const off = Object.assign({}, ...parts.map((part) => part.off)) as GivenSettings;
    const left = inventory({ ...all, ...off });
    expect(left.filter((resource) => parts.some((part) => belongsTo(part, resource)))).toEqual([]);
    expect(left.filter((resource) => resource.startsWith('Operations/'))).toEqual(['Operations/NothingIsOn']);
  });
});
