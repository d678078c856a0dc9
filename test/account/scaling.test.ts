import { AutoScalingClient, DescribeAutoScalingGroupsCommand, type Instance } from '@aws-sdk/client-auto-scaling';
import { afterAll, describe, expect, test } from 'vitest';
import { withSoftware } from '../support/installed-software';
import { Deployment } from './deployment';
import { whereMachinesRun } from './fixtures/machines';

const upTo = (max: number) => `capacity={"kind":"autoScaling","max":${max}}`;
/** One thread is busy with it for seconds. */
const SLOW_QUERY =
  'WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 200000) SELECT count(*) FROM r';

let deployment: Deployment;
let first: string;
let second: string;

whereMachinesRun(async () => {
  deployment = await Deployment.start('scaling', { enforceIam: true, machines: await withSoftware() });
  await deploy(upTo(3));
  // A new host's figures do not count before it is warm.
  await deployment.account.passMinutes(2);
});

afterAll(() => deployment?.stop());

/** One story: load comes, and goes. */
describe('a group of one to three hosts', { concurrent: false }, () => {
  test('has one, which is in service because it said that it is healthy', async () => {
    const { DesiredCapacity, Instances = [] } = await group();
    expect(DesiredCapacity).toBe(1);
    expect(Instances.map(({ LifecycleState }) => LifecycleState)).toEqual(['InService']);
    first = Instances[0]!.InstanceId!;
    expect(await on(first, 'grep "no group waits" /var/log/cloud-init-output.log || true')).toBe('');
  });

  test('gets a second one when its processors are busy for three minutes', async () => {
    // A real load, which lets everything else on this computer go first.
    await on(
      first,
      'for each in 1 2; do systemd-run --quiet --unit=load-$each nice -n 19 bash -c "while :; do :; done"; done',
    );
    await expect.poll(() => useOf(first), { timeout: 20_000, interval: 500 }).toBeGreaterThan(80);
    await deployment.account.passMinutes(2);
    expect((await group()).DesiredCapacity).toBe(1);
    await deployment.account.passMinutes(1);
    expect((await group()).DesiredCapacity).toBe(2);
    await expect.poll(inService, { timeout: 120_000, interval: 500 }).toHaveLength(2);
    second = (await inService()).find((id) => id !== first)!;
    expect(await health(second)).toBe(200);
  });

  test('keeps both when something is deployed meanwhile', async () => {
    await deploy(upTo(4));
    expect(await group()).toMatchObject({ DesiredCapacity: 2, MaxSize: 4 });
    expect((await inService()).sort()).toEqual([first, second].sort());
  });

  test('takes one out of service when there is no load for fifteen minutes, whose query still gets its answer', async () => {
    await on(first, 'systemctl stop load-1 load-2');
    const highest = () => Math.max(useOf(first) ?? 100, useOf(second) ?? 100);
    await expect.poll(highest, { timeout: 30_000, interval: 500 }).toBeLessThan(50);
    // Real minutes have passed as well, and count.
    await deployment.account.passMinutes(10);
    expect((await group()).DesiredCapacity).toBe(2);
    const body = JSON.stringify({ sql: SLOW_QUERY });
    const query = on(
      second,
      `curl --silent -H 'Content-Type: application/json' http://127.0.0.1:8080/api/gizmosql/query --data '${body}'`,
    );
    for (let more = 0; more < 5 && (await group()).DesiredCapacity === 2; more++)
      await deployment.account.passMinutes(1);
    expect(await stateOf(second)).toBe('Terminating:Wait');
    await expect.poll(() => health(second), { timeout: 20_000, interval: 200 }).toBe(503);
    expect(JSON.parse(await query)).toMatchObject({ row_count: 1 });
  });

  test('ends it when it says that it has drained, long before its time is over', async () => {
    await expect.poll(() => stateOf(second), { timeout: 60_000, interval: 200 }).toBeUndefined();
    expect(await inService()).toEqual([first]);
    expect((await group()).DesiredCapacity).toBe(1);
    expect(await health(first)).toBe(200);
  });
});

async function deploy(...settings: string[]): Promise<void> {
  const { exitCode, output } = await deployment.deploy(...settings, ...deployment.account.machines!.gizmosqlSettings);
  expect(exitCode, output).toBe(0);
}

async function group() {
  const { AutoScalingGroups = [] } = await new AutoScalingClient(deployment.account.client).send(
    new DescribeAutoScalingGroupsCommand({}),
  );
  return AutoScalingGroups[0]!;
}

async function members(): Promise<Instance[]> {
  return (await group()).Instances ?? [];
}

async function inService(): Promise<string[]> {
  const serving = (await members()).filter(({ LifecycleState }) => LifecycleState === 'InService');
  return serving.map(({ InstanceId }) => InstanceId!);
}

async function stateOf(instanceId: string): Promise<string | undefined> {
  return (await members()).find(({ InstanceId }) => InstanceId === instanceId)?.LifecycleState;
}

function useOf(instanceId: string): number | undefined {
  return deployment.account.machines!.processorUse(instanceId);
}

async function on(instanceId: string, script: string): Promise<string> {
  return (await deployment.account.machines!.run(instanceId, script)).stdout.trim();
}

async function health(instanceId: string): Promise<number> {
  const code = await on(
    instanceId,
    "curl --silent --output /dev/null --write-out '%{http_code}' --max-time 4 http://127.0.0.1:8080/health || true",
  );
  return Number(code);
}
