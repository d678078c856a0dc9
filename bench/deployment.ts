import { setTimeout as sleep } from 'node:timers/promises';
import type { Machines } from '../emulator/machines/machines';
import { Deployment } from '../test/account/deployment';
import type { Figure } from './figure';
import { requireMachines, secondsOf } from './machines';

const UI_PORT = 8080;
const UI_WITHIN_MS = 30_000;
const MOST_SECONDS = 90;

/**
 * `cdk deploy --all` of dev, with synthesis, until the page's `/health` answers 200 on a port of this computer; against
 * the same where instances are records, so that the difference is the host.
 */
export async function measureDeployment(): Promise<Figure> {
  await requireMachines();
  return {
    name: 'deploy of dev to a healthy page',
    value: await deploySeconds(true),
    peer: { name: 'the same without a host', value: await deploySeconds(false) },
    most: MOST_SECONDS,
  };
}

async function deploySeconds(withHost: boolean): Promise<number> {
  const deployment = await Deployment.start('bench', { machines: withHost, enforceIam: withHost });
  try {
    return await secondsOf(async () => {
      const { exitCode, output } = await deployment.deploy(...(deployment.account.machines?.gizmosqlSettings ?? []));
      if (exitCode !== 0) throw new Error(`the deployment failed:\n${output}`);
      if (withHost) await pageIsHealthy(deployment, deployment.account.machines!);
    });
  } finally {
    await deployment.stop();
  }
}

async function pageIsHealthy(deployment: Deployment, machines: Machines): Promise<void> {
  const [host] = await deployment.hosts();
  const { port } = await machines.forward(host!.InstanceId!, UI_PORT);
  for (const deadline = Date.now() + UI_WITHIN_MS; Date.now() < deadline; await sleep(100)) {
    if ((await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined))?.ok) return;
  }
  throw new Error(`the page was not healthy within ${UI_WITHIN_MS / 1000} seconds after the deployment`);
}
