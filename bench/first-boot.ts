import { EC2Client, type Instance, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { setTimeout as sleep } from 'node:timers/promises';
import { Deployment } from '../test/account/deployment';
import { ImageBuilds } from '../test/account/fixtures/image-builds';
import { type Figure, median } from './figure';
import { requireMachines } from './machines';

const PARAMETER = '/imagebuilder/tablesleuth/dev/x86_64';
const AMAZON_LINUX = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';
const PAGE = 8080;
const ROUNDS = 3;
const WITHIN_MS = 240_000;
/** A host that boots may take a connection and say nothing. */
const ANSWER_MS = 1_000;
const MOST_SECONDS = 30;
const MOST_RATIO = 0.25;

/**
 * From the launch of an instance until its `/health` answers 200, with the image of the pipeline in its group's launch
 * template and with plain Amazon Linux there; the pipeline has built the image before.
 */
export async function measureFirstBoot(): Promise<Figure> {
  await requireMachines();
  const deployment = await Deployment.start('bench-image', { machines: true, enforceIam: true });
  try {
    const settings = [...deployment.account.machines!.gizmosqlSettings, 'image.kind=pipeline'];
    const { exitCode, output } = await deployment.deploy(...settings);
    if (exitCode !== 0) throw new Error(`the deployment failed:\n${output}`);
    const builds = await ImageBuilds.of(deployment.account, 'TablesleuthImage-dev');
    const [first] = await builds.all();
    const { imageId, reason } = await builds.ended(first!.arn);
    if (imageId === undefined) throw new Error(`the image was not built: ${reason}`);
    const plain = await builds.named(AMAZON_LINUX);
    return {
      name: 'launch to healthy, baked image',
      value: median(await launches(deployment, imageId)),
      peer: { name: 'plain image', value: median(await launches(deployment, plain!)) },
      most: MOST_SECONDS,
      mostRatio: MOST_RATIO,
    };
  } finally {
    await deployment.stop();
  }
}

async function launches(deployment: Deployment, imageId: string): Promise<number[]> {
  const named = new PutParameterCommand({ Name: PARAMETER, Value: imageId, Overwrite: true });
  await new SSMClient(deployment.account.client).send(named);
  const seconds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) seconds.push(await launch(deployment, imageId));
  return seconds;
}

/** Takes the group its host, and measures the one that it launches then. */
async function launch(deployment: Deployment, imageId: string): Promise<number> {
  const [old] = await deployment.hosts();
  await new EC2Client(deployment.account.client).send(
    new TerminateInstancesCommand({ InstanceIds: [old!.InstanceId!] }),
  );
  const { InstanceId, ImageId } = await until(async () => other(await deployment.hosts(), old!));
  const began = performance.now();
  if (ImageId !== imageId) throw new Error(`${InstanceId} boots ${ImageId}, expected ${imageId}`);
  const page = await until(() => deployment.account.machines!.forward(InstanceId!, PAGE).catch(() => undefined));
  const health = `http://127.0.0.1:${page.port}/health`;
  const isHealthy = async () =>
    (await fetch(health, { signal: AbortSignal.timeout(ANSWER_MS) }).catch(() => undefined))?.ok;
  await until(async () => (await isHealthy()) || undefined);
  const seconds = (performance.now() - began) / 1000;
  page.close();
  return seconds;
}

function other(hosts: readonly Instance[], old: Instance): Instance | undefined {
  return hosts.find(({ InstanceId }) => InstanceId !== old.InstanceId);
}

async function until<T>(find: () => Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + WITHIN_MS; Date.now() < deadline; await sleep(20)) {
    const found = await find();
    if (found !== undefined) return found;
  }
  throw new Error(`no host was healthy within ${WITHIN_MS / 1000} seconds`);
}
