import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeLake } from '../../demo/lake/lake';
import { connect, type Place } from '../../handlers/findings/connection';
import { signInToken } from '../../handlers/findings/token';
import { findingOf } from '../support/findings';
import { Deployment } from './deployment';
import { BatchJobs } from './fixtures/batch-jobs';
import { eventually } from './fixtures/eventually';
import { FindingsService, keyOf, type ServiceOutputs } from './fixtures/findings-service';
import { Subscriber } from './fixtures/subscriber';

const LAKE = 'tablesleuth-demo-lake';
const STACK = 'TablesleuthService-dev';
const TABLES = ['clicks', 'sample.customers', 'sample.orders', 'shipments'];
const SETTINGS = [
  `data={"buckets":["arn:aws:s3:::${LAKE}"],"glueDatabases":["sample"]}`,
  `sweep={"tables":["glue:sample","s3://${LAKE}/delta","s3://${LAKE}/parquet"]}`,
  'service={}',
  'alarms={"email":"team@example.com"}',
];

/** How many findings arrive while things fail. */
const MADE = 300;

/** What stays of a service: its database with the place that it is in, its logs, and what the whole account has once. */
const KEPT = [
  'AWS::ApiGateway::Account',
  'AWS::EC2::SecurityGroup',
  'AWS::EC2::Subnet',
  'AWS::EC2::VPC',
  'AWS::IAM::Role',
  'AWS::Logs::LogGroup',
  'AWS::RDS::DBCluster',
  'AWS::RDS::DBClusterParameterGroup',
  'AWS::RDS::DBInstance',
  'AWS::RDS::DBSubnetGroup',
];

interface Tables {
  readonly tables: ReadonlyArray<{ readonly name: string }>;
}

