import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';

import { wanted } from '../findings/connection';
import { functionDatabase } from '../findings/function-database';
import type { Digest } from './digest';
import { type NotificationEvent, take } from './notification';

const sns = new SNSClient();
const database = functionDatabase(process.env);

/** Called by Amazon SNS, which calls again when it fails. */
export async function handler(event: NotificationEvent): Promise<void> {
  for (const { Sns } of event.Records) {
    await take(Sns, {
      transaction: (work) => database.transaction(work),
      publish,
      log: (line) => console.log(JSON.stringify(line)),
    });
  }
}

async function publish({ subject, message }: Digest): Promise<void> {
  const TopicArn = wanted(process.env, 'ALERT_TOPIC_ARN');
  await sns.send(new PublishCommand({ TopicArn, Subject: subject, Message: message }));
}
