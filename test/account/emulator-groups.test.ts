import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeScheduledActionsCommand,
  PutScheduledUpdateGroupActionCommand,
  SetDesiredCapacityCommand,
  SetInstanceHealthCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { CloudFormationClient, SignalResourceCommand } from '@aws-sdk/client-cloudformation';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEmulatedAccount, type EmulatedAccount } from '../../emulator/account';
import { type Resources, SmallStack } from './fixtures/small-stack';

const GROUP = 'hosts';
const STACK = 'groups';
const HOUR_MS = 3_600_000;
const stateDirectory = mkdtempSync(path.join(tmpdir(), 'emulated-account-'));
let account: EmulatedAccount;
let autoScaling: AutoScalingClient;
let stack: SmallStack;

beforeAll(async () => {
  account = await startEmulatedAccount({ stateDirectory, signals: 'wait' });
  autoScaling = new AutoScalingClient(account.client);
  stack = new SmallStack(account, STACK);
  const made = await stack.create(resources());
  expect(made.status, made.reasons.join()).toBe('CREATE_COMPLETE');
  await autoScaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: GROUP, DesiredCapacity: 1 }));
});

afterAll(async () => {
  await account?.stop();
  rmSync(stateDirectory, { recursive: true, force: true });
});

describe('a group', { concurrent: false }, () => {
  test('is refused a capacity that is out of its bounds', async () => {
    const asked = new SetDesiredCapacityCommand({ AutoScalingGroupName: GROUP, DesiredCapacity: 5 });
    await expect(autoScaling.send(asked)).rejects.toThrow('must be between the specified min size:0 and max size:4');
    expect(await members()).toHaveLength(1);
  });

  test('replaces a member that somebody calls unhealthy, once its grace period is over', async () => {
    const [InstanceId] = await members();
    const unhealthy = { InstanceId: InstanceId!, HealthStatus: 'Unhealthy' };
    await autoScaling.send(new SetInstanceHealthCommand(unhealthy));
    expect(await members()).toEqual([InstanceId]);
    await autoScaling.send(new SetInstanceHealthCommand({ ...unhealthy, ShouldRespectGracePeriod: false }));
    const [other, ...more] = await members();
    expect(other).not.toBe(InstanceId);
    expect(more).toEqual([]);
    expect(await running()).toEqual([other]);
  });

  test('ends a member on request, with or without another one for it', async () => {
    const [first] = await members();
    await end(first!, false);
    const [second] = await members();
    expect(second).not.toBe(first);
    await end(second!, true);
    expect(await running()).toEqual([]);
    expect(await desired()).toBe(0);
  });
});

describe('a scheduled action', { concurrent: false }, () => {
  test.each([
    [{ Recurrence: '0 8 * * MON-FRI *', DesiredCapacity: 1 }, 'Given recurrence string: 0 8 * * MON-FRI * is invalid'],
    [{ Recurrence: '0 25 * * *', DesiredCapacity: 1 }, 'is invalid'],
    [{ Recurrence: '0 8 * * *', DesiredCapacity: 1, TimeZone: 'Europe/Nowhere' }, 'Invalid time zone: Europe/Nowhere'],
    [{ Recurrence: '0 8 * * *' }, 'At least one of'],
    [{ StartTime: new Date(0), DesiredCapacity: 1 }, 'Given start time is in the past'],
  ])('is refused as %j', async (action, message) => {
    await expect(put('wrong', action)).rejects.toThrow(message);
  });

  test('of a template fails with what is wrong with it', async () => {
    const wrong = {
      Type: 'AWS::AutoScaling::ScheduledAction',
      Properties: { AutoScalingGroupName: GROUP, MinSize: 1 },
    };
    const result = await new SmallStack(account, 'wrong').create({ Wrong: wrong });
    expect(result.reasons).toContainEqual(expect.stringContaining('Either a recurrence or a start time'));
  });

  test('for one moment is done then, and is gone', async () => {
    await put('once', { StartTime: new Date(Date.now() + 2_000), DesiredCapacity: 2 });
    expect(await running()).toHaveLength(0);
    await expect.poll(running, { timeout: 10_000 }).toHaveLength(2);
    const { ScheduledUpdateGroupActions = [] } = await autoScaling.send(new DescribeScheduledActionsCommand({}));
    expect(ScheduledUpdateGroupActions.map(({ ScheduledActionName }) => ScheduledActionName)).not.toContain('once');
  });

  test('that recurs is done at the hour of its time zone, on the days that it names, in summer and in winter', async () => {
    for (const [day, offset] of [
      ['2031-01-13', 1],
      ['2031-07-14', 2],
    ] as const) {
      const monday = new Date(`${day}T00:00:00Z`).getTime() - offset * HOUR_MS;
      const done = await account.runScheduledActions(new Date(monday), new Date(monday + 7 * 24 * HOUR_MS));
      const hours = done.map(({ Time }) => (new Date(Time).getTime() - monday) / HOUR_MS);
      const ofDay = (first: number) => [first + 8, first + 20];
      expect(hours).toEqual([0, 24, 48, 72, 96].flatMap(ofDay));
    }
  });

  test('changes how many instances there are', async () => {
    const monday = new Date('2031-01-13T00:00:00Z').getTime();
    await account.runScheduledActions(new Date(monday), new Date(monday + 12 * HOUR_MS));
    expect(await running()).toHaveLength(3);
    await account.runScheduledActions(new Date(monday + 12 * HOUR_MS), new Date(monday + 24 * HOUR_MS));
    expect(await running()).toHaveLength(0);
  });
});

