import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import {
  DescribeInstancesCommand,
  EC2Client,
  RebootInstancesCommand,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EmulatedAccount, startEmulatedAccount } from '../../emulator/account';
import { mountsOfMachines, whereMachinesRun } from './fixtures/machines';
import { processesOf } from './fixtures/processes';
import { type Resources, SmallStack } from './fixtures/small-stack';

const STATE_DIRECTORY = '.cache/test-accounts/life-cycle';

const USER_DATA = `#!/bin/bash
echo "user data on $(hostname)"
echo once >> /var/lib/runs
`;

let account: EmulatedAccount;
let ec2: EC2Client;

whereMachinesRun(async () => {
  account = await startEmulatedAccount({ stateDirectory: STATE_DIRECTORY, machines: true });
  ec2 = new EC2Client(account.client);
  await listen();
});

afterAll(() => account?.stop());

/** One story of one instance: each step begins where the step before it ended. */
describe('an instance that is a machine', { concurrent: false }, () => {
  let id: string;

  beforeAll(async () => {
    if (account !== undefined) id = await launch(USER_DATA);
  });

  test('is pending first, and running within five seconds', async () => {
    expect(await state(id)).toBe('pending');
    const began = Date.now();
    await reaches(id, 'running');
    expect(Date.now() - began).toBeLessThan(5_000);
  });

  test('runs its user data as root, with its output in cloud-init’s log', async () => {
    await userDataRan(id);
    expect(await on(id, 'cat /var/log/cloud-init-output.log')).toBe(`user data on ${id}`);
  });

  test('has a systemd of its own, with nothing failed', async () => {
    expect(await on(id, 'systemctl is-system-running; ps --no-headers -o comm -p 1')).toBe('running\nsystemd');
  });

  test('finds AWS and GitHub by name, and no other host', async () => {
    expect(await on(id, 'getent ahostsv4 any-bucket.s3.us-east-2.amazonaws.com | head -1')).toMatch(/^127\.0\.0\.1 /);
    expect(await on(id, 'getent hosts github.com | head -1')).toMatch(/^127\.0\.0\.1 /);
    expect(await on(id, 'getent hosts pypi.org || echo none')).toBe('none');
  });

  test('reaches the account under AWS’s own names, over TLS that it trusts', async () => {
    const url = 'https://s3.us-east-2.amazonaws.com/no-such-bucket-here';
    expect(await on(id, `curl --silent ${url}`)).toContain('<Code>');
  });

  test('stops in order, and is off when it says that it is stopped', async () => {
    await on(id, 'echo kept > /root/kept');
    await ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
    expect(await state(id)).toBe('stopping');
    await reaches(id, 'stopped');
    expect(processesOf(id).filter((pid) => pid !== process.pid)).toHaveLength(0);
  });

  test('stops within seconds while a command still runs on it, whatever that one does about it', async () => {
    await ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
    await reaches(id, 'running');
    const running = account.machines!.run(id, 'touch /run/begun; while true; do sleep 1 || true; done');
    await expect.poll(() => on(id, 'ls /run/begun'), { timeout: 10_000 }).toBe('/run/begun');
    const began = Date.now();
    await ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
    await reaches(id, 'stopped');
    expect(Date.now() - began).toBeLessThan(20_000);
    expect((await running).status).not.toBe(0);
  });

  test('starts again with its disk, and does not run its user data a second time', async () => {
    await ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
    await reaches(id, 'running');
    expect(await on(id, 'cat /root/kept')).toBe('kept');
    await sleep(1_000);
    expect(await on(id, 'cat /var/lib/runs')).toBe('once');
  });

  test('reboots with its disk, and runs its user data no second time, whoever asks for it', async () => {
    const boot = () => on(id, 'cat /proc/sys/kernel/random/boot_id; systemctl is-system-running');
    for (const reboot of [
      () => ec2.send(new RebootInstancesCommand({ InstanceIds: [id] })),
      () => on(id, 'systemctl reboot'),
    ]) {
      await on(id, 'touch /run/before');
      await reboot();
      await expect.poll(() => on(id, 'ls /run/before || echo after'), { timeout: 30_000 }).toBe('after');
      await expect.poll(boot, { timeout: 30_000 }).toMatch(/running$/);
      expect(await state(id)).toBe('running');
      expect(await on(id, 'cat /root/kept /var/lib/runs')).toBe('kept\nonce');
    }
  });

  test('is stopped when its machine powers itself off, and starts again', async () => {
    await on(id, 'systemctl poweroff');
    await reaches(id, 'stopped');
    expect(processesOf(id)).toEqual([]);
    await ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
    await reaches(id, 'running');
    expect(await on(id, 'cat /root/kept')).toBe('kept');
  });

  test('ends with all its processes', async () => {
    expect(processesOf(id).length).toBeGreaterThan(1);
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    expect(await state(id)).toBe('shutting-down');
    await reaches(id, 'terminated');
    expect(processesOf(id)).toEqual([]);
  });

  test('leaves no mount behind', () => {
    expect(mountsOfMachines()).toEqual([]);
  });

  test('had every change of its state told on the event bus', async () => {
    const changes = [
      ...[1, 2, 3].flatMap(() => ['pending', 'running', 'stopping', 'stopped']),
      ...['pending', 'running', 'shutting-down', 'terminated'],
    ];
    expect(await told()).toEqual(changes.map((change) => ({ 'instance-id': id, state: change })));
  });
});

