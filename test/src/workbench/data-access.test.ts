import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Stack } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { DataAccess } from '../../../src';
import { statementsOf } from '../../support/iam';
import { templateOf } from '../../support/synthesis';
import { host } from '../../support/workbench';

const TABLE_BUCKET = 'arn:aws:s3tables:us-east-2:111122223333:bucket/tables';
const KEY = 'arn:aws:kms:us-east-2:111122223333:key/1234abcd';

/** What a host with this access may do to tables. */
function tableStatements(access: (stack: Stack) => DataAccess[]): unknown[] {
  const template = templateOf((stack) => host(stack, { dataAccess: access(stack) }));
  return statementsOf(template)
    .filter(({ policy }) => policy.includes('HostRoleTables'))
    .map(({ effect, actions, resources, condition }) => ({ effect, actions, resources, condition }));
}

const allow = (actions: string[], resources: string[]) => ({
  effect: 'Allow',
  actions,
  resources,
  condition: undefined,
});

const BUCKET = [
  allow(['s3:GetBucketLocation', 's3:ListBucket'], ['arn:aws:s3:::lake']),
  allow(['s3:GetObject'], ['arn:aws:s3:::lake/*']),
];

test('a bucket is listed, located and read, and nothing more', () => {
  const statements = tableStatements((stack) => [
    DataAccess.bucket(Bucket.fromBucketArn(stack, 'Lake', 'arn:aws:s3:::lake')),
  ]);
  expect(sorted(statements)).toEqual(BUCKET);
});

test('a Glue database and its tables are read, and no other', () => {
  const glue = 'arn:aws:glue:us-east-2:111122223333';
  expect(tableStatements(() => [DataAccess.glueDatabase('sales')])).toEqual([
    allow(
      [
        'glue:GetDatabase',
        'glue:GetDatabases',
        'glue:GetPartition',
        'glue:GetPartitions',
        'glue:GetTable',
        'glue:GetTables',
      ],
      [`${glue}:catalog`, `${glue}:database/sales`, `${glue}:table/sales/*`],
    ),
  ]);
});

test('a table bucket is listed and its tables are read', () => {
  expect(sorted(tableStatements(() => [DataAccess.tableBucket(TABLE_BUCKET)]))).toEqual([
    allow(
      ['s3tables:GetNamespace', 's3tables:GetTableBucket', 's3tables:ListNamespaces', 's3tables:ListTables'],
      [TABLE_BUCKET],
    ),
    allow(
      ['s3tables:GetTable', 's3tables:GetTableData', 's3tables:GetTableMetadataLocation'],
      [`${TABLE_BUCKET}/table/*`],
    ),
  ]);
});

test('a key decrypts, and does not encrypt', () => {
  expect(tableStatements((stack) => [DataAccess.key(Key.fromKeyArn(stack, 'Key', KEY))])).toEqual([
    allow(['kms:Decrypt'], [KEY]),
  ]);
});

test('several are granted together', () => {
  const statements = tableStatements((stack) => [
    DataAccess.bucket(Bucket.fromBucketArn(stack, 'Lake', 'arn:aws:s3:::lake')),
    DataAccess.key(Key.fromKeyArn(stack, 'Key', KEY)),
  ]);
  expect(sorted(statements)).toEqual([allow(['kms:Decrypt'], [KEY]), ...BUCKET]);
});

test('with nothing named there is no policy for tables at all, and none of the other ones reaches data', () => {
  const statements = statementsOf(templateOf((stack) => host(stack)));
  expect(tableStatements(() => [])).toEqual([]);
  const services = new Set(statements.flatMap(({ actions }) => actions.map((action) => action.split(':')[0])));
  expect(services).not.toContain('glue');
  expect(services).not.toContain('s3tables');
  const s3 = statements.filter(({ actions }) => actions.some((action) => action.startsWith('s3:')));
  expect(s3.map(({ sid, actions }) => ({ sid, actions }))).toEqual([{ sid: 'HostBundle', actions: ['s3:GetObject'] }]);
});

describe('fails for a Glue database', () => {
  test.each(['Sales', 'sales*', '', 'a/b', 'a'.repeat(256)])('named "%s"', (name) => {
    expect(() => DataAccess.glueDatabase(name)).toThrow(
      `Glue database "${name}" must be 1 to 255 lower-case letters, digits, underscores or hyphens`,
    );
  });
});

test.each(['a', 'sales_2026', 'sales-eu', 'a'.repeat(255)])('a Glue database may be named "%s"', (name) => {
  expect(DataAccess.glueDatabase(name).glueDatabaseName).toBe(name);
});

test('a table bucket and a Glue database say so, for the catalogs that the host writes', () => {
  expect(DataAccess.tableBucket(TABLE_BUCKET).tableBucketArn).toBe(TABLE_BUCKET);
  expect(DataAccess.tableBucket(TABLE_BUCKET).glueDatabaseName).toBeUndefined();
  expect(DataAccess.glueDatabase('sales').tableBucketArn).toBeUndefined();
});

function sorted(statements: unknown[]): unknown[] {
  return [...statements].sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
}
