import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { BalancerConfig } from './access';
import type { Capacity } from './capacity';

/** What a host needs to leave its load balancer by itself. */
export interface BalancerDeparture {
  /** For the hosts' role. */
  readonly hostStatements: PolicyStatement[];
  /** Lines of the host's settings. */
  readonly hostSettings: Record<string, string>;
}

/**
 * Hosts that EC2 may take back leave their load balancer themselves: nobody else tells it before they are gone. One that a
 * group ends is taken out by the group, and has no permission.
 */
export function departureFrom(balancer: BalancerConfig | undefined, { isTakenBack }: Capacity): BalancerDeparture {
  if (balancer === undefined || !isTakenBack) return { hostStatements: [], hostSettings: {} };
  const { targetGroupArn } = balancer.targetGroup;
  const leave = new PolicyStatement({
    sid: 'LeaveLoadBalancer',
    actions: ['elasticloadbalancing:DeregisterTargets'],
    resources: [targetGroupArn],
  });
  return { hostStatements: [leave], hostSettings: { TARGET_GROUP_ARN: targetGroupArn } };
}
