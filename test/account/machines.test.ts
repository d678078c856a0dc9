import { CloudFormationClient, DescribeStackEventsCommand } from '@aws-sdk/client-cloudformation';
import { EC2Client, type Instance, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { GetSecretValueCommand, ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import type { LoopbackPort } from '../../emulator/machines/loopback-port';
import { Deployment } from './deployment';
import { mountsOfMachines, whereMachinesRun } from './fixtures/machines';
import { processesOf } from './fixtures/processes';

const STACK = 'TablesleuthWorkbench-dev';
const UI_PORT = 8080;

let deployment: Deployment;
let deployed: { exitCode: number; output: string };

whereMachinesRun(async () => {
  deployment = await Deployment.start('machines', { enforceIam: true, machines: true });
  deployed = await deployment.deploy('useSpot=true', ...deployment.account.machines!.gizmosqlSettings);
});

afterAll(() => deployment?.stop());

/** One story in one account, with IAM enforced: each test begins where the one before it ended. */
describe('the dev environment, deployed where instances are machines', { concurrent: false }, () => {
  let host: Instance;
  let ui: LoopbackPort;

  test('is complete because the host itself reported that it is healthy', async () => {
    expect(deployed.exitCode, deployed.output).toBe(0);
    host = await onlyHost();
    expect(await signals()).toEqual([`Received SUCCESS signal with UniqueId ${host.InstanceId}`]);
  });

  test('serves TableSleuth behind nginx, on a port of this computer’s own that leads there', async () => {
    ui = await deployment.account.machines!.forward(host.InstanceId!, UI_PORT);
    const health = await get(ui, '/health');
    expect(health.status).toBe(200);
    expect(await health.json()).toEqual({ healthy: true, tablesleuth: 'up', gizmosql: 'up' });
    expect(await (await get(ui, '/')).text()).toMatch(/<!DOCTYPE html>/i);
  });

  test('signs in to GizmoSQL with the password that Secrets Manager holds', async () => {
    expect(await (await get(ui, '/api/gizmosql/status')).json()).toMatchObject({ connected: true });
    expect(await on(host, 'cat /run/tablesleuth*/password.env')).toContain(`GIZMOSQL_PASSWORD=${await password()}\n`);
  });

  test('does not tell the password to who opens the page', async () => {
    expect((await get(ui, '/api/config')).status).toBe(403);
  });

  test('answers for its role through instance metadata, version 2 alone', async () => {
    const role = 'http://169.254.169.254/latest/meta-data/iam/security-credentials/';
    expect(await on(host, `curl --silent --output /dev/null --write-out '%{http_code}' ${role}`)).toBe('401');
    const caller = await on(host, 'aws sts get-caller-identity --region us-east-2 --query Arn --output text');
    expect(caller).toMatch(new RegExp(`:assumed-role/TablesleuthWorkbench-dev-.*/${host.InstanceId}$`));
  });

  test('may do no more than its role’s policies say', async () => {
    expect(await on(host, 'aws s3 ls 2>&1 || true')).toContain('AccessDenied');
    expect(await on(host, 'aws ec2 describe-instances --region us-east-2 2>&1 || true')).toContain(
      'UnauthorizedOperation',
    );
  });

  test('runs what is sent to it with Run Command', async () => {
    const ssm = new SSMClient(deployment.account.client);
    const { InstanceInformationList = [] } = await ssm.send(new DescribeInstanceInformationCommand({}));
    expect(InstanceInformationList).toMatchObject([{ InstanceId: host.InstanceId, PingStatus: 'Online' }]);
    const { Command } = await ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        InstanceIds: [host.InstanceId!],
        Parameters: { commands: ['systemctl is-active gizmosql', 'echo trouble >&2', 'exit 3'] },
      }),
    );
    const invocation = { CommandId: Command!.CommandId!, InstanceId: host.InstanceId! };
    const settled = async () => {
      const result = await ssm.send(new GetCommandInvocationCommand(invocation));
      return ['Pending', 'InProgress'].includes(result.Status ?? '') ? undefined : result;
    };
    expect(await eventually(settled)).toMatchObject({
      Status: 'Failed',
      ResponseCode: 3,
      StandardOutputContent: 'active\n',
      StandardErrorContent: 'trouble\n',
    });
  });

  test('keeps within its share of memory, so that two fit into 4 GiB', async () => {
    const rss = await on(host, "ps --no-headers -eo rss | awk '{ kib += $1 } END { print int(kib / 1024) }'");
    const disk = await on(host, 'df --output=used --block-size=1M / | tail -1');
    expect(Number(rss) + Number(disk)).toBeLessThan(2048);
  });

  test('lost, is replaced by a new one that comes up healthy by itself', async () => {
    await new EC2Client(deployment.account.client).send(
      new TerminateInstancesCommand({ InstanceIds: [host.InstanceId!] }),
    );
    expect(await eventually(() => Promise.resolve(processesOf(host.InstanceId!).length === 0 || undefined))).toBe(true);
    await expect(get(ui, '/health')).rejects.toThrow();
    const successor = await onlyHost();
    expect(successor.InstanceId).not.toBe(host.InstanceId);
    const replaced = await deployment.account.machines!.forward(successor.InstanceId!, UI_PORT);
    const healthy = async () => ((await get(replaced, '/health').catch(() => undefined))?.ok ? true : undefined);
    expect(await eventually(healthy, 240_000)).toBe(true);
    host = successor;
  });

  test('destroyed, leaves no machine, process or mount', async () => {
    const { exitCode, output } = await deployment.destroy();
    expect(exitCode, output).toBe(0);
    expect(await deployment.hosts()).toEqual([]);
    expect(processesOf(host.InstanceId!)).toEqual([]);
    expect(mountsOfMachines()).toEqual([]);
  });
});

async function onlyHost(): Promise<Instance> {
  const running = async () => (await deployment.hosts()).find(({ State }) => State?.Name === 'running');
  const host = await eventually(running);
  if (host === undefined) throw new Error('no host runs');
  return host;
}

/** What CloudFormation says of the signals that the group received. */
async function signals(): Promise<string[]> {
  const { StackEvents = [] } = await new CloudFormationClient(deployment.account.client).send(
    new DescribeStackEventsCommand({ StackName: STACK }),
  );
  return StackEvents.flatMap(({ ResourceStatusReason: reason }) => (reason?.startsWith('Received') ? [reason] : []));
}

async function password(): Promise<string> {
  const client = new SecretsManagerClient(deployment.account.client);
  const { SecretList = [] } = await client.send(new ListSecretsCommand({}));
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: SecretList[0]!.ARN! }));
  return SecretString!;
}

function get({ port }: LoopbackPort, path: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(10_000) });
}

/** What a script prints on a host, run as root. */
async function on(host: Instance, script: string): Promise<string> {
  const { stdout } = await deployment.account.machines!.run(host.InstanceId!, script);
  return stdout.trim();
}

/** What `look` finds, or undefined when it found nothing in time. */
async function eventually<Found>(
  look: () => Promise<Found | undefined>,
  withinMs = 30_000,
): Promise<Found | undefined> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; await sleep(200)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  return undefined;
}
