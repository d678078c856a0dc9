import { type Instance } from '@aws-sdk/client-ec2';
import { afterAll, describe, expect, test } from 'vitest';
import { withSoftware } from '../support/installed-software';
import { Deployment } from './deployment';
import { whereMachinesRun } from './fixtures/machines';
import { pasted } from './fixtures/pasted';

const SETTINGS = ['useSpot=true', 'idleStop={"afterMinutes":5}'];
const DRAINED_WITHIN_MS = 100_000;

let deployment: Deployment;
let host: Instance;

whereMachinesRun(async () => {
  deployment = await Deployment.start('idle-and-interruption', { enforceIam: true, machines: await withSoftware() });
  const { exitCode, output } = await deployment.deploy(...SETTINGS, ...deployment.account.machines!.gizmosqlSettings);
  expect(exitCode, output).toBe(0);
  host = (await deployment.hosts())[0]!;
});

afterAll(() => deployment?.stop());

/** One spot host, which EC2 wants back, and which nobody uses. */
describe('a spot host of a group that stops when it is idle', { concurrent: false }, () => {
  test('is drained within 100 seconds of its notice, and may say so', async () => {
    deployment.account.machines!.setSpotNotice(host.InstanceId!, {
      action: 'terminate',
      time: new Date(Date.now() + 120_000),
    });
    await expect.poll(drained, { timeout: DRAINED_WITHIN_MS, interval: 500 }).toMatch(/^drained in \d+ seconds$/m);
    expect(await drained()).not.toContain('AccessDenied');
    expect(await on('systemctl is-active gizmosql tablesleuth-web tablesleuth-proxy || true')).toBe(
      'inactive\ninactive\ninactive',
    );
  });

  test('is stopped when nobody uses it, although it may stop nothing itself', async () => {
    await on('sed -i "s/^IDLE_STOP_AFTER_MINUTES=.*/IDLE_STOP_AFTER_MINUTES=0.1/" /etc/tablesleuth/settings.env');
    await on('systemctl restart tablesleuth-idle');
    await expect.poll(running, { timeout: 90_000, interval: 500 }).toEqual([]);
  });

  test('stays stopped', async () => {
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(await running()).toEqual([]);
  });

  test('is started again by the command of the outputs', async () => {
    const { StartCommand } = await deployment.outputs('TablesleuthWorkbench-dev');
    await pasted(deployment.account, StartCommand!);
    await expect.poll(running, { timeout: 60_000, interval: 500 }).toHaveLength(1);
    expect((await running())[0]).not.toBe(host.InstanceId);
  });
});

async function running(): Promise<string[]> {
  return (await deployment.hosts()).map(({ InstanceId }) => InstanceId!);
}

async function on(script: string): Promise<string> {
  return (await deployment.account.machines!.run(host.InstanceId!, script)).stdout.trim();
}

function drained(): Promise<string> {
  return on('journalctl --no-pager --output=cat --unit=tablesleuth-drain');
}
