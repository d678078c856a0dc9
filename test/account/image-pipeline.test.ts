import { EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { Deployment } from './deployment';
import { type ImageBuild, ImageBuilds } from './fixtures/image-builds';
import { whereMachinesRun } from './fixtures/machines';
import { Subscriber } from './fixtures/subscriber';

const IMAGE_STACK = 'TablesleuthImage-dev';
const PARAMETER = '/imagebuilder/tablesleuth/dev/x86_64';
const AMAZON_LINUX = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';
const PAGE = 8080;
const HEALTHY_WITHIN_SECONDS = 30;

let deployment: Deployment;
let builds: ImageBuilds;
let settings: string[];
let baked: ImageBuild;

whereMachinesRun(async () => {
  deployment = await Deployment.start('image', { machines: true, enforceIam: true });
  settings = [
    ...deployment.account.machines!.gizmosqlSettings,
    'image.kind=pipeline',
    'alarms={"email":"team@example.com"}',
  ];
});

afterAll(() => deployment?.stop());

/** One story of one pipeline. */
test('a deployment waits for no build, and its host boots plain Amazon Linux', async () => {
  const { exitCode, output } = await deployment.deploy(...settings);
  expect(exitCode, output).toBe(0);
  builds = await ImageBuilds.of(deployment.account, IMAGE_STACK);
  const [host] = (await deployment.hosts()).filter(({ Tags = [] }) => !Tags.some(({ Key }) => Key === 'CreatedBy'));
  expect(host?.ImageId).toBe(await builds.named(AMAZON_LINUX));
});

test('the build that the deployment began installs everything, and its test makes a healthy workbench', async () => {
  const all = await builds.all();
  expect(all).toHaveLength(1);
  baked = await builds.ended(all[0]!.arn);
  const log = await builds.log(baked);
  expect(baked, log).toMatchObject({ status: 'AVAILABLE' });
  expect(log).toMatch(/build Install .* exit code 0\n[^]*install: TableSleuth and its Python packages/);
  expect(log).toMatch(/test Healthy .* exit code 0\n[^]*try: the image makes a healthy workbench/);
});

test('the parameter names the new image, and nothing that built it is left', async () => {
  expect(await builds.named(PARAMETER)).toBe(baked.imageId);
  expect(await deployment.hosts()).toHaveLength(1);
});

test(`the next host boots that image, and is healthy within ${HEALTHY_WITHIN_SECONDS} seconds`, async () => {
  const [old] = await deployment.hosts();
  await new EC2Client(deployment.account.client).send(
    new TerminateInstancesCommand({ InstanceIds: [old!.InstanceId!] }),
  );
  const host = await replacementOf(old!.InstanceId!);
  expect(host.ImageId).toBe(baked.imageId);
  const seconds = await secondsToHealthy(host.InstanceId!, host.LaunchTime!);
  expect(seconds).toBeLessThanOrEqual(HEALTHY_WITHIN_SECONDS);
  const { stdout } = await deployment.account.machines!.run(host.InstanceId!, 'cat /var/log/cloud-init-output.log');
  expect(stdout).toContain('install: TableSleuth and GizmoSQL 1.40.999 are in /opt/tablesleuth');
});

test('a deployment of the same content begins no build, and leaves the parameter alone', async () => {
  const { exitCode, output } = await deployment.deployStack(IMAGE_STACK, ...settings, 'tags={"team":"lake"}');
  expect(exitCode, output).toBe(0);
  expect(output).not.toContain('no changes');
  expect(await builds.all()).toHaveLength(1);
  expect(await builds.named(PARAMETER)).toBe(baked.imageId);
});

test('a deployment of other content begins a build; when it fails, people are told, and hosts keep their image', async () => {
  const { AlertTopicArn } = await deployment.outputs('TablesleuthOperations-dev');
  const subscriber = await Subscriber.of(deployment.account, AlertTopicArn!);
  try {
    const wrong = `gizmosql.sha256=${'0'.repeat(64)}`;
    const { exitCode, output } = await deployment.deployStack(IMAGE_STACK, ...settings, wrong);
    expect(exitCode, output).toBe(0);
    const [, second, ...more] = await builds.all();
    expect(more).toEqual([]);
    const failed = await builds.ended(second!.arn);
    expect(failed).toMatchObject({ status: 'FAILED', imageId: undefined });
    expect(failed.reason).toMatch(/step Install of the phase build .* exit code 1: .*sha256/);
    const message = await subscriber.message((each) => each.includes('image of tablesleuth-dev'));
    expect(message).toContain(`in us-east-2 failed after BUILDING: ${failed.reason}. Hosts go on`);
    expect(await builds.named(PARAMETER)).toBe(baked.imageId);
  } finally {
    subscriber.stop();
  }
});

async function replacementOf(instanceId: string) {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(100)) {
    const other = (await deployment.hosts()).find(({ InstanceId }) => InstanceId !== instanceId);
    if (other !== undefined) return other;
  }
  throw new Error(`the group did not replace ${instanceId} within a minute`);
}

async function secondsToHealthy(instanceId: string, launched: Date): Promise<number> {
  const { port } = await deployment.account.machines!.forward(instanceId, PAGE);
  for (const deadline = Date.now() + 120_000; Date.now() < deadline; await sleep(100)) {
    if ((await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined))?.ok) {
      return (Date.now() - launched.getTime()) / 1000;
    }
  }
  throw new Error(`${instanceId} was not healthy within two minutes`);
}
