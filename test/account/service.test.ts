import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeLake } from '../../demo/lake/lake';
import { Deployment } from './deployment';
import { BatchJobs } from './fixtures/batch-jobs';
import { eventually } from './fixtures/eventually';
import { FindingsService, type ServiceOutputs } from './fixtures/findings-service';

const LAKE = 'tablesleuth-demo-lake';
const STACK = 'TablesleuthService-dev';
const TABLES = ['clicks', 'sample.customers', 'sample.orders', 'shipments'];
const SETTINGS = [
  `data={"buckets":["arn:aws:s3:::${LAKE}"],"glueDatabases":["sample"]}`,
  `sweep={"tables":["glue:sample","s3://${LAKE}/delta","s3://${LAKE}/parquet"]}`,
  'service={}',
  'alarms={"email":"team@example.com"}',
];

interface Tables {
  readonly tables: ReadonlyArray<{ readonly name: string }>;
}

/** One story of one account with IAM enforced: functions and workers are processes with the credentials of their own roles. */
describe('the findings service, deployed', { concurrent: false }, () => {
  let deployment: Deployment;
  let service: FindingsService;

  beforeAll(async () => {
    const { SWEEP_PROGRAMS } = await import('../../sweep/prepare.mjs');
    deployment = await Deployment.start('service', { enforceIam: true, containerPrograms: SWEEP_PROGRAMS });
    await makeLake(deployment.account);
    const { exitCode, output } = await deployment.deploy(...SETTINGS);
    expect(exitCode, output).toBe(0);
    service = await deployed();
  });

  afterAll(() => deployment?.stop());

  test('answers whoever may ask, and nobody else', async () => {
    const reader = await service.person('reader', { Action: 'execute-api:Invoke', Resource: '*' });
    const stranger = await service.person('stranger');
    expect(await service.ask('/tables', reader)).toMatchObject({ status: 200, body: { tables: [] } });
    expect((await service.ask('/tables', stranger)).status).toBe(403);
    expect(await service.askUnsigned('/tables')).toBe(403);
  });

  test('tells of the tables of a sweep, once a worker has taken its findings in', async () => {
    const { SweepCommand } = await deployment.outputs('TablesleuthSweep-dev');
    const jobs = new BatchJobs(deployment.account, SweepCommand!);
    const planner = await jobs.ended(await jobs.submit());
    await jobs.ended(await jobs.submittedBy(planner));
    expect(await service.workers()).toEqual([]);
    await deployment.account.passMinutes(1);
    await service.running(1);
    const { body } = await eventually(async () => {
      const answer = await service.ask<Tables>('/tables');
      return answer.body.tables.length === TABLES.length ? answer : undefined;
    });
    expect(body.tables.map(({ name }) => name).sort()).toEqual(TABLES);
  });

  async function deployed(): Promise<FindingsService> {
    return new FindingsService(deployment.account, (await deployment.outputs(STACK)) as unknown as ServiceOutputs);
  }
});
