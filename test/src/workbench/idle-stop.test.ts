import { Duration } from 'aws-cdk-lib';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { describe, expect, test } from 'vitest';
import { Capacity, type WorkbenchProps } from '../../../src';
import { statementsOf } from '../../support/iam';
import { inStack, templateOf } from '../../support/synthesis';
import { resourceOf, resourcesOf, type TemplateDocument, textOf } from '../../support/template';
import { host, hostTemplate } from '../../support/workbench';

const HOUR = Duration.hours(1);
const MACHINE = 'AWS::StepFunctions::StateMachine';

/** The calls of the workflow, in order, each with its request. */
function callsOf(template: TemplateDocument): Array<[action: string, request: unknown]> {
  const [machine] = resourcesOf(template, MACHINE).filter(({ id }) => id.includes('IdleStop'));
  const { States } = machine!.Properties!['Definition'] as {
    States: Record<string, { Resource: unknown; Parameters: unknown }>;
  };
  return Object.values(States).map(({ Resource, Parameters }) => [
    textOf(template, Resource).replace(/^arn:aws:states:::aws-sdk:/, ''),
    Parameters,
  ]);
}

const allowed = (template: TemplateDocument) =>
  statementsOf(template)
    .filter(({ policy }) => policy.startsWith('WorkbenchIdleStopUpdate'))
    .map(({ actions }) => actions.join());

describe('idle stop fails', () => {
  test.each([
    [Duration.minutes(4), 4],
    [Duration.days(2), 2880],
  ])('after %s', (idleStop, minutes) => {
    expect(() => inStack((stack) => host(stack, { idleStop }))).toThrow(
      `Test/Workbench: idleStop is ${minutes} minutes, expected 5 minutes to a day`,
    );
  });
});

describe('without idle stop', () => {
  test('there is no workflow, and hosts are told nothing', () => {
    const template = hostTemplate();
    expect(resourcesOf(template, MACHINE)).toEqual([]);
    expect(JSON.stringify(template)).not.toContain('IDLE_STOP');
  });
});

describe('idle stop', () => {
  const launched = (template: TemplateDocument, type: string) => ({ Ref: resourceOf(template, type).id });
  const KINDS: Array<[string, WorkbenchProps['capacity'], string[]]> = [
    ['an instance', Capacity.onDemand(), ['ec2:StopInstances']],
    ['a group', Capacity.autoScaling(), ['autoscaling:UpdateAutoScalingGroup']],
    ['a fleet', Capacity.fleet(), ['ec2:ModifyFleet']],
  ];

  test.each(KINDS)('of %s may make the call that stops it, and no other', (_name, capacity, actions) => {
    expect(allowed(hostTemplate({ capacity, idleStop: HOUR }))).toEqual(actions);
  });

  test('of a group lowers its minimum as well, which would start a host again', () => {
    const template = hostTemplate({ capacity: Capacity.autoScaling(), idleStop: HOUR });
    const AutoScalingGroupName = launched(template, 'AWS::AutoScaling::AutoScalingGroup');
    expect(callsOf(template)).toEqual([
      ['autoscaling:updateAutoScalingGroup', { AutoScalingGroupName, MinSize: 0, DesiredCapacity: 0 }],
    ]);
  });

  test('of a group of several lets the idle host leave, and the last one stop them all', () => {
    const template = hostTemplate({ capacity: Capacity.autoScaling({ max: 3 }), idleStop: HOUR });
    const group = launched(template, 'AWS::AutoScaling::AutoScalingGroup');
    expect(callsOf(template)).toEqual([
      ['autoscaling:describeAutoScalingGroups', { AutoScalingGroupNames: [group] }],
      [expect.any(String), undefined],
      [
        'autoscaling:terminateInstanceInAutoScalingGroup',
        { 'InstanceId.$': "$.detail['instance-id']", ShouldDecrementDesiredCapacity: true },
      ],
      ['autoscaling:updateAutoScalingGroup', { AutoScalingGroupName: group, MinSize: 0, DesiredCapacity: 0 }],
    ]);
    expect(allowed(template).sort()).toEqual([
      'autoscaling:DescribeAutoScalingGroups',
      'autoscaling:TerminateInstanceInAutoScalingGroup,autoscaling:UpdateAutoScalingGroup',
    ]);
  });

  test('fails with a group of at least two', () => {
    const capacity = Capacity.autoScaling({ min: 2 });
    expect(() => inStack((stack) => host(stack, { capacity, idleStop: HOUR }))).toThrow(
      'Test/Workbench/IdleStop: got a group of at least 2 hosts, wants at least 1: an idle one could not leave it',
    );
  });

  test('of an instance stops it', () => {
    const template = hostTemplate({ idleStop: HOUR });
    expect(callsOf(template)).toEqual([
      ['ec2:stopInstances', { InstanceIds: [launched(template, 'AWS::EC2::Instance')] }],
    ]);
  });

  test('hears of the hosts of its own environment alone', () => {
    const template = hostTemplate({ idleStop: HOUR, environmentName: 'dev' });
    expect(resourceOf(template, 'AWS::Events::Rule').Properties!['EventPattern']).toEqual({
      source: ['tablesleuth.host'],
      'detail-type': ['TableSleuth Host Idle'],
      detail: { environment: ['dev'] },
    });
  });

  test('tells hosts their time in minutes', () => {
    const template = templateOf((stack) => {
      const wantedHosts = StringParameter.fromStringParameterName(stack, 'Wanted', '/wanted');
      host(stack, { idleStop: HOUR, capacity: Capacity.fleet({ wantedHosts }) });
    });
    expect(JSON.stringify(template)).toContain('IDLE_STOP_AFTER_MINUTES=\\"60\\"');
  });
});