describe('an instance’s metadata', () => {
  test('tell a spot notice and a rebalance recommendation once they are asked to, with a token alone', async () => {
    const id = await launch('not a script');
    await reaches(id, 'running');
    const path = 'http://169.254.169.254/latest';
    const token = `$(curl -sX PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' ${path}/api/token)`;
    const ask = (name: string) =>
      on(id, `curl -s -w ' %{http_code}' -H "X-aws-ec2-metadata-token: ${token}" ${path}/meta-data/${name}`);
    expect(await on(id, `curl -so /dev/null -w '%{http_code}' ${path}/meta-data/instance-id`)).toBe('401');
    expect(await ask('instance-id')).toBe(`${id} 200`);
    expect(await ask('spot/instance-action')).toMatch(/404$/);
    expect(await ask('events/recommendations/rebalance')).toMatch(/404$/);
    const time = new Date('2030-01-02T03:04:05Z');
    account.machines!.setSpotNotice(id, { action: 'terminate', time });
    account.machines!.setRebalanceNotice(id, time);
    expect(await ask('spot/instance-action')).toBe('{"action":"terminate","time":"2030-01-02T03:04:05Z"} 200');
    expect(await ask('events/recommendations/rebalance')).toBe('{"noticeTime":"2030-01-02T03:04:05Z"} 200');
    expect(await on(id, 'cat /var/log/cloud-init-output.log')).toContain('is no script and was not run');
  });
});

describe('an instance that is launched to end when it shuts down', () => {
  test('is terminated when its machine powers itself off, with its boot log kept', async () => {
    const id = await launch('#!/bin/bash\necho that was all\nsystemctl poweroff\n', {
      InstanceInitiatedShutdownBehavior: 'terminate',
    });
    await reaches(id, 'terminated');
    expect(processesOf(id)).toEqual([]);
    expect(readFileSync(`${STATE_DIRECTORY}/machines/${id}.log`, 'utf8')).toContain('that was all');
  });
});

describe('a group of instances that are machines', () => {
  test('launches another one for a member that powers itself off', async () => {
    const stack = new SmallStack(account, 'group');
    const made = await stack.create(groupOfOne());
    expect(made.status, made.reasons.join()).toBe('CREATE_COMPLETE');
    const [first] = await members();
    await reaches(first!, 'running');
    await on(first!, 'systemctl poweroff');
    await reaches(first!, 'terminated');
    const [second, ...more] = await members();
    expect(more).toEqual([]);
    expect(second).not.toBe(first);
    await reaches(second!, 'running');
    await stack.delete();
    expect(await state(second!)).toBe('terminated');
  });
});

