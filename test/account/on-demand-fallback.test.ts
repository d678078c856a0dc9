import { setTimeout } from 'node:timers/promises';
import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  DeleteAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
} from '@aws-sdk/client-auto-scaling';
import { CreateLaunchTemplateCommand, EC2Client, type Instance, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  DeleteInstanceProfileCommand,
  GetInstanceProfileCommand,
  IAMClient,
  RemoveRoleFromInstanceProfileCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Deployment } from './deployment';

const PATIENCE_MS = 30_000;
/** Longer than a group of the emulated account waits before it tries a failed launch again. */
const ONE_MORE_TRY_MS = 5_000;

let deployment: Deployment;

describe('a group of spot instances', () => {
  let group: string;
  let ec2: EC2Client;

  beforeAll(async () => {
    deployment = await Deployment.start('on-demand-fallback');
    ec2 = new EC2Client(deployment.account.client);
    const { exitCode, output } = await deployment.deploy('useSpot=true');
    expect(exitCode, output).toBe(0);
    group = (await deployment.outputs('TablesleuthWorkbench-dev')).AutoScalingGroupName!;
  });

  afterAll(() => deployment?.stop());

  test('stays on spot when a launch fails for another reason, and replaces its host once that is mended', async () => {
    const profile = await withoutInstanceProfile(await onlyHost());
    await loseHost();
    await setTimeout(ONE_MORE_TRY_MS);
    expect(await deployment.hosts()).toEqual([]);
    expect(await onDemandPercentage()).toBe(0);
    await profile.restore();
    expect((await onlyHost()).InstanceLifecycle).toBe('spot');
  });

  test('stays on spot when another group finds no capacity', async () => {
    await deployment.account.setSpotCapacity(false);
    const name = await somebodyElsesGroup();
    await setTimeout(ONE_MORE_TRY_MS);
    expect(await onDemandPercentage()).toBe(0);
    await deployment.account.setSpotCapacity(true);
    await autoScaling().send(new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: name, ForceDelete: true }));
  });

  test('replaces a lost host on demand when there is no spot capacity', async () => {
    await deployment.account.setSpotCapacity(false);
    await loseHost();
    expect((await onlyHost()).InstanceLifecycle).toBeUndefined();
    expect(await onDemandPercentage()).toBe(100);
  });

  async function loseHost(): Promise<void> {
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [(await onlyHost()).InstanceId!] }));
  }

  async function somebodyElsesGroup(): Promise<string> {
    const name = 'somebody-elses-group';
    const LaunchTemplateData = {
      ImageId: (await onlyHost()).ImageId!,
      InstanceType: 't3.small' as const,
      InstanceMarketOptions: { MarketType: 'spot' as const },
    };
    const { LaunchTemplate: made } = await ec2.send(
      new CreateLaunchTemplateCommand({ LaunchTemplateName: name, LaunchTemplateData }),
    );
    const LaunchTemplate = { LaunchTemplateId: made!.LaunchTemplateId!, Version: '$Latest' };
    const size = { MinSize: 1, MaxSize: 1, AvailabilityZones: ['us-east-2a'] };
    await autoScaling().send(
      new CreateAutoScalingGroupCommand({ AutoScalingGroupName: name, LaunchTemplate, ...size }),
    );
    return name;
  }

  async function onDemandPercentage(): Promise<number | undefined> {
    const { AutoScalingGroups = [] } = await autoScaling().send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] }),
    );
    return AutoScalingGroups[0]?.MixedInstancesPolicy?.InstancesDistribution?.OnDemandPercentageAboveBaseCapacity;
  }
});

describe('a group of spot instances that is deployed while there is no spot capacity', () => {
  beforeAll(async () => {
    deployment = await Deployment.start('on-demand-from-the-start');
  });

  afterAll(() => deployment?.stop());

  test('comes up on demand, and the deployment succeeds', async () => {
    await deployment.account.setSpotCapacity(false);
    const { exitCode, output } = await deployment.deploy('useSpot=true');
    expect(exitCode, output).toBe(0);
    expect((await onlyHost()).InstanceLifecycle).toBeUndefined();
  });
});

function autoScaling(): AutoScalingClient {
  return new AutoScalingClient(deployment.account.client);
}

/** The one host, as soon as there is one. */
async function onlyHost(): Promise<Instance> {
  const deadline = Date.now() + PATIENCE_MS;
  let hosts = await deployment.hosts();
  while (hosts.length !== 1 && Date.now() < deadline) {
    await setTimeout(250);
    hosts = await deployment.hosts();
  }
  expect(hosts).toHaveLength(1);
  return hosts[0]!;
}

/** Takes the instance profile of a host away, without which no other can be launched, until it is restored. */
async function withoutInstanceProfile(host: Instance): Promise<{ restore: () => Promise<void> }> {
  const iam = new IAMClient(deployment.account.client);
  const InstanceProfileName = host.IamInstanceProfile!.Arn!.split('/').pop()!;
  const { InstanceProfile } = await iam.send(new GetInstanceProfileCommand({ InstanceProfileName }));
  const RoleName = InstanceProfile!.Roles![0]!.RoleName!;
  await iam.send(new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName }));
  await iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName }));
  return {
    restore: async () => {
      await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName }));
      await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName }));
    },
  };
}
