import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { afterAll, describe, expect, test } from 'vitest';
import { withSoftware } from '../support/installed-software';
import { Deployment } from './deployment';
import { whereMachinesRun } from './fixtures/machines';

const HOURS = ['hours.start=08:00', 'hours.stop=18:00', 'hours.timeZone=America/New_York'];
const INSTANCE = ['useSpot=false', 'capacity={"kind":"instance"}', ...HOURS];
const UI_PORT = 8080;

let deployment: Deployment;

whereMachinesRun(async () => {
  deployment = await Deployment.start('hours-of-a-machine', { enforceIam: true, machines: await withSoftware() });
  await deployment.account.passTime(new Date('2027-03-10T12:00:00-05:00'));
  const { exitCode, output } = await deployment.deploy(...deployment.account.machines!.gizmosqlSettings, ...INSTANCE);
  expect(exitCode, output).toBe(0);
});

afterAll(() => deployment?.stop());

/** A Wednesday and the morning after it. */
describe('a host that boots, with hours', { concurrent: false }, () => {
  test('is off in the evening', { timeout: 120_000 }, async () => {
    await deployment.account.passTime(new Date('2027-03-10T18:00:00-05:00'));
    await expect.poll(state, { timeout: 90_000, interval: 500 }).toBe('stopped');
  });

  test('is healthy again in the morning', { timeout: 180_000 }, async () => {
    await deployment.account.passTime(new Date('2027-03-11T08:00:00-05:00'));
    await expect.poll(state, { timeout: 90_000, interval: 500 }).toBe('running');
    const { InstanceId } = await instance();
    const { port } = await deployment.account.machines!.forward(InstanceId!, UI_PORT);
    const health = async () => {
      const response = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
      return response?.status;
    };
    await expect.poll(health, { timeout: 120_000, interval: 500 }).toBe(200);
  });
});

async function instance() {
  const id = (await deployment.outputs('TablesleuthWorkbench-dev')).InstanceId!;
  const { Reservations = [] } = await new EC2Client(deployment.account.client).send(
    new DescribeInstancesCommand({ InstanceIds: [id] }),
  );
  return Reservations[0]!.Instances![0]!;
}

async function state(): Promise<string | undefined> {
  return (await instance()).State?.Name;
}
