import {
  CreateBucketCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type EmulatedAccount, startEmulatedAccount } from '../../emulator/account';
import { type Gate, openGate, type Passage } from './gate';
import { type Ended, startSweep, type SweepProcess } from './sweep-process';

const BUCKET = 'findings-of-runs';
const TABLES = 6;

describe('a sweep by a planner and workers, in an emulated account', { concurrent: false }, () => {
  let account: EmulatedAccount;
  let s3: S3Client;
  const gates: Gate[] = [];

  beforeAll(async () => {
    account = await startEmulatedAccount({ stateDirectory: '.cache/test-accounts/sweep-run' });
    s3 = new S3Client({ ...account.client, forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    const VersioningConfiguration = { Status: 'Enabled' as const };
    await s3.send(new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration }));
    const writer = [`${__dirname}/write_parquet_tables.py`, `s3://${BUCKET}/tables`, String(TABLES)];
    expect((await (await startSweep(writer, account.environment)).ended).code).toBe(0);
  });

  afterEach(() => gates.splice(0).forEach((gate) => gate.close()));
  afterAll(() => account?.stop());

  test('is planned in shares of one size, and a second attempt at planning changes nothing', async () => {
    const first = await plan('planned', ['--tables-a-share', '4']);
    expect(first).toMatchObject({ code: 0, stdout: 'run planned: 6 tables in 2 shares, 0 left out\n' });
    const before = await versions('runs/planned/');
    expect([...before.keys()]).toEqual([
      'runs/planned/plan.json',
      'runs/planned/shares/00000.json',
      'runs/planned/shares/00001.json',
    ]);
    expect((await plan('planned', ['--tables-a-share', '1'])).stdout).toBe(first.stdout);
    expect(await versions('runs/planned/')).toEqual(before);
  });

  test('reads each share by the index that AWS Batch gives, and has then a finding of every table', async () => {
    await plan('shared', ['--tables-a-share', '4']);
    const done = await Promise.all(['0', '1'].map((index) => work('shared', { AWS_BATCH_JOB_ARRAY_INDEX: index })));
    expect(done.map(({ code }) => code)).toEqual([0, 0]);
    expect(await findings('shared')).toBe(TABLES);
    expect(await writtenBy('shared')).toBe(TABLES);
  });

  test.each<[string, Passage, number]>([
    ['before a finding is written', 'hold', 3],
    ['when a finding is written and it does not know yet', 'withhold the answer', 4],
  ])('loses and doubles nothing when its worker is killed %s', async (_, passage, written) => {
    const run = `killed-${passage.replaceAll(' ', '-')}`;
    await plan(run);
    expect(await interrupted(run, 'SIGKILL', passage)).toMatchObject({ code: 'SIGKILL' });
    expect(await writtenBy(run)).toBe(written);
    const second = await work(run);
    expect(second).toMatchObject({ code: 0 });
    expect(second.stderr).toContain(`6 tables, ${TABLES - written} to read`);
    expect([await findings(run), await writtenBy(run)]).toEqual([TABLES, TABLES]);
  });

  test('ends at once, and asks for another attempt, when Fargate takes the machine back', async () => {
    await plan('taken');
    const first = await interrupted('taken', 'SIGTERM', 'hold');
    expect(first, first.stderr).toMatchObject({ code: 75 });
    expect(first.stderr).toContain('what has no finding yet is left to another attempt');
    expect(await writtenBy('taken')).toBe(3);
    expect(await work('taken')).toMatchObject({ code: 0 });
    expect([await findings('taken'), await writtenBy('taken')]).toEqual([TABLES, TABLES]);
  });

  test('doubles nothing when two workers read the same share, and reads nothing of a share that is done', async () => {
    await plan('twice');
    const done = await Promise.all([work('twice'), work('twice')]);
    expect(done.map(({ code }) => code)).toEqual([0, 0]);
    expect([await findings('twice'), await writtenBy('twice')]).toEqual([TABLES, TABLES]);
    const again = await work('twice');
    expect(again).toMatchObject({ code: 0, stderr: 'run twice, share 0: 6 tables, 0 to read\n' });
  });

  test.each([
    ['a share that was not planned', ['--share', '7'], 'has no share 7'],
    ['a bucket that is not there', ['--findings', 's3://nowhere/findings'], 'cannot be written to s3://nowhere'],
    ['a folder of one machine', ['--findings', '/tmp/findings'], 'has to be s3://BUCKET/PREFIX'],
  ])('fails, and asks for no other attempt, with %s', async (_, args, said) => {
    const ended = await work('planned', {}, args);
    expect(ended).toMatchObject({ code: 2 });
    expect(ended.stderr).toContain(said);
    expect(ended.stderr).not.toContain('Traceback');
  });

  async function plan(run: string, args: readonly string[] = []): Promise<Ended> {
    const what = ['plan', '--runs', `s3://${BUCKET}/runs`, '--run', run, ...args, `s3://${BUCKET}/tables`];
    return (await startSweep(['-m', 'tablesleuth_sweep', ...what], account.environment)).ended;
  }

  async function start(run: string, environment: NodeJS.ProcessEnv, args: readonly string[]): Promise<SweepProcess> {
    const places = ['--runs', `s3://${BUCKET}/runs`, '--findings', `s3://${BUCKET}/findings`, '--run', run];
    const how = ['--workers', '1', '--no-tablesleuth'];
    const all = ['-m', 'tablesleuth_sweep', 'work', ...places, ...how, ...args];
    return startSweep(all, { ...account.environment, ...environment });
  }

  async function work(run: string, environment: NodeJS.ProcessEnv = {}, args: readonly string[] = []): Promise<Ended> {
    return (await start(run, environment, args)).ended;
  }

  /** A worker that gets a signal while it writes its fourth finding. */
  async function interrupted(run: string, signal: NodeJS.Signals, passage: Passage): Promise<Ended> {
    let writes = 0;
    const gate = await openGate(account.endpoint, {
      judge: (method, url) => {
        if (method === 'PUT' && url.includes('/findings/')) writes += 1;
        return writes < 4 ? 'pass' : passage;
      },
      onKept: () => void worker.child.kill(signal),
    });
    gates.push(gate);
    const worker = await start(run, { AWS_ENDPOINT_URL: gate.endpoint }, []);
    return worker.ended;
  }

  /** How many tables' newest finding is of a run. */
  async function findings(run: string): Promise<number> {
    const keys = [...(await versions('findings/')).keys()];
    const heads = await Promise.all(keys.map((Key) => s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key }))));
    return heads.filter(({ Metadata }) => Metadata?.run === run).length;
  }

  /** How many documents a run has written, those included that it would have written over. */
  async function writtenBy(run: string): Promise<number> {
    const all = [...(await versions('findings/'))].flatMap(([Key, ids]) =>
      ids.map((VersionId) => ({ Key, VersionId })),
    );
    const heads = await Promise.all(all.map((each) => s3.send(new HeadObjectCommand({ Bucket: BUCKET, ...each }))));
    return heads.filter(({ Metadata }) => Metadata?.run === run).length;
  }

  async function versions(Prefix: string): Promise<Map<string, string[]>> {
    const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: BUCKET, Prefix }));
    const found = new Map<string, string[]>();
    for (const { Key, VersionId } of Versions) found.set(Key!, [...(found.get(Key!) ?? []), VersionId!]);
    return found;
  }
});
