import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { addEventWorkflow, apiCall, inOrder, type Workflow } from '../private/event-workflow';
import { fail } from '../private/validate';
import { type HostCall, permissionOf } from './host-call';
import type { GroupOfSeveral, IHostLauncher } from './host-launcher';
import { HOST_EVENT_SOURCE } from './host-role';

export interface IdleStopProps {
  readonly launcher: IHostLauncher;
  /** The environment that hosts name in their events. */
  readonly environmentName: string;
}

/**
 * Stops a host that has told the event bus that nobody uses it. The host decides, and has no permission to stop
 * anything; the workflow here may make the launcher's own calls, and no other. Of several hosts
 * the one that nobody uses leaves, and the last one stops them all. Costs cents a year.
 */
export class IdleStop extends Construct {
  /** The state machine that makes the calls. */
  public readonly stateMachineArn: string;

  constructor(scope: Construct, id: string, { launcher, environmentName }: IdleStopProps) {
    super(scope, id);
    const { partition } = Stack.of(this);
    const calls = launcher.stopCalls;
    const group = launcher.ofSeveral;
    if (group !== undefined && group.min > 1) {
      fail(this, `got a group of at least ${group.min} hosts, wants at least 1: an idle one could not leave it`);
    }
    const stop = Object.fromEntries(
      calls.map(({ name, action, request }): [string, object] => [name, apiCall(partition, action, request)]),
    );
    this.stateMachineArn = addEventWorkflow(this, {
      rule: { description: 'TableSleuth: nobody uses the host, stop it', targetId: 'Stop' },
      eventPattern: {
        source: [HOST_EVENT_SOURCE],
        'detail-type': ['TableSleuth Host Idle'],
        detail: { environment: [environmentName] },
      },
      definition: group === undefined ? inOrder(stop) : unlessOthersStay(partition, group, inOrder(stop)),
      statements: [...calls.map(statementOf), ...(group === undefined ? [] : statementsToLeave(group))],
      role: { description: 'Stops an idle TableSleuth host', policyDescription: 'Stops the TableSleuth host' },
      wildcardReason: 'The group’s id is random; its name is whole; descriptions of groups have no resource types',
      lossReason: 'A host that stays idle asks again every five minutes',
    });
  }
}

function statementOf({ action, resourceArn }: HostCall): PolicyStatement {
  return new PolicyStatement({ actions: [permissionOf(action)], resources: [resourceArn] });
}

function statementsToLeave({ groupArn }: GroupOfSeveral): PolicyStatement[] {
  return [
    new PolicyStatement({ actions: ['autoscaling:DescribeAutoScalingGroups'], resources: ['*'] }),
    new PolicyStatement({ actions: ['autoscaling:TerminateInstanceInAutoScalingGroup'], resources: [groupArn] }),
  ];
}

/** The idle host alone leaves while the group has more than it must have: another one may be in use. */
function unlessOthersStay(partition: string, { groupName }: GroupOfSeveral, stop: Workflow): Workflow {
  const look = apiCall(partition, 'autoscaling:describeAutoScalingGroups', { AutoScalingGroupNames: [groupName] });
  const leave = apiCall(partition, 'autoscaling:terminateInstanceInAutoScalingGroup', {
    'InstanceId.$': "$.detail['instance-id']",
    ShouldDecrementDesiredCapacity: true,
  });
  const [group, more] = ['$.found.AutoScalingGroups[0]', 'NumericGreaterThanPath'];
  const choice = { Variable: `${group}.DesiredCapacity`, [more]: `${group}.MinSize`, Next: 'Leave' };
  return {
    StartAt: 'Look',
    States: {
      Look: { ...look, ResultPath: '$.found', Next: 'AreThereOthers' },
      AreThereOthers: { Type: 'Choice', Choices: [choice], Default: stop.StartAt },
      Leave: { ...leave, End: true },
      ...stop.States,
    },
  };
}
