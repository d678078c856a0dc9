import { GetObjectCommand, HeadObjectCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeLake } from '../../demo/lake/lake';
import { BatchJobs } from './fixtures/batch-jobs';
import { Deployment } from './deployment';
import { eventually } from './fixtures/eventually';
import { Subscriber } from './fixtures/subscriber';

const LAKE = 'tablesleuth-demo-lake';
const STACK = 'TablesleuthSweep-dev';
const TABLES = ['clicks', 'sample.customers', 'sample.orders', 'shipments'];
const SETTINGS = [
  `data={"buckets":["arn:aws:s3:::${LAKE}"],"glueDatabases":["sample"]}`,
  `sweep={"tables":["glue:sample","s3://${LAKE}/delta","s3://${LAKE}/parquet"],"schedule":"cron(0 4 * * ? *)"}`,
  'alarms={"email":"team@example.com"}',
];

/** IAM is enforced: planner and workers are processes that have nothing but the credentials of their job's role. */
describe('the sweep, deployed', { concurrent: false }, () => {
  let deployment: Deployment;
  let jobs: BatchJobs;
  let s3: S3Client;
  let bucket: string;
  /** A run whose plan is there. */
  let planned: string;

  beforeAll(async () => {
    const { SWEEP_PROGRAMS } = await import('../../sweep/prepare.mjs');
    deployment = await Deployment.start('sweep-job', { enforceIam: true, containerPrograms: SWEEP_PROGRAMS });
    await makeLake(deployment.account);
    const { exitCode, output } = await deployment.deploy(...SETTINGS);
    expect(exitCode, output).toBe(0);
    const outputs = await deployment.outputs(STACK);
    jobs = new BatchJobs(deployment.account, outputs.SweepCommand!);
    s3 = new S3Client({ ...deployment.account.client, forcePathStyle: true });
    bucket = outputs.FindingsUri!.split('/')[2]!;
  });

  afterAll(() => deployment?.stop());

  test('begins when it is time, and keeps a finding of each table of the lake', async () => {
    const day = new Date(Date.now() + 24 * 3_600_000).toISOString().slice(0, 10);
    const called = await deployment.account.passTime(new Date(`${day}T04:00:01Z`));
    expect(called.map(({ Target, Error }) => [Target.split(':').pop(), Error])).toContainEqual([
      'submitJob',
      undefined,
    ]);
    const found = await eventually(async () => {
      const findings = await latestFindings();
      return findings.length === TABLES.length ? findings : undefined;
    });
    expect(found.map(({ table, status }) => [table.name, status]).sort()).toEqual(TABLES.map((name) => [name, 'ok']));
  });

  test('plans an array, one worker for each share, and each writes its own findings once', async () => {
    const planner = await jobs.ended(await jobs.submit(await jobs.commandWith({ '--tables-a-share': '2' })));
    expect(planner, await jobs.log(planner)).toMatchObject({ status: 'SUCCEEDED' });
    const workers = await jobs.ended(await jobs.submittedBy(planner));
    expect(workers).toMatchObject({
      status: 'SUCCEEDED',
      arrayProperties: { size: 2, statusSummary: { SUCCEEDED: 2 } },
    });
    expect(await writtenBy(planner.jobId)).toEqual(TABLES.length);
  });

  test('goes on after Fargate took the machine back, and doubles nothing', async () => {
    const planner = await jobs.ended(await jobs.submit());
    planned = planner.jobId;
    const worker = await jobs.submittedBy(planner);
    // A worker is through in two seconds: asked for in the moment that it runs, and refused before.
    const isTaken = () =>
      deployment.account.takeJobsMachine(worker, 'interruption').then(
        () => true,
        () => false,
      );
    await expect.poll(isTaken, { timeout: 60_000, interval: 50 }).toBe(true);
    const ended = await jobs.ended(worker);
    expect(ended, await jobs.log(ended)).toMatchObject({
      status: 'SUCCEEDED',
      attempts: [{ statusReason: 'Your Spot Task was interrupted.' }, { container: { exitCode: 0 } }],
    });
    expect(await writtenBy(planner.jobId)).toEqual(TABLES.length);
  });

  test('may write plans and findings where they belong, and is refused elsewhere', async () => {
    const planner = await jobs.ended(
      await jobs.submit(await jobs.commandWith({ '--runs': `s3://${bucket}/findings` })),
    );
    expect(planner).toMatchObject({ status: 'FAILED', attempts: [{ container: { exitCode: 2 } }] });
    expect(await jobs.log(planner)).toMatch(/AccessDenied.*plan|plan.*AccessDenied|plan.*not authorized/i);
    const places = ['--runs', `s3://${bucket}/runs`, '--findings', `s3://${LAKE}/elsewhere`];
    const command = ['work', ...places, '--run', planned];
    const refused = await jobs.ended(await jobs.submit(command, await jobs.workerDefinition()));
    expect(refused).toMatchObject({ status: 'FAILED', attempts: [{ container: { exitCode: 2 } }] });
    expect(await jobs.log(refused)).toContain(`the documents cannot be written to s3://${LAKE}/elsewhere`);
    const { Versions } = await s3.send(new ListObjectVersionsCommand({ Bucket: LAKE, Prefix: 'elsewhere' }));
    expect(Versions).toBeUndefined();
  });

  test('tells people of a sweep that failed, once, and tries a program that failed no second time', async () => {
    const { AlertTopicArn } = await deployment.outputs('TablesleuthOperations-dev');
    const subscriber = await Subscriber.of(deployment.account, AlertTopicArn!);
    const failed = await jobs.ended(await jobs.submit(['plan', '--runs', 'nowhere', 'glue:sample']));
    expect(failed.attempts).toHaveLength(1);
    const message = await subscriber.message((each) => each.includes(failed.jobId));
    expect(message).toContain(
      `The job sweep-plan (${failed.jobId}) of the TableSleuth sweep failed: Essential container`,
    );
    expect(subscriber.messages).toHaveLength(1);
    subscriber.stop();
  });

  interface Finding {
    readonly table: { readonly name: string };
    readonly status: string;
  }

  async function latestFindings(): Promise<Finding[]> {
    const latest = (await findingVersions()).filter(({ IsLatest }) => IsLatest === true);
    return Promise.all(
      latest.map(async ({ Key }) => {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
        return JSON.parse(await Body!.transformToString()) as Finding;
      }),
    );
  }

  /** How many documents a run has written, those included that it would have written over. */
  async function writtenBy(run: string): Promise<number> {
    const all = await findingVersions();
    const heads = await Promise.all(
      all.map(({ Key, VersionId }) => s3.send(new HeadObjectCommand({ Bucket: bucket, Key, VersionId }))),
    );
    return heads.filter(({ Metadata }) => Metadata?.run === run).length;
  }

  async function findingVersions() {
    const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: 'findings/' }));
    return Versions;
  }
});
