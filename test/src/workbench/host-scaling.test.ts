import { Duration, TimeZone } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { type AutoScalingOptions, Capacity, HostHours, Workspace, WorkspaceVolume } from '../../../src';
import { statementsOf } from '../../support/iam';
import { inStack, REGION } from '../../support/synthesis';
import { plain, propertiesOf, resourceOf, resourcesOf, type TemplateDocument } from '../../support/template';
import { userDataOf } from '../../support/user-data';
import { host, hostTemplate } from '../../support/workbench';

const GROUP = 'AWS::AutoScaling::AutoScalingGroup';
const POLICY = 'AWS::AutoScaling::ScalingPolicy';

const scaling = (options: AutoScalingOptions = {}) => Capacity.autoScaling({ min: 1, max: 5, ...options });
const hours = HostHours.weekly({ start: '08:00', stop: '18:00', timeZone: TimeZone.AMERICA_NEW_YORK });

describe('fails', () => {
  test.each<[AutoScalingOptions, string]>([
    [{ min: 0 }, 'min is 0, expected a whole number of hosts from 1 to 20'],
    [{ min: 1.5 }, 'min is 1.5, expected a whole number of hosts from 1 to 20'],
    [{ max: 21 }, 'max is 21, expected a whole number of hosts from 1 to 20'],
    [{ min: 3, max: 2 }, 'max is 2, expected a whole number of hosts from 3 to 20'],
    [{ targetCpuPercent: 9 }, 'targetCpuPercent is 9, expected a whole number of percent from 10 to 90'],
    [{ targetCpuPercent: 91 }, 'targetCpuPercent is 91, expected a whole number of percent from 10 to 90'],
  ])('with %j', (options, message) => {
    expect(() => Capacity.autoScaling(options)).toThrow(message);
  });

  test('with several hosts and one volume', () => {
    const make = () =>
      inStack((stack) => {
        const volume = WorkspaceVolume.fromWorkspaceVolumeAttributes(stack, 'Workspace', {
          volumeId: 'vol-0123456789abcdef0',
          availabilityZone: `${REGION}a`,
          encryptionKeyArn: `arn:aws:kms:${REGION}:111122223333:key/1234abcd`,
        });
        host(stack, { capacity: scaling(), workspace: Workspace.volume(volume) });
      });
    expect(make).toThrow(
      'Test/Workbench: got a workspace on a volume and up to 5 hosts, wants one host: a volume is with one alone',
    );
  });
});

describe('a group of one to five', () => {
  const template = hostTemplate({ capacity: scaling(), healthyWithin: Duration.minutes(10) });
  const group = resourceOf(template, GROUP);

  test('is kept at 70 % of processor time, and a deployment names no desired capacity', () => {
    expect(group.Properties).toMatchObject({ MinSize: '1', MaxSize: '5', DefaultInstanceWarmup: 120 });
    expect(group.Properties?.DesiredCapacity).toBeUndefined();
    expect(propertiesOf(template, POLICY)).toMatchObject({
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingConfiguration: {
        PredefinedMetricSpecification: { PredefinedMetricType: 'ASGAverageCPUUtilization' },
        TargetValue: 70,
      },
    });
  });

  test('has figures of every minute', () => {
    const { LaunchTemplateData } = propertiesOf(template, 'AWS::EC2::LaunchTemplate');
    expect(LaunchTemplateData).toMatchObject({ Monitoring: { Enabled: true } });
  });

  test('is updated by an instance refresh, which launches before it ends, and leaves sizes alone that are not changed', () => {
    expect(group.UpdatePolicy).toEqual({
      AutoScalingInstanceRefresh: {
        Strategy: 'Rolling',
        Preferences: { MinHealthyPercentage: 100, MaxHealthyPercentage: 110 },
      },
      AutoScalingScheduledAction: { IgnoreUnmodifiedGroupSizeProperties: true },
    });
  });

  test('waits for a new host to be healthy as long as a deployment would, and three minutes for one to drain', () => {
    expect(group.Properties?.LifecycleHookSpecificationList).toEqual([
      {
        LifecycleHookName: 'tablesleuth-launch',
        LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
        HeartbeatTimeout: 600,
        DefaultResult: 'ABANDON',
      },
      {
        LifecycleHookName: 'tablesleuth-drain',
        LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
        HeartbeatTimeout: 180,
        DefaultResult: 'CONTINUE',
      },
    ]);
  });

  test('has hosts that complete the hooks of their own group, and of no other', () => {
    const [statement] = statementsOf(template).filter(({ actions }) =>
      actions.includes('autoscaling:CompleteLifecycleAction'),
    );
    expect(statement?.resources).toEqual([
      `arn:aws:autoscaling:${REGION}:111122223333:autoScalingGroup:*:autoScalingGroupName/Test-${group.id}*`,
    ]);
    const script = userDataOf(template);
    expect(script).toContain('TERMINATION_HOOK="tablesleuth-drain"');
    expect(script.indexOf('complete_launch CONTINUE')).toBeLessThan(script.indexOf('signal-resource'));
    expect(script.indexOf('signal-resource')).toBeLessThan(script.indexOf('complete_launch ABANDON'));
  });

  test('is started by its minimum, so that no start takes hosts away, and stopped with all its hosts', () => {
    const { commands } = inStack((stack) => host(stack, { capacity: scaling({ min: 2 }) }));
    expect(commands.start).toMatch(/^aws autoscaling update-auto-scaling-group .* --min-size 2$/);
    expect(commands.stop).toMatch(/--min-size 0 --desired-capacity 0$/);
  });
});

describe('a group of two to four with hours', () => {
  const template = hostTemplate({ capacity: scaling({ spot: true, min: 2, max: 4, targetCpuPercent: 60 }), hours });

  test('has no hosts at night and at least two by day', () => {
    const { id, Properties } = resourceOf(template, GROUP);
    expect(Properties).toMatchObject({ MinSize: '0', MaxSize: '4' });
    const calls = resourcesOf(template, 'AWS::Scheduler::Schedule').map((schedule) => {
      const { Target } = plain(template, schedule.Properties) as {
        readonly Target: { readonly Arn: string; readonly Input: string };
      };
      return [Target.Arn.split(':').at(-1), JSON.parse(Target.Input) as unknown];
    });
    expect(calls).toEqual([
      ['updateAutoScalingGroup', { AutoScalingGroupName: `<${id}>`, MinSize: 2 }],
      ['updateAutoScalingGroup', { AutoScalingGroupName: `<${id}>`, MinSize: 0, DesiredCapacity: 0 }],
    ]);
  });
});

test('a group of a fixed number has hooks, and nothing that scales it', () => {
  const template = hostTemplate({ capacity: Capacity.autoScaling({ min: 2 }) });
  expect(propertiesOf(template, GROUP).LifecycleHookSpecificationList).toHaveLength(2);
  expect(resourcesOf(template, POLICY)).toEqual([]);
});

test.each<[string, Capacity]>([
  ['a group of one', Capacity.autoScaling()],
  ['an instance', Capacity.onDemand()],
  ['a fleet', Capacity.fleet()],
])('%s has none of it', (_name, capacity) => {
  const template: TemplateDocument = hostTemplate({ capacity });
  const text = JSON.stringify(template);
  for (const word of [
    'LifecycleHookS',
    'AutoScalingInstanceRefresh',
    'ScalingPolicy',
    'TERMINATION_HOOK',
    'complete_launch',
  ]) {
    expect(text).not.toContain(word);
  }
  expect(capacity.maxHosts).toBe(1);
});
