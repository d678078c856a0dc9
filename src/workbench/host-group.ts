import { type CfnElement, Stack } from 'aws-cdk-lib';
import {
  AdditionalHealthCheckType,
  AutoScalingGroup,
  type CfnAutoScalingGroup,
  type AutoScalingGroupProps,
  GroupMetric,
  GroupMetrics,
  HealthChecks,
  OnDemandAllocationStrategy,
  Signals,
  SpotAllocationStrategy,
  UpdatePolicy,
} from 'aws-cdk-lib/aws-autoscaling';
import { Construct } from 'constructs';
import { acknowledge, Pack } from '../private/acknowledge';
import type { HostCall } from './host-call';
import {
  type GroupOfSeveral,
  type HostLauncherProps,
  type IHostLauncher,
  runningInstanceWithTag,
} from './host-launcher';
import { type GroupSize, hasSeveral, OF_SEVERAL, scale } from './host-scaling';
import { OnDemandFallback } from './on-demand-fallback';

export interface HostGroupProps extends HostLauncherProps {
  readonly spot: boolean;
  /** USD an hour. */
  readonly maxPrice?: number;
  /** Whether the group launches on demand while there is no spot capacity. */
  readonly onDemandFallback: boolean;
  readonly size: GroupSize;
}

/**
 * An Auto Scaling group, which replaces a host that is lost. An update that brings no healthy host fails and is rolled
 * back. In a group of one the new host is launched when the old one is gone; in a group that may have several, before an
 * old one leaves, and each that leaves drains first.
 */
export class HostGroup extends Construct implements IHostLauncher {
  public readonly signalLogicalId: string;
  public readonly outputName = 'AutoScalingGroupName';
  public readonly physicalId: string;
  public readonly targetExpression: string;
  public readonly startCalls: HostCall[];
  public readonly stopCalls: HostCall[];
  public readonly ofSeveral?: GroupOfSeveral;

  constructor(scope: Construct, id: string, props: HostGroupProps) {
    super(scope, id);
    const group = new AutoScalingGroup(this, 'Resource', {
      vpc: props.vpc,
      vpcSubnets: { subnets: props.subnets.subnets },
      // CloudFormation leaves the desired capacity alone, because no template names it.
      minCapacity: props.hasHours ? 0 : props.size.min,
      maxCapacity: props.size.max,
      mixedInstancesPolicy: {
        launchTemplate: props.launchTemplate,
        launchTemplateOverrides: props.instanceTypes.map((instanceType) => ({ instanceType })),
        instancesDistribution: {
          onDemandAllocationStrategy: OnDemandAllocationStrategy.PRIORITIZED,
          onDemandPercentageAboveBaseCapacity: props.spot ? 0 : 100,
          spotAllocationStrategy: SpotAllocationStrategy.PRICE_CAPACITY_OPTIMIZED,
          spotMaxPrice: props.maxPrice?.toString(),
        },
      },
      // Free, and what tells a host that is missing from a group that wants none.
      groupMetrics: [new GroupMetrics(GroupMetric.DESIRED_CAPACITY, GroupMetric.IN_SERVICE_INSTANCES)],
      healthChecks: healthChecks(props),
      signals: props.hasHours ? undefined : Signals.waitForMinCapacity({ timeout: props.healthyWithin }),
      ...(hasSeveral(props.size) ? OF_SEVERAL : ofOne(props)),
    });
    register(group, props);
    scale(group, props.size, props.healthyWithin);
    acknowledgeGroup(group, props.size);
    this.signalLogicalId = Stack.of(this).getLogicalId(group.node.defaultChild as CfnElement);
    if (props.onDemandFallback) {
      const fallback = new OnDemandFallback(this, 'OnDemandFallback', { groupLogicalId: this.signalLogicalId });
      group.node.addDependency(fallback);
    }
    this.physicalId = group.autoScalingGroupName;
    const { region } = Stack.of(this);
    this.targetExpression = runningInstanceWithTag(region, 'aws:autoscaling:groupName', this.physicalId);
    this.startCalls = [this.startCall(props)];
    this.stopCalls = [this.stopCall(props)];
    this.ofSeveral = this.groupOfSeveral(props.size);
  }

  private groupOfSeveral(size: GroupSize): GroupOfSeveral | undefined {
    return hasSeveral(size) ? { groupName: this.physicalId, groupArn: this.groupArn(), min: size.min } : undefined;
  }