describe('a rolling update', () => {
  test('replaces as many at once as its policy says, and keeps as many in service', async () => {
    await autoScaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: GROUP, DesiredCapacity: 3 }));
    const old = await members();
    await stack.beginUpdate(resources('t3.medium'));
    await expect.poll(fresh).toHaveLength(2);
    expect((await members()).filter((id) => old.includes(id))).toHaveLength(2);
    await signal(2);
    await expect.poll(fresh).toHaveLength(3);
    await signal(1);
    expect((await stack.settled()).status).toBe('UPDATE_COMPLETE');
    expect(await members()).toHaveLength(3);
    expect((await members()).filter((id) => old.includes(id))).toEqual([]);
    expect(await running()).toHaveLength(3);

    async function fresh(): Promise<string[]> {
      return (await members()).filter((id) => !old.includes(id));
    }
  });

  test('fails when a host reports failure, and leaves the old type in service', async () => {
    await stack.beginUpdate(resources('t3.large'));
    await signal(1, 'FAILURE');
    expect((await stack.settled()).status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(await members()).toHaveLength(3);
    expect((await running()).sort()).toEqual((await members()).sort());
  });
});

/** A group whose update keeps two in service and replaces two at once, and its hours: 8 to 20 on weekdays in Berlin. */
function resources(InstanceType = 't3.small'): Resources {
  const LaunchTemplateData = { ImageId: 'ami-0c2023a1b2c3d4e5f', InstanceType };
  const Version = { 'Fn::GetAtt': ['Template', 'LatestVersionNumber'] };
  const action = (Recurrence: string, DesiredCapacity: number) => ({
    Type: 'AWS::AutoScaling::ScheduledAction',
    Properties: { AutoScalingGroupName: { Ref: 'Hosts' }, TimeZone: 'Europe/Berlin', Recurrence, DesiredCapacity },
  });
  return {
    Template: { Type: 'AWS::EC2::LaunchTemplate', Properties: { LaunchTemplateData } },
    Hosts: {
      Type: 'AWS::AutoScaling::AutoScalingGroup',
      Properties: {
        AutoScalingGroupName: GROUP,
        MinSize: '0',
        MaxSize: '4',
        LaunchTemplate: { LaunchTemplateId: { Ref: 'Template' }, Version },
      },
      UpdatePolicy: {
        AutoScalingRollingUpdate: {
          MinInstancesInService: 2,
          MaxBatchSize: 2,
          WaitOnResourceSignals: true,
          PauseTime: 'PT1M',
        },
      },
    },
    Morning: action('0 8 * * MON-FRI', 3),
    Evening: action('0 20 * * 1-5', 0),
  };
}

function put(ScheduledActionName: string, action: object) {
  return autoScaling.send(
    new PutScheduledUpdateGroupActionCommand({ AutoScalingGroupName: GROUP, ScheduledActionName, ...action }),
  );
}

function end(InstanceId: string, ShouldDecrementDesiredCapacity: boolean) {
  return autoScaling.send(
    new TerminateInstanceInAutoScalingGroupCommand({ InstanceId, ShouldDecrementDesiredCapacity }),
  );
}

async function describeGroup() {
  const { AutoScalingGroups = [] } = await autoScaling.send(new DescribeAutoScalingGroupsCommand({}));
  return AutoScalingGroups[0]!;
}

async function members(): Promise<string[]> {
  return ((await describeGroup()).Instances ?? []).map(({ InstanceId }) => InstanceId!);
}

async function desired(): Promise<number | undefined> {
  return (await describeGroup()).DesiredCapacity;
}

async function running(): Promise<string[]> {
  const { Reservations = [] } = await new EC2Client(account.client).send(
    new DescribeInstancesCommand({ Filters: [{ Name: 'instance-state-name', Values: ['running'] }] }),
  );
  return Reservations.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId }) => InstanceId!));
}

/** Signals for so many hosts, once somebody waits for it. */
async function signal(hosts: number, Status: 'SUCCESS' | 'FAILURE' = 'SUCCESS'): Promise<void> {
  const client = new CloudFormationClient(account.client);
  for (let host = 1; host <= hosts; host++) {
    const UniqueId = `host-${host}`;
    const send = () =>
      client.send(new SignalResourceCommand({ StackName: STACK, LogicalResourceId: 'Hosts', UniqueId, Status })).then(
        () => true,
        () => false,
      );
    await expect.poll(send, { timeout: 10_000 }).toBe(true);
  }
}
