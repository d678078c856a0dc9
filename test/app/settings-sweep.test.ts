import { describe, expect, test } from 'vitest';
import { messageAbout } from '../support/settings-problems';
import { settingsOf, synthesize } from '../support/synthesis';
import { resourcesOf, textOf } from '../support/template';

const LAKE = 'arn:aws:s3:::lake';
const TABLES = 'arn:aws:s3tables:us-east-2:111122223333:bucket/tables';

/** What is wrong with the settings; they are not of the types that the compiler would take. */
describe('fails, and says what is wanted:', () => {
  test.each<[unknown, string]>([
    [{ sweep: true }, 'sweep: got true, wants a block of settings: schedule, tables, spot, maxVcpus; or false'],
    [
      { sweep: {} },
      'sweep: got a block of settings while data names nothing to read, wants something in data.glueDatabases, ' +
        'data.tableBuckets or data.buckets, or no sweep',
    ],
    [{ sweep: { schedule: 'daily' } }, 'sweep.schedule: got "daily", wants a schedule of EventBridge Scheduler'],
    [{ sweep: { tables: [] } }, 'sweep.tables: got [], wants a list of glue:DATABASE'],
    [{ sweep: { tables: ['sales'] } }, 'sweep.tables[0]: got "sales", wants glue:DATABASE, DATABASE.TABLE, the ARN'],
    [
      { sweep: { tables: ['glue:sales'] }, data: { glueDatabases: ['other'] } },
      'sweep.tables[0]: got "glue:sales", wants sales in data.glueDatabases as well: the sweep may read what data names',
    ],
    [{ sweep: { tables: ['sales.orders'] } }, 'sweep.tables[0]: got "sales.orders", wants sales in data.glueDatabases'],
    [{ sweep: { tables: ['s3://lake/a'] } }, 'sweep.tables[0]: got "s3://lake/a", wants lake in data.buckets as well'],
    [
      { sweep: { tables: [`${TABLES}/table/shop.orders`] } },
      `sweep.tables[0]: got "${TABLES}/table/shop.or...`.slice(0, 60),
    ],
    [
      { sweep: { maxVcpus: 0 }, data: { buckets: [LAKE] } },
      'sweep.maxVcpus: got 0, wants a whole number from 1 to 256',
    ],
  ])('%o', (document, message) => {
    expect(messageAbout(document)).toContain(message);
  });
});

test('is off when it is left out or false', () => {
  expect([settingsOf({}).sweep, settingsOf({ sweep: false }).sweep]).toEqual([undefined, undefined]);
});

/** What the planner of these settings is told to sweep. */
function swept(settings: Parameters<typeof synthesize>[0]): string[] {
  const { synthesis } = synthesize(settings);
  const { template } = synthesis.stacks.find(({ name }) => name.startsWith('TablesleuthSweep'))!;
  const planner = resourcesOf(template, 'AWS::Batch::JobDefinition').find(({ id }) => id.includes('Planner'))!;
  const { Command } = planner.Properties!.ContainerProperties as { Command: unknown[] };
  return Command.slice(9).map((part) => textOf(template, part));
}

test.each([
  [{ buckets: [LAKE], glueDatabases: ['sales'], tableBuckets: [TABLES] }, undefined, ['glue:sales', TABLES]],
  [{ buckets: [LAKE] }, undefined, ['s3://lake']],
  [{ buckets: [LAKE], glueDatabases: ['sales'] }, ['sales.orders', 's3://lake/raw'], ['sales.orders', 's3://lake/raw']],
])('with data %o and tables %o sweeps %o', (data, tables, expected) => {
  expect(swept({ data, sweep: { ...(tables && { tables }) } })).toEqual(expected);
});

test('tells people of sweeps that fail, where people are told at all', () => {
  const rules = (alarms: { email: string } | false) =>
    resourcesOf(synthesize({ data: { buckets: [LAKE] }, sweep: {}, alarms }).operations, 'AWS::Events::Rule').filter(
      ({ id }) => id.startsWith('SweepNotices'),
    );
  expect([rules({ email: 'team@example.com' }).length, rules(false).length]).toEqual([1, 0]);
});
