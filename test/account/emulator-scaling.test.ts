import {
  AutoScalingClient,
  CompleteLifecycleActionCommand,
  DescribeAutoScalingGroupsCommand,
  type Instance,
  RecordLifecycleActionHeartbeatCommand,
  SetDesiredCapacityCommand,
} from '@aws-sdk/client-auto-scaling';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEmulatedAccount, type EmulatedAccount } from '../../emulator/account';
import { elements, queryApi } from './fixtures/query-api';
import { type Resources, SmallStack } from './fixtures/small-stack';

const GROUP = 'hosts';
const HOOKS = { launch: 'came', end: 'goes' };
const stateDirectory = mkdtempSync(path.join(tmpdir(), 'emulated-account-'));
let account: EmulatedAccount;
let autoScaling: AutoScalingClient;
let stack: SmallStack;

beforeAll(async () => {
  account = await startEmulatedAccount({ stateDirectory, signals: 'wait' });
  autoScaling = new AutoScalingClient(account.client);
  stack = new SmallStack(account, 'scaling');
  const made = await stack.create(resources());
  expect(made.status, made.reasons.join()).toBe('CREATE_COMPLETE');
});

afterAll(async () => {
  await account?.stop();
  rmSync(stateDirectory, { recursive: true, force: true });
});

