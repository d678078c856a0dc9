import { CfnRule } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import { acknowledge, Pack } from '../private/acknowledge';
import { alertPublisher } from '../private/alert-publisher';
import { HOST_EVENT_SOURCE } from '../workbench/host-role';
import type { AlertTopic } from './alert-topic';

export interface HostNoticesProps {
  /** Where people are told. */
  readonly alerts: AlertTopic;

  /** The name of the workbench, which hosts have in their events. */
  readonly environmentName: string;

  /**
   * Whether hosts are spot instances, so that EC2's own notices are told as well. They name an instance and nothing
   * else: the spot instances of the whole account and region are reported.
   *
   * @default - only what hosts say of themselves is told
   */
  readonly spot?: boolean;
}

/**
 * Tells people what hosts say of themselves: that EC2 takes one back or recommends to move, that one is drained, or that
 * one stops because nobody uses it. Free.
 */
export class HostNotices extends Construct {
  constructor(scope: Construct, id: string, props: HostNoticesProps) {
    super(scope, id);
    const { alerts, environmentName } = props;
    const publisher = alertPublisher(this, alerts, 'Tells people what happens to hosts');
    const told = (inputTemplate: string): CfnRule.TargetProperty => ({
      id: 'Alerts',
      arn: alerts.topic.topicArn,
      roleArn: publisher.roleArn,
      inputTransformer: {
        inputPathsMap: { what: '$.detail-type', instance: '$.detail.instance-id', region: '$.region' },
        inputTemplate,
      },
    });
    const own = new CfnRule(this, 'OfHosts', {
      description: 'TableSleuth: what a host says of itself',
      eventPattern: { source: [HOST_EVENT_SOURCE], detail: { environment: [environmentName] } },
      targets: [told(`"<what>: instance <instance> of tablesleuth-${environmentName} in <region>"`)],
    });
    acknowledgeLoss(own);
    if (props.spot === true) {
      const spot = new CfnRule(this, 'Resource', {
        description: 'TableSleuth: EC2 takes a spot host back, or recommends to move away from it',
        eventPattern: {
          source: ['aws.ec2'],
          'detail-type': ['EC2 Spot Instance Interruption Warning', 'EC2 Instance Rebalance Recommendation'],
        },
        targets: [told(`"<what>: instance <instance> in <region> (tablesleuth-${environmentName})"`)],
      });
      acknowledgeLoss(spot);
    }
  }
}

function acknowledgeLoss(rule: CfnRule): void {
  acknowledge(
    rule,
    [Pack.SERVERLESS],
    'EventBusDLQ',
    'A notice is worth something for two minutes, and EventBridge tries that long by itself; the host acts on its own',
  );
}
