import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { assume } from '../../../cli/cost/assumptions';
import { PROJECT, projectSettings } from '../../support/synthesis';
import { tableOf } from './priced-templates';

/** A month in which nothing is swept and nobody asks: a gigabyte of findings is kept, and that is all. */
const IDLE = assume(
  ['databaseUnitHours', 'databaseRequests', 'workerHours', 'apiRequests', 'functionCalls', 'messages', 'endpointGb']
    .map((name) => `${name}=0`)
    .concat(['stateTransitions=0', 'secretRequests=0', 'logGb=0', 'databaseGb=1', 'bucketGb=1']),
);

const monthOf = (service: object | false) => {
  const { totals, unknown } = tableOf(projectSettings('dev', { service }), {}, IDLE);
  expect(unknown).toEqual([]);
  return totals.spot;
};

test('what dev costs more with an idle service, whose database pauses and which has no NAT gateway, is what the documents say', () => {
  const idle = monthOf({}) - monthOf(false);
  expect(idle).toBeLessThan(10);
  const said = readFileSync(join(PROJECT, 'docs', 'findings.md'), 'utf8');
  expect(said).toContain(`$${idle.toFixed(2)} a month`);
});