  /** The group's id, which nothing but the group itself knows, is before its name. */
  private groupArn(): string {
    const resource = `autoScalingGroup:*:autoScalingGroupName/${this.physicalId}`;
    return Stack.of(this).formatArn({ service: 'autoscaling', resource });
  }

  /**
   * In a group of several a start is the minimum alone: AWS raises the desired capacity to it, and leaves one alone that is
   * higher. Only a minimum keeps the scaling policy from taking the last host by day.
   */
  private startCall({ size, hasHours }: HostGroupProps): HostCall {
    if (hasSeveral(size)) return this.capacityCall(UPDATE, { MinSize: size.min });
    return hasHours
      ? this.capacityCall(SET_DESIRED, { DesiredCapacity: 1 })
      : this.capacityCall(UPDATE, { MinSize: 1, DesiredCapacity: 1 });
  }

  /** Where the minimum is not always zero, a stop has to lower it. */
  private stopCall({ size, hasHours }: HostGroupProps): HostCall {
    return hasHours && !hasSeveral(size)
      ? this.capacityCall(SET_DESIRED, { DesiredCapacity: 0 })
      : this.capacityCall(UPDATE, { MinSize: 0, DesiredCapacity: 0 });
  }

  private capacityCall({ action, command }: typeof UPDATE, capacity: Record<string, number>): HostCall {
    const stack = Stack.of(this);
    return {
      name: 'Capacity',
      action: `autoscaling:${action}`,
      request: { AutoScalingGroupName: this.physicalId, ...capacity },
      resourceArn: this.groupArn(),
      command:
        `aws autoscaling ${command} --region ${stack.region} ` +
        `--auto-scaling-group-name ${this.physicalId} ${flags(capacity)}`,
    };
  }
}

/** Behind a load balancer, a host that it calls unhealthy is replaced as well. */
function healthChecks({ targetGroup, healthyWithin: gracePeriod }: HostGroupProps): HealthChecks {
  return targetGroup === undefined
    ? HealthChecks.ec2({ gracePeriod })
    : HealthChecks.withAdditionalChecks({ gracePeriod, additionalTypes: [AdditionalHealthCheckType.ELB] });
}

/** CDK's own method would open more ports than the one that the load balancer gets. */
function register(group: AutoScalingGroup, { targetGroup }: HostGroupProps): void {
  if (targetGroup !== undefined) {
    (group.node.defaultChild as CfnAutoScalingGroup).targetGroupArns = [targetGroup.targetGroupArn];
  }
}

const SET_DESIRED = { action: 'setDesiredCapacity', command: 'set-desired-capacity' };
const UPDATE = { action: 'updateAutoScalingGroup', command: 'update-auto-scaling-group' };

/** The one host goes before the new one comes: a workspace can only be with one of them. */
function ofOne({ healthyWithin }: HostGroupProps): Pick<AutoScalingGroupProps, 'updatePolicy'> {
  return {
    updatePolicy: UpdatePolicy.rollingUpdate({
      minInstancesInService: 0,
      maxBatchSize: 1,
      pauseTime: healthyWithin,
      waitOnResourceSignals: true,
    }),
  };
}

/** The members of a request as the AWS CLI takes them: `--min-size 0 --desired-capacity 0`. */
function flags(request: Record<string, number>): string {
  const flag = (member: string) => `--${member.replace(/(?!^)[A-Z]/g, '-$&').toLowerCase()}`;
  return Object.entries(request)
    .map(([member, value]) => `${flag(member)} ${value}`)
    .join(' ');
}

function acknowledgeGroup(group: AutoScalingGroup, size: GroupSize): void {
  const unseen =
    'The rule looks for the launch template in a place that a group of mixed instances does not have; the template that ' +
    'this group launches from encrypts its disks and requires IMDSv2';
  acknowledge(group, [Pack.AWS_SOLUTIONS], 'EC26', unseen);
  acknowledge(group, [Pack.HIPAA, Pack.NIST], 'EC2IMDSv2Enabled', unseen);
  acknowledge(
    group,
    [Pack.AWS_SOLUTIONS],
    'AS3',
    hasSeveral(size)
      ? 'People are told by alarms of the hosts themselves, and an event of each launch and end of a host is on the bus'
      : 'The group keeps one host and does not scale; a host that is lost is replaced, and a deployment waits for its signal',
  );
}