/** One story: a member comes, another one, both are replaced, one leaves. */
describe('a group with lifecycle hooks', { concurrent: false }, () => {
  test('has a member in service when somebody says so', async () => {
    const [only] = await members();
    expect(only?.LifecycleState).toBe('Pending:Wait');
    await complete(only!, HOOKS.launch);
    expect(await states()).toEqual(['InService']);
  });

  test('refuses to complete what does not wait', async () => {
    const [only] = await members();
    await expect(complete(only!, HOOKS.launch)).rejects.toThrow('No active Lifecycle Action found');
    await expect(complete(only!, HOOKS.end)).rejects.toThrow('No active Lifecycle Action found');
  });

  test('ends one that is abandoned, and launches another one', async () => {
    await setDesired(2);
    const [first, second] = await members();
    await complete(second!, HOOKS.launch, 'ABANDON');
    const [still, other] = await members();
    expect(still?.InstanceId).toBe(first?.InstanceId);
    expect(other?.InstanceId).not.toBe(second?.InstanceId);
    await complete(other!, HOOKS.launch);
    expect(await states()).toEqual(['InService', 'InService']);
  });

  test('keeps one that is to end until somebody says so, and does not count it', async () => {
    await setDesired(1);
    expect(await states()).toEqual(['InService', 'Terminating:Wait']);
    await heartbeat((await members())[1]!);
    await complete((await members())[1]!, HOOKS.end);
    expect(await states()).toEqual(['InService']);
  });

  test('ends one that says nothing when its time is over', async () => {
    await setDesired(2);
    await complete((await members())[1]!, HOOKS.launch);
    await setDesired(1);
    expect(await states()).toEqual(['InService', 'Terminating:Wait']);
    await expect.poll(states, { timeout: 10_000, interval: 100 }).toEqual(['InService']);
  });

  test('is refreshed: the new member is in service before the old one goes, and the capacity is what it was', async () => {
    await setDesired(2);
    await complete((await members())[1]!, HOOKS.launch);
    const old = await ids();
    await stack.beginUpdate(resources('t3.medium'));
    for (const [turn, leaving] of old.entries()) {
      await expect.poll(states, { timeout: 5_000 }).toContain('Pending:Wait');
      expect((await states()).filter((state) => state === 'InService')).toHaveLength(2);
      await complete(await inState('Pending:Wait'), HOOKS.launch);
      await expect.poll(states, { timeout: 5_000 }).toContain('Terminating:Wait');
      expect((await inState('Terminating:Wait')).InstanceId, `turn ${turn}`).toBe(leaving);
      await complete(await inState('Terminating:Wait'), HOOKS.end);
    }
    expect((await stack.settled()).status).toBe('UPDATE_COMPLETE');
    expect((await ids()).filter((id) => old.includes(id))).toEqual([]);
    expect((await group()).DesiredCapacity).toBe(2);
  });

  test('goes back to what it was when a new member is abandoned', async () => {
    const old = await ids();
    await stack.beginUpdate(resources('t3.large'));
    await expect.poll(states, { timeout: 5_000 }).toContain('Pending:Wait');
    await complete(await inState('Pending:Wait'), HOOKS.launch, 'ABANDON');
    const { status, reasons } = await stack.settled();
    expect(status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(reasons.join()).toContain('did not get into service');
    expect(await ids()).toEqual(old);
  });
});

describe('a policy that tracks processor time', () => {
  test('has the two alarms of AWS', async () => {
    const answer = await queryApi(account, 'monitoring', 'DescribeAlarms', {});
    const members = ['ComparisonOperator', 'Threshold', 'EvaluationPeriods'];
    const [operators = [], ...figures] = members.map((member) => elements(answer, member));
    const alarms = operators.map((operator, index) => [operator, ...figures.map((each) => Number(each[index]))]);
    expect(alarms).toHaveLength(2);
    expect(alarms).toContainEqual(['GreaterThanThreshold', 70, 3]);
    expect(alarms).toContainEqual(['LessThanThreshold', 63, 15]);
  });

  test('does nothing without figures, however many minutes pass', async () => {
    await account.passMinutes(30);
    expect((await group()).DesiredCapacity).toBe(2);
  });
});

/** A group of one to four with two hooks, and an instance refresh. */
function resources(InstanceType = 't3.small'): Resources {
  const LaunchTemplateData = { ImageId: 'ami-0c2023a1b2c3d4e5f', InstanceType };
  const Version = { 'Fn::GetAtt': ['Template', 'LatestVersionNumber'] };
  const hook = (LifecycleHookName: string, transition: string, HeartbeatTimeout: number, DefaultResult: string) => ({
    LifecycleHookName,
    LifecycleTransition: `autoscaling:EC2_INSTANCE_${transition}`,
    HeartbeatTimeout,
    DefaultResult,
  });
  return {
    Template: { Type: 'AWS::EC2::LaunchTemplate', Properties: { LaunchTemplateData } },
    Hosts: {
      Type: 'AWS::AutoScaling::AutoScalingGroup',
      Properties: {
        AutoScalingGroupName: GROUP,
        MinSize: '1',
        MaxSize: '4',
        LaunchTemplate: { LaunchTemplateId: { Ref: 'Template' }, Version },
        LifecycleHookSpecificationList: [
          hook(HOOKS.launch, 'LAUNCHING', 60, 'ABANDON'),
          hook(HOOKS.end, 'TERMINATING', 3, 'CONTINUE'),
        ],
      },
      UpdatePolicy: {
        AutoScalingInstanceRefresh: {
          Strategy: 'Rolling',
          Preferences: { MinHealthyPercentage: 100, MaxHealthyPercentage: 110 },
        },
      },
    },
    Policy: {
      Type: 'AWS::AutoScaling::ScalingPolicy',
      Properties: {
        AutoScalingGroupName: { Ref: 'Hosts' },
        PolicyType: 'TargetTrackingScaling',
        TargetTrackingConfiguration: {
          PredefinedMetricSpecification: { PredefinedMetricType: 'ASGAverageCPUUtilization' },
          TargetValue: 70,
        },
      },
    },
  };
}

async function group() {
  const { AutoScalingGroups = [] } = await autoScaling.send(new DescribeAutoScalingGroupsCommand({}));
  return AutoScalingGroups[0]!;
}

async function members(): Promise<Instance[]> {
  return (await group()).Instances ?? [];
}

async function ids(): Promise<string[]> {
  return (await members()).map(({ InstanceId }) => InstanceId!);
}

async function states(): Promise<string[]> {
  return (await members()).map(({ LifecycleState }) => LifecycleState!);
}

async function inState(state: string): Promise<Instance> {
  return (await members()).find(({ LifecycleState }) => LifecycleState === state)!;
}

function setDesired(DesiredCapacity: number) {
  return autoScaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: GROUP, DesiredCapacity }));
}

function complete({ InstanceId }: Instance, LifecycleHookName: string, LifecycleActionResult = 'CONTINUE') {
  const action = { AutoScalingGroupName: GROUP, LifecycleHookName, InstanceId, LifecycleActionResult };
  return autoScaling.send(new CompleteLifecycleActionCommand(action));
}

function heartbeat({ InstanceId }: Instance) {
  const action = { AutoScalingGroupName: GROUP, LifecycleHookName: HOOKS.end, InstanceId };
  return autoScaling.send(new RecordLifecycleActionHeartbeatCommand(action));
}
