import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';

import { functionDatabase } from '../findings/function-database';
import type { Digest } from './digest';
import { type NotificationEvent, take } from './notification';

const sns = new SNSClient();
const database = functionDatabase(process.env);
/** Where people are told; an environment without alarms has none. */
const topicArn = process.env['ALERT_TOPIC_ARN'];

/** Called by Amazon SNS, which calls again when it fails. */
export async function handler(event: NotificationEvent): Promise<void> {
  for (const { Sns } of event.Records) {
    await take(Sns, {
      transaction: (work) => database.transaction(work),
      ...(topicArn && { publish: (digest) => publish(topicArn, digest) }),
      log: (line) => console.log(JSON.stringify(line)),
    });
  }
}

async function publish(TopicArn: string, { subject, message }: Digest): Promise<void> {
  await sns.send(new PublishCommand({ TopicArn, Subject: subject, Message: message }));
}
