import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeLake, type SampleLake } from '../../demo/lake/lake';
import { type EmulatedAccount, startEmulatedAccount } from '../../emulator/account';

const SWEEP = path.join(__dirname, '..', '..', 'sweep');
const BUCKET = 'tablesleuth-demo-lake';

/** As much of a finding document as is looked at here. */
interface Finding {
  readonly table: { readonly id: string; readonly name: string };
  readonly status: 'ok' | 'failed';
  readonly failure: { readonly kind: string; readonly message: string } | null;
  readonly figures: {
    readonly files: { readonly count: number; readonly rows: number };
    readonly deletes: { readonly files: number; readonly readAmplification: number };
    readonly history: { readonly count: number; readonly oldestAt: string };
    readonly waste: { readonly heldFiles: number; readonly orphanFiles: number | null };
    readonly metadata: { readonly checkpointVersion: number; readonly rowGroups: number; readonly codecs: string[] };
    readonly schema: { readonly changes: readonly { readonly added: string[] }[] };
    readonly notes: readonly string[];
  };
  readonly advice: readonly { readonly code: string }[];
  readonly tableSleuth: { readonly version: string; readonly failure: string | null } | null;
}

interface Done {
  readonly code: number;
  readonly findings: ReadonlyMap<string, Finding>;
  readonly progress: string;
}