describe('a spot instance', () => {
  test('is not stopped, as its request is for one time', async () => {
    const { Instances = [] } = await ec2.send(
      new RunInstancesCommand({
        ImageId: 'ami-0c2023a1b2c3d4e5f',
        MinCount: 1,
        MaxCount: 1,
        InstanceMarketOptions: { MarketType: 'spot' },
      }),
    );
    const InstanceIds = [Instances[0]!.InstanceId!];
    await reaches(InstanceIds[0]!, 'running');
    await expect(ec2.send(new StopInstancesCommand({ InstanceIds }))).rejects.toThrow(/can't stop the Spot Instance/);
  });
});

/** Has every change of an instance's state put into a queue. */
async function listen(): Promise<void> {
  await sqs('CreateQueue', { QueueName: 'changes' });
  const events = new EventBridgeClient(account.client);
  const EventPattern = JSON.stringify({ 'detail-type': ['EC2 Instance State-change Notification'] });
  await events.send(new PutRuleCommand({ Name: 'changes', EventPattern }));
  const Arn = `arn:aws:sqs:${account.region}:${account.accountId}:changes`;
  await events.send(new PutTargetsCommand({ Rule: 'changes', Targets: [{ Id: 'queue', Arn }] }));
}

/** The details of the events that came, in their order. */
async function told(): Promise<unknown[]> {
  const details: unknown[] = [];
  const QueueUrl = `${account.endpoint}/${account.accountId}/changes`;
  for (;;) {
    const { Messages = [] } = await sqs('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 });
    if (Messages.length === 0) return details;
    for (const { Body } of Messages) details.push((JSON.parse(Body) as { detail: unknown }).detail);
  }
}

async function sqs(action: string, request: object): Promise<{ Messages?: { Body: string }[] }> {
  const scope = `Credential=test/20260101/${account.region}/sqs/aws4_request`;
  const response = await fetch(account.endpoint, {
    method: 'POST',
    headers: {
      'x-amz-target': `AmazonSQS.${action}`,
      'content-type': 'application/x-amz-json-1.0',
      authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify(request),
  });
  return (await response.json()) as { Messages?: { Body: string }[] };
}

async function launch(userData: string, more: Partial<RunInstancesCommandInput> = {}): Promise<string> {
  const { Instances = [] } = await ec2.send(
    new RunInstancesCommand({
      ImageId: 'ami-0c2023a1b2c3d4e5f',
      InstanceType: 't3.small',
      MinCount: 1,
      MaxCount: 1,
      UserData: Buffer.from(userData).toString('base64'),
      ...more,
    }),
  );
  return Instances[0]!.InstanceId!;
}

function groupOfOne(): Resources {
  const LaunchTemplateData = { ImageId: 'ami-0c2023a1b2c3d4e5f', InstanceType: 't3.small' };
  const Version = { 'Fn::GetAtt': ['Template', 'LatestVersionNumber'] };
  const LaunchTemplate = { LaunchTemplateId: { Ref: 'Template' }, Version };
  return {
    Template: { Type: 'AWS::EC2::LaunchTemplate', Properties: { LaunchTemplateData } },
    Hosts: {
      Type: 'AWS::AutoScaling::AutoScalingGroup',
      Properties: { MinSize: '1', MaxSize: '1', LaunchTemplate },
    },
  };
}

async function members(): Promise<string[]> {
  const client = new AutoScalingClient(account.client);
  const { AutoScalingGroups = [] } = await client.send(new DescribeAutoScalingGroupsCommand({}));
  return (AutoScalingGroups[0]?.Instances ?? []).map(({ InstanceId }) => InstanceId!);
}

async function state(id: string): Promise<string | undefined> {
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  return Reservations[0]?.Instances?.[0]?.State?.Name;
}

async function reaches(id: string, wanted: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while ((await state(id)) !== wanted) {
    expect(Date.now(), `${id} is ${await state(id)}, not ${wanted}, after a minute`).toBeLessThan(deadline);
    await sleep(100);
  }
}

async function userDataRan(id: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while ((await on(id, 'cat /var/lib/runs 2>/dev/null || true')) === '' && Date.now() < deadline) await sleep(100);
}

/** What a script prints on the machine. */
async function on(id: string, script: string): Promise<string> {
  const { stdout } = await account.machines!.run(id, script);
  return stdout.trim();
}
