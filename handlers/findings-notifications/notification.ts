import type { Queries } from '../findings/database';
import { type Digest, digestOf, noteTold, worsenings } from './digest';

/** As much of an event of Amazon SNS as is needed. */
export interface NotificationEvent {
  readonly Records: readonly { readonly Sns: Notification }[];
}

export interface Notification {
  readonly MessageId: string;
  readonly TopicArn: string;
  readonly Subject?: string | null;
  readonly Message: string;
  readonly Timestamp: string;
}

export interface NotificationPorts {
  readonly transaction: <T>(work: (queries: Queries) => Promise<T>) => Promise<T>;
  /** Tells people; left out where nobody is told, so that whoever is told later is told all of it. */
  readonly publish?: (digest: Digest) => Promise<void>;
  readonly log: (line: Readonly<Record<string, string | number>>) => void;
}

/** Any number that nothing else in this database locks by. */
const ONE_AT_A_TIME = 7_239_002;
const NOTE = `insert into notification (message_id, topic, subject, message, sent_at)
  values ($1, $2, $3, $4, $5) on conflict do nothing returning id`;

/** Records a notification, and tells people what got worse since they were told last. Once, however often it is delivered. */
export async function take(
  notification: Notification,
  { transaction, publish, log }: NotificationPorts,
): Promise<void> {
  const { MessageId, TopicArn, Subject = null, Message, Timestamp } = notification;
  await transaction(async (queries) => {
    await queries.query('select pg_advisory_xact_lock($1)', [ONE_AT_A_TIME]);
    const noted = await queries.query(NOTE, [MessageId, TopicArn, Subject, Message, Timestamp]);
    if (noted.length === 0) return log({ event: 'known', message: MessageId });
    if (publish === undefined) return log({ event: 'recorded', message: MessageId });
    const { rows, total } = await worsenings(queries);
    await noteTold(queries);
    const digest = digestOf(rows, total);
    log({ event: 'recorded', message: MessageId, worse: total });
    // Last: what fails before leaves nothing said, and what fails after it says it twice rather than never.
    if (digest !== undefined) await publish(digest);
  });
}