/** One story of one account with IAM enforced: functions and workers are processes with the credentials of their own roles. */
describe('the findings service, deployed', { concurrent: false }, () => {
  let deployment: Deployment;
  let service: FindingsService;
  /** Who is told by the topic of the alerts. */
  let people: Subscriber;

  beforeAll(async () => {
    const { SWEEP_PROGRAMS } = await import('../../sweep/prepare.mjs');
    deployment = await Deployment.start('service', { enforceIam: true, containerPrograms: SWEEP_PROGRAMS });
    await makeLake(deployment.account);
    const { exitCode, output } = await deployment.deploy(...SETTINGS);
    expect(exitCode, output).toBe(0);
    service = await deployed();
    // What a worker did not take in comes again after seconds; a call that waits for messages has the time that it began with.
    await service.setVisibility(3);
    const { AlertTopicArn } = await deployment.outputs('TablesleuthOperations-dev');
    people = await Subscriber.of(deployment.account, AlertTopicArn!);
  });

  afterAll(async () => {
    people?.stop();
    await deployment?.stop();
  });

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

  test('lets users of the database in with a token of IAM that is good, and with TLS, and nobody else', async () => {
    const resource = `arn:aws:rds-db:us-east-2:000000000000:dbuser:${await service.resourceId()}/findings_api`;
    const reader = await service.person('reader-of-sql', { Action: 'rds-db:connect', Resource: resource });
    const stranger = await service.person('stranger-to-sql');
    const place = await service.place('findings_api');
    const other = await service.place('findings_ingest');
    const token = (of: Place, by = reader, at = new Date()) => signInToken(of, deployment.account.region, by, at);
    const client = await connect(place, token(place));
    expect((await client.query('select current_user::text as whom')).rows).toEqual([{ whom: 'findings_api' }]);
    await client.end();
    const old = new Date(Date.now() - 16 * 60_000);
    const noneOfPam = 'PAM authentication failed for user';
    await expect(connect(place, token(place, stranger))).rejects.toThrow(noneOfPam);
    await expect(connect(other, token(other))).rejects.toThrow(noneOfPam);
    await expect(connect(other, token(place))).rejects.toThrow(noneOfPam);
    await expect(connect(place, token(place, reader, old))).rejects.toThrow(noneOfPam);
    await expect(connect(place, 'a password')).rejects.toThrow(noneOfPam);
    for (const user of ['findings_owner', 'postgres', 'nobody']) {
      await expect(connect({ ...place, user }, 'a guess')).rejects.toThrow('password authentication failed');
    }
    const open = new Client({ ...place, password: token(place) });
    await expect(open.connect()).rejects.toThrow('no encryption');
    const elsewhere = { ...place, authorityFile: undefined };
    await expect(connect(elsewhere, token(place))).rejects.toThrow('unable to verify the first certificate');
  });

  test('loses and doubles nothing when a worker is killed, events come twice and the database restarts', async () => {
    const ids = Array.from({ length: MADE }, (_, index) => `glue:made.t${index}`);
    await service.write('findings/poison.json', new TextEncoder().encode('{"no": "finding"}'));
    const arriving = service.put(ids.map((id) => findingOf({ id })));
    await deployment.account.passMinutes(1);
    const [worker] = await service.running(1);
    await eventually(async () => ((await service.recorded('glue:made.')).findings > 0 ? true : undefined));
    await deployment.account.loseTask(worker!.taskArn.split('/').at(-1)!);
    await service.restartDatabase();
    await arriving;
    await Promise.all(ids.slice(0, 20).map((id) => service.announce(keyOf(id))));
    await eventually(async () => ((await service.messages()) === 0 ? true : undefined));
    expect(await service.recorded('glue:made.')).toEqual({ findings: MADE, tables: MADE });
    const ended = (await service.workers()).find(({ taskArn }) => taskArn === worker!.taskArn);
    expect(ended).toMatchObject({ lastStatus: 'STOPPED', containers: [{ exitCode: 137 }] });
  });

  test('tells people of a finding that nobody could take in, and of what tables need, once', async () => {
    expect(await service.messages('dead')).toBe(1);
    await deployment.account.passMinutes(1);
    expect(await people.message((each) => each.includes('FindingsLost'))).toContain('ALARM');
    await service.notify('{"tables": 4}');
    const digest = await people.message((each) => each.includes('sample.orders'));
    expect(digest).toMatch(/^(high|medium|low): /);
    await service.notify('{"tables": 4, "again": true}');
    await eventually(async () => ((await notifications()) === 2 ? true : undefined));
    expect(people.messages.filter((each) => each.includes('sample.orders'))).toHaveLength(1);
  });

  test('has no worker when nothing is left to take in: the last one ended in good order', async () => {
    await eventually(async () => {
      await deployment.account.passMinutes(1);
      const workers = await service.workers();
      return workers.every(({ lastStatus }) => lastStatus === 'STOPPED') ? true : undefined;
    });
    const codes = (await service.workers()).map(({ containers: [only] }) => only?.exitCode);
    expect(codes.sort()).toEqual([0, 137]);
  });

  test('destroyed, leaves its database, its logs and the place of the database, and can be deployed again', async () => {
    const { exitCode, output } = await deployment.destroyStack(STACK, ...SETTINGS);
    expect(exitCode, output).toBe(0);
    const kept = [...output.matchAll(/DELETE_SKIPPED +\| (\S+)/g)].map(([, type]) => type!);
    expect([...new Set(kept)].sort()).toEqual(KEPT);
    expect(await service.recorded('glue:made.')).toEqual({ findings: MADE, tables: MADE });
    expect(await service.askUnsigned('/tables')).not.toBe(200);
    const again = await deployment.deployStack(STACK, ...SETTINGS);
    expect(again.exitCode, again.output).toBe(0);
    const before = service;
    service = await deployed();
    expect(service.clusterId).not.toBe(before.clusterId);
    expect(await service.ask('/tables')).toMatchObject({ status: 200, body: { tables: [] } });
  });

  /** How many of this test's own notifications are recorded. */
  async function notifications(): Promise<number> {
    const [row] = await service.sql<{ count: number }>(
      `select count(*)::int as count from notification where message like '{"tables"%'`,
    );
    return row!.count;
  }

  async function deployed(): Promise<FindingsService> {
    return new FindingsService(deployment.account, (await deployment.outputs(STACK)) as unknown as ServiceOutputs);
  }
});
