import { CfnOutput, CfnWaitConditionHandle, Stack, type StackProps } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { AlertTopic } from '../../src';
import type { Settings } from '../settings';
import { compliance } from './operations/compliance';
import { backup } from './operations/backup';
import { image } from './operations/image';
import type { OperationsPart } from './operations/part';
import { rotation } from './operations/rotation';
import { sweep } from './operations/sweep';
import { watch } from './operations/watch';
import { PublishedValues } from './published';
import { ALERT_TOPIC, ServiceStack } from './service-stack';

/** In the order in which they are made; each is there only when its settings switch it on. */
const PARTS: readonly OperationsPart[] = [watch, image, sweep, rotation, compliance, backup];

/** What watches, schedules and protects the workbench. Destroying this stack and creating it again loses nothing. */
export class OperationsStack extends Stack {
  constructor(scope: Construct, id: string, settings: Settings, props: StackProps) {
    super(scope, id, props);
    const alerts = alertsOf(this, settings);
    const parts = PARTS.filter(({ isOn }) => isOn(settings));
    parts.forEach((part) => part.add(this, { settings, alerts, topic: alerts?.topic }));
    if (parts.length === 0) {
      // A stack that the app no longer has is left alone by the CDK CLI, with everything in it; an empty one there is not.
      new CfnWaitConditionHandle(this, 'NothingIsOn');
    }
  }
}

/** The topic that every part tells people through; the data stack lets alarms use its key. */
function alertsOf(stack: Stack, settings: Settings): AlertTopic | undefined {
  const { alarms, environment, region, regions } = settings;
  if (alarms === false) {
    return undefined;
  }
  const published = new PublishedValues(environment);
  const alerts = new AlertTopic(stack, 'Alerts', {
    emails: [alarms.email],
    encryptionKey: Key.fromKeyArn(stack, 'DataKey', published.read(stack, 'data/key-arn')),
    displayName: ['TableSleuth', environment, ...(regions.length > 1 ? [region] : [])].join(' '),
  });
  if (ServiceStack.isNeeded(settings)) published.publish(stack, ALERT_TOPIC, alerts.topic.topicArn);
  new CfnOutput(stack, 'AlertTopicArn', { value: alerts.topic.topicArn, description: 'Where people are told' });
  return alerts;
}