describe('a sweep over the sample lake in an emulated account', { concurrent: false }, () => {
  let account: EmulatedAccount;
  let lake: SampleLake;
  let done: Done;
  /** What the formats' own readers find, by the name of the table. */
  let read: Record<string, Record<string, unknown>>;

  beforeAll(async () => {
    account = await startEmulatedAccount({ stateDirectory: '.cache/test-accounts/sweep', enforceIam: true });
    lake = await makeLake(account);
    read = await readLake();
    done = await sweep([
      'glue:sample',
      `s3://${BUCKET}/delta`,
      `s3://${BUCKET}/parquet`,
      '--output',
      `s3://${BUCKET}/_findings`,
    ]);
  });

  afterAll(() => account?.stop());

  test('finds every table, reads it, and ends with 0', () => {
    expect(done.code, done.progress).toBe(0);
    expect([...done.findings.keys()].sort()).toEqual(['clicks', 'sample.customers', 'sample.orders', 'shipments']);
    for (const { name } of lake.tables) {
      expect(done.findings.get(name), name).toMatchObject({
        status: 'ok',
        figures: { files: { rows: read[name]!.rows } },
      });
    }
  });

  test('counts in the neglected Iceberg table what PyIceberg reads through Glue', () => {
    const { figures, advice, tableSleuth } = done.findings.get('sample.orders')!;
    const orders = read['sample.orders']!;
    expect(figures.files.count).toBe(orders.dataFiles);
    expect(figures.deletes.files).toBe(orders.deleteFiles);
    expect(figures.deletes.readAmplification).toBeCloseTo(Number(orders.filesOpened) / Number(orders.dataFiles));
    expect(figures.history.count).toBe(orders.snapshots);
    expect(Date.parse(figures.history.oldestAt)).toBe(orders.first);
    expect(figures.schema.changes.map(({ added }) => added)).toEqual([['channel']]);
    expect(figures.waste.orphanFiles).toBe(0);
    const codes = advice.map(({ code }) => code);
    expect(codes).toEqual(['read-amplification', 'small-files', 'old-snapshots', 'reclaimable-bytes']);
    expect(tableSleuth).toMatchObject({ version: '0.6.1', failure: null });
  });

  test('counts in the Delta table what delta-rs reads, and would vacuum', () => {
    const { figures } = done.findings.get('shipments')!;
    expect(figures.files.count).toBe(read.shipments!.files);
    expect(figures.history.count).toBe(read.shipments!.versions);
    expect(figures.waste.heldFiles).toBe(read.shipments!.waste);
    expect(figures.metadata.checkpointVersion).toBe(6);
  });

  test('counts in the Parquet files what their footers say', () => {
    const { figures } = done.findings.get('clicks')!;
    expect(figures.files.count).toBe(read.clicks!.files);
    expect(figures.metadata.codecs).toEqual(read.clicks!.codecs);
    expect(figures.metadata.rowGroups).toBe((read.clicks!.rowGroups as number[]).reduce((sum, groups) => sum + groups));
  });

  test('has put each document where it was told, and changed nothing else in the bucket', async () => {
    const s3 = new S3Client(account.client);
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: '_findings/' }));
    const documents = await Promise.all(
      Contents.map(async ({ Key }) => {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
        return JSON.parse(await Body!.transformToString()) as Finding;
      }),
    );
    expect(documents.map(({ table }) => table.name).sort()).toEqual([...done.findings.keys()].sort());
    expect(await readLake()).toEqual(read);
  });

  test('reads one table of Glue by its name', async () => {
    const { code, findings } = await sweep(['sample.customers', '--no-tablesleuth']);
    expect([code, [...findings.keys()]]).toEqual([0, ['sample.customers']]);
    expect(findings.get('sample.customers')!.tableSleuth).toBeNull();
  });

  test('reads the tables of a table bucket', async () => {
    const arn = await run([path.join(__dirname, 'write_table_bucket.py')], account.environment);
    const { code, findings } = await sweep([arn.stdout.trim()]);
    expect(code).toBe(0);
    expect(findings.get('sales.orders')).toMatchObject({ status: 'ok', figures: { files: { count: 2, rows: 4 } } });
  });

  test('gives a finding with its reason for each table that it may not read, and reads the rest', async () => {
    const stranger = await identity('stranger', [
      { actions: ['glue:GetTables'], resources: ['*'] },
      { actions: ['s3:ListBucket'], resources: [`arn:aws:s3:::${BUCKET}`] },
      { actions: ['s3:GetObject'], resources: [`arn:aws:s3:::${BUCKET}/warehouse/customers/*`] },
    ]);
    const { code, findings, progress } = await sweep(
      ['glue:sample', `s3://${BUCKET}/parquet`, 'other.table'],
      stranger,
    );
    expect(code, progress).toBe(1);
    const kinds = [...findings.values()].map(({ table, failure }) => [table.name, failure?.kind ?? 'read']);
    expect(Object.fromEntries(kinds)).toEqual({
      'sample.customers': 'read',
      'sample.orders': 'access-denied',
      clicks: 'access-denied',
      'other.table': 'access-denied',
    });
  });

  test('leaves out, with a note, what takes a listing when it may not list', async () => {
    const reader = await identity('reader', [
      { actions: ['glue:GetTable'], resources: ['*'] },
      { actions: ['s3:GetObject'], resources: [`arn:aws:s3:::${BUCKET}/*`] },
    ]);
    const { code, findings } = await sweep(['sample.customers'], reader);
    expect(code).toBe(0);
    const { figures } = findings.get('sample.customers')!;
    expect(figures.waste.orphanFiles).toBeNull();
    expect(figures.notes.join()).toMatch(/Orphans and missing files were not looked for/);
  });

  async function identity(
    UserName: string,
    statements: readonly { actions: string[]; resources: string[] }[],
  ): Promise<NodeJS.ProcessEnv> {
    const iam = new IAMClient(account.client);
    const Statement = statements.map(({ actions, resources }) => ({
      Effect: 'Allow',
      Action: actions,
      Resource: resources,
    }));
    await iam.send(new CreateUserCommand({ UserName }));
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'sweep', PolicyDocument }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
    return {
      ...account.environment,
      AWS_ACCESS_KEY_ID: AccessKey!.AccessKeyId!,
      AWS_SECRET_ACCESS_KEY: AccessKey!.SecretAccessKey!,
    };
  }

  async function sweep(args: readonly string[], environment = account.environment): Promise<Done> {
    const { code, stdout, stderr } = await run(
      ['-m', 'tablesleuth_sweep', ...args, '--json', '--workers', '2'],
      environment,
    );
    const lines = stdout.split('\n').filter(Boolean);
    const findings = lines.map((line) => JSON.parse(line) as Finding).map((each) => [each.table.name, each] as const);
    return { code, findings: new Map(findings), progress: stderr };
  }

  async function readLake(): Promise<Record<string, Record<string, unknown>>> {
    const { LAKE_PYTHON } = await import('../../demo/lake/prepare.mjs');
    const reader = path.join(__dirname, '..', 'account', 'fixtures', 'read_lake.py');
    const { stdout } = await promisify(execFile)(LAKE_PYTHON, [reader, JSON.stringify(lake.tables)], {
      env: { ...account.environment, PYTHONDONTWRITEBYTECODE: '1' },
    });
    return JSON.parse(stdout) as Record<string, Record<string, unknown>>;
  }
});

async function run(args: readonly string[], environment: NodeJS.ProcessEnv) {
  const { SWEEP_PYTHON } = await import('../../sweep/prepare.mjs');
  const env = { ...environment, PYTHONPATH: SWEEP, PYTHONDONTWRITEBYTECODE: '1' };
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve, reject) => {
    const child = execFile(SWEEP_PYTHON, args, { env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(new Error(`${error.message}\n${stderr}`));
      else resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}
