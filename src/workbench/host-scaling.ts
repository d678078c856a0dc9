import { Aspects, Duration, Lazy, Stack, Validations } from 'aws-cdk-lib';
import {
  type AutoScalingGroup,
  type CfnAutoScalingGroup,
  InstanceRefreshStrategy,
  UpdatePolicy,
} from 'aws-cdk-lib/aws-autoscaling';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledgeWildcardResources } from '../private/acknowledge';

/** How many hosts a group has, and what decides it. */
export interface GroupSize {
  /** At least one. */
  readonly min: number;
  /** At least as many. */
  readonly max: number;
  /** Average processor time of all hosts that the group is kept at, in percent. */
  readonly targetCpuPercent: number;
}

/** The hook that a new host completes when it is healthy, or abandons when it is not. */
const LAUNCH_HOOK = 'tablesleuth-launch';

/** The hook that a host completes when it has drained. */
const TERMINATION_HOOK = 'tablesleuth-drain';

/** Longer than a drain takes, which ends after 110 seconds whatever happens; then a host that says nothing is ended. */
const DRAINED_WITHIN = Duration.seconds(180);

/** A host is healthy before it is in service; this is for the first queries to fill its caches, and for its first figures. */
const WARM_UP = Duration.minutes(2);

/** Whether a group can ever have several hosts. */
export function hasSeveral({ max }: GroupSize): boolean {
  return max > 1;
}

/** What a group of several hosts has and a group of one has not. */
export const OF_SEVERAL = {
  defaultInstanceWarmup: WARM_UP,
  // A batch is a tenth of the group, and so one host: it is in service before an old one leaves.
  updatePolicy: UpdatePolicy.instanceRefresh({
    strategy: InstanceRefreshStrategy.ROLLING,
    minHealthyPercentage: 100,
    maxHealthyPercentage: 110,
  }),
};

/** Gives a group that may have several hosts what adds them and lets them go. */
export function scale(group: AutoScalingGroup, size: GroupSize, healthyWithin: Duration): void {
  if (hasSeveral(size)) {
    addHooks(group, healthyWithin);
  }
  if (size.max > size.min) {
    group.scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: size.targetCpuPercent });
  }
}

/**
 * Makes a group wait for hosts: a new one is in service when it says that it is healthy, and one that leaves has time to
 * drain. The hooks are the group's own property, so that they are there before its first host and before an update.
 */
function addHooks(group: AutoScalingGroup, healthyWithin: Duration): void {
  Validations.of(group).acknowledge({
    id: 'Annotation::@aws-cdk/aws-autoscaling:signalsNotUsedByInstanceRefresh',
    reason: 'Signals are for the creation of the group; in an update the hook says whether a new host is healthy',
  });
  (group.node.defaultChild as CfnAutoScalingGroup).lifecycleHookSpecificationList = [
    {
      lifecycleHookName: LAUNCH_HOOK,
      lifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
      heartbeatTimeout: healthyWithin.toSeconds(),
      defaultResult: 'ABANDON',
    },
    {
      lifecycleHookName: TERMINATION_HOOK,
      lifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
      heartbeatTimeout: DRAINED_WITHIN.toSeconds(),
      defaultResult: 'CONTINUE',
    },
  ];
}

/** What hosts need to complete the hooks of their own group, and no other's. */
export class HostHooks extends Construct {
  /** For the hosts' role. */
  public readonly policy: ManagedPolicy;
  /** Lines of the host's settings. */
  public readonly hostSettings = { TERMINATION_HOOK };
  /** What a new host completes. */
  public readonly launchHook = LAUNCH_HOOK;

  /**
   * @param groupLogicalId known once the group is made, which comes after the role; CloudFormation begins the group's name
   * with the stack's name and this
   */
  constructor(scope: Construct, id: string, groupLogicalId: () => string) {
    super(scope, id);
    const stack = Stack.of(this);
    const group = `${stack.stackName}-${Lazy.string({ produce: groupLogicalId })}*`;
    const statements = [
      new PolicyStatement({
        sid: 'FindOwnGroup',
        actions: ['autoscaling:DescribeAutoScalingInstances'],
        resources: ['*'],
      }),
      new PolicyStatement({
        sid: 'CompleteItsHooks',
        actions: ['autoscaling:CompleteLifecycleAction'],
        resources: [
          stack.formatArn({ service: 'autoscaling', resource: `autoScalingGroup:*:autoScalingGroupName/${group}` }),
        ],
      }),
    ];
    this.policy = new ManagedPolicy(this, 'Resource', {
      description: 'A TableSleuth host tells its group that it is healthy, or has drained',
      statements,
    });
    // When the synthesis begins, the group is there.
    Aspects.of(this).add({ visit: (construct) => void (construct === this && this.acknowledge(statements)) });
  }

  private acknowledge(statements: PolicyStatement[]): void {
    acknowledgeWildcardResources(
      this.policy,
      statements,
      'Descriptions of Auto Scaling have no resource types; the group’s id and the end of its name are random, its beginning is not',
    );
  }
}
