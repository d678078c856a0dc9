import { Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { addEventWorkflow, apiCall, inOrder, wait } from '../private/event-workflow';

export interface OnDemandFallbackProps {
  /** The logical id of the group; CloudFormation begins the group's name with the stack's name and this. */
  readonly groupLogicalId: string;

  /**
   * How long the group keeps launching on-demand instances before it tries spot again.
   *
   * @default - 6 hours
   */
  readonly retryAfter?: Duration;
}

/**
 * Lets an Auto Scaling group launch on demand while there is no spot capacity. A group of spot instances alone would
 * try spot for ever: on the event that says a spot launch failed, the group's share of on-demand instances is set to all
 * of them, and back to none later. A host that runs is never replaced for it. Costs cents a year.
 *
 * Nothing here refers to the group itself, because it must work while the group is being created.
 */
export class OnDemandFallback extends Construct {
  constructor(scope: Construct, id: string, props: OnDemandFallbackProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const namePrefix = `${stack.stackName}-${props.groupLogicalId}`;
    addEventWorkflow(this, {
      rule: {
        description: 'TableSleuth: no spot capacity, launch on demand',
        targetId: 'LaunchOnDemand',
      },
      eventPattern: {
        source: ['aws.autoscaling'],
        'detail-type': ['EC2 Instance Launch Unsuccessful'],
        detail: { AutoScalingGroupName: [{ prefix: namePrefix }], StatusMessage: [{ wildcard: '*Spot*' }] },
      },
      definition: definition(stack.partition, props.retryAfter ?? Duration.hours(6)),
      statements: [
        new PolicyStatement({
          actions: ['autoscaling:UpdateAutoScalingGroup'],
          resources: [
            stack.formatArn({
              service: 'autoscaling',
              resource: `autoScalingGroup:*:autoScalingGroupName/${namePrefix}*`,
            }),
          ],
        }),
      ],
      role: {
        description: 'Switches the TableSleuth group between spot and on demand',
        policyDescription: 'Updates one Auto Scaling group',
      },
      wildcardReason: 'The group’s id and the end of its name are random; its beginning is not',
      lossReason:
        'The group tries, fails and tells again within minutes: a lost event is followed by the next, an old one is worth nothing',
    });
  }
}

function definition(partition: string, retryAfter: Duration): object {
  const update = (onDemandPercentage: number) =>
    apiCall(partition, 'autoscaling:updateAutoScalingGroup', {
      'AutoScalingGroupName.$': '$.detail.AutoScalingGroupName',
      MixedInstancesPolicy: { InstancesDistribution: { OnDemandPercentageAboveBaseCapacity: onDemandPercentage } },
    });
  return inOrder({ LaunchOnDemand: update(100), Meanwhile: wait(retryAfter), TrySpotAgain: update(0) });
}
