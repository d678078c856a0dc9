import { execFile } from 'node:child_process';
import { request } from 'node:http';
import path from 'node:path';
import { promisify } from 'node:util';
import { GetTablesCommand, GlueClient } from '@aws-sdk/client-glue';
import { DeleteObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeLake, type SampleLake } from '../../demo/lake/lake';
import { type EmulatedAccount, startEmulatedAccount } from '../../emulator/account';

const BUCKET = 'tablesleuth-demo-lake';
const SIZE_LIMIT_BYTES = 5_000_000;
const DAY_MS = 24 * 60 * 60 * 1000;

/** What the readers of the table formats find, by the name of the table. */
type Found = Record<string, Record<string, unknown>>;

describe('the sample lake in an emulated account', { concurrent: false }, () => {
  let account: EmulatedAccount;
  let lake: SampleLake;
  let found: Found;

  beforeAll(async () => {
    account = await startEmulatedAccount({ stateDirectory: '.cache/test-accounts/lake', enforceIam: true });
    lake = await makeLake(account);
    found = await readLake(account, lake);
  });

  afterAll(() => account?.stop());

  test('has tables of three kinds, each with the rows that were promised', () => {
    expect(lake).toMatchObject({ bucketArn: `arn:aws:s3:::${BUCKET}`, database: 'sample' });
    expect(lake.tables.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'iceberg sample.orders',
      'iceberg sample.customers',
      'delta shipments',
      'parquet clicks',
    ]);
    for (const { name, rows } of lake.tables) expect(found[name], name).toMatchObject({ rows });
  });

  test('has an Iceberg table in Glue with small files, old snapshots, a later column and deletes of both kinds', () => {
    const orders = found['sample.orders']!;
    expect(orders).toMatchObject({
      snapshots: 14,
      operations: { append: 10, delete: 3, overwrite: 1 },
      dataFiles: 40,
      smallDataFiles: 40,
      deleteFiles: 18,
      rowsInFirstSnapshot: 500,
    });
    expect(orders.distinctKeys).toBe(orders.rows);
    expect(orders.rows).toBeLessThan(5_000);
    expect(orders.columns).toEqual([...(orders.firstColumns as string[]), 'channel']);
    expect(Number(orders.last) - Number(orders.first)).toBeGreaterThan(10 * DAY_MS);
  });

  test('has a healthy Iceberg table beside it', () => {
    expect(found['sample.customers']).toMatchObject({ dataFiles: 1, deleteFiles: 0, rowsInFirstSnapshot: 1_000 });
  });

  test('has a Delta table with versions, a checkpoint, and files that nothing uses any more', () => {
    const shipments = found.shipments!;
    expect(shipments).toMatchObject({
      versions: 16,
      operations: { WRITE: 12, DELETE: 2, UPDATE: 1, OPTIMIZE: 1 },
      rowsInFirstVersion: 400,
      checkpoints: 1,
    });
    expect(shipments.waste).toBeGreaterThan(Number(shipments.files));
  });

  test('has Parquet files that were written well and badly', () => {
    expect(found.clicks).toMatchObject({
      files: 5,
      rowGroups: [1, 4, 20, 1, 1],
      codecs: ['GZIP', 'SNAPPY', 'UNCOMPRESSED', 'ZSTD'],
      withoutStatistics: 1,
    });
  });

  test('is small', async () => {
    const sizes = (await objects(account)).map(({ Size }) => Size ?? 0);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(SIZE_LIMIT_BYTES);
  });

  test('tells where its bucket is, also whom it refuses, as S3 does: readers of Delta ask without credentials', async () => {
    expect(await headBucket(account)).toEqual({ status: 403, region: 'us-east-2' });
  });

  test('is left as it is when it is whole', async () => {
    const before = await objects(account);
    expect(await makeLake(account)).toEqual(lake);
    expect(await objects(account)).toEqual(before);
  });

  test('is made anew, with the same rows, when it is not', async () => {
    await new S3Client(account.client).send(new DeleteObjectCommand({ Bucket: BUCKET, Key: '_sample_lake.json' }));
    const said: string[] = [];
    expect(await makeLake(account, { onProgress: (line) => said.push(line) })).toEqual(lake);
    expect(said).toContain('Sample lake: Iceberg table sample.orders');
    const { TableList = [] } = await new GlueClient(account.client).send(
      new GetTablesCommand({ DatabaseName: 'sample' }),
    );
    expect(TableList.map(({ Name }) => Name).sort()).toEqual(['customers', 'orders']);
  });

  test('fails with the reason when the account refuses', async () => {
    const stranger = { ...account, environment: { ...account.environment, AWS_ACCESS_KEY_ID: 'AKIANOBODY' } };
    await expect(makeLake(stranger)).rejects.toThrow(
      /could not be made in the bucket tablesleuth-demo-lake.*(Invalid|Denied)/s,
    );
  });

  test('fails rather than write to an endpoint that is not on this machine', async () => {
    const foreign = { ...account, endpoint: 'https://s3.us-east-2.amazonaws.com' };
    await expect(makeLake(foreign)).rejects.toThrow(/not on this machine/);
    const environment = { ...account.environment, AWS_ENDPOINT_URL: 'https://s3.us-east-2.amazonaws.com' };
    await expect(makeLake({ ...account, environment })).rejects.toThrow(/emulated account on this machine alone/);
  });
});

/** Asks PyIceberg, delta-rs and pyarrow, each through S3 and Glue alone. */
async function readLake(account: EmulatedAccount, lake: SampleLake): Promise<Found> {
  const { LAKE_PYTHON } = await import('../../demo/lake/prepare.mjs');
  const reader = path.join(__dirname, 'fixtures', 'read_lake.py');
  const { stdout } = await promisify(execFile)(LAKE_PYTHON, [reader, JSON.stringify(lake.tables)], {
    env: { ...account.environment, PYTHONDONTWRITEBYTECODE: '1' },
  });
  return JSON.parse(stdout) as Found;
}

/** The virtual-hosted form of the request, which only a `Host` header can have here. */
function headBucket({ endpoint }: EmulatedAccount): Promise<{ status?: number; region: unknown }> {
  return new Promise((resolve, reject) => {
    request(endpoint, { method: 'HEAD', headers: { host: `${BUCKET}.s3.amazonaws.com` } }, (response) => {
      response.resume();
      resolve({ status: response.statusCode, region: response.headers['x-amz-bucket-region'] });
    })
      .once('error', reject)
      .end();
  });
}

async function objects(account: EmulatedAccount) {
  const { Contents = [] } = await new S3Client(account.client).send(new ListObjectsV2Command({ Bucket: BUCKET }));
  return Contents.map(({ Key, Size, LastModified }) => ({ Key, Size, LastModified }));
}
