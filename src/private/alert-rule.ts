import { CfnRule } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import type { AlertTopic } from '../observability/alert-topic';
import { acknowledge, Pack } from './acknowledge';
import { alertPublisher } from './alert-publisher';

export interface AlertRuleProps {
  readonly alerts: AlertTopic;
  readonly description: string;
  /** Of the role that publishes. */
  readonly roleDescription: string;
  readonly eventPattern: object;
  /** What people read, and where its names come from in the event. */
  readonly text: CfnRule.InputTransformerProperty;
  /** Why a notice that is lost needs no queue. */
  readonly noQueue: string;
}

/** Tells people of one kind of event. */
export function addAlertRule(scope: Construct, props: AlertRuleProps): void {
  const { alerts, description, roleDescription, eventPattern, text, noQueue } = props;
  const rule = new CfnRule(scope, 'Resource', {
    description,
    eventPattern,
    targets: [
      {
        id: 'Alerts',
        arn: alerts.topic.topicArn,
        roleArn: alertPublisher(scope, alerts, roleDescription).roleArn,
        inputTransformer: text,
      },
    ],
  });
  acknowledge(rule, [Pack.SERVERLESS], 'EventBusDLQ', noQueue);
}
