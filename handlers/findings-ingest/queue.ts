import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';

import type { Arrivals, Message } from './worker';

/** As many as one call may bring. */
const MESSAGES = 10;
/** With them a worker has up to 500 findings in hand: a statement of so many costs little more than one of a hundred. */
const MORE_CALLS = 49;
/** A call is never broken off, or the messages that are on their way would be hidden for minutes: a worker ends as late. */
const WAIT_SECONDS = 5;
const KEPT_SECONDS = 300;

/** A queue of Amazon SQS. */
export class Queue implements Arrivals {
  constructor(
    private readonly sqs: SQSClient,
    private readonly url: string,
  ) {}

  /** Ten that come one by one are taken in one by one; of a queue that is full as many as the database likes best. */
  async receive(): Promise<Message[]> {
    const first = await this.receiveSome(WAIT_SECONDS);
    if (first.length < MESSAGES) return first;
    const more = await Promise.all(Array.from({ length: MORE_CALLS }, () => this.receiveSome(0)));
    return [...first, ...more.flat()];
  }

  async remove(messages: readonly Message[]): Promise<void> {
    // One that is not removed comes again, and is known by then.
    await Promise.all(
      batchesOf(messages).map((Entries) =>
        this.sqs.send(new DeleteMessageBatchCommand({ QueueUrl: this.url, Entries })),
      ),
    );
  }

  keep(messages: readonly Message[]): Promise<void> {
    return this.hide(messages, KEPT_SECONDS);
  }

  giveBack(messages: readonly Message[]): Promise<void> {
    return this.hide(messages, 0);
  }

  private async receiveSome(WaitTimeSeconds: number): Promise<Message[]> {
    const { Messages = [] } = await this.sqs.send(
      new ReceiveMessageCommand({ QueueUrl: this.url, MaxNumberOfMessages: MESSAGES, WaitTimeSeconds }),
    );
    return Messages.map(({ MessageId, Body, ReceiptHandle }) => ({
      id: MessageId ?? '',
      body: Body ?? '',
      receipt: ReceiptHandle ?? '',
    }));
  }

  private async hide(messages: readonly Message[], VisibilityTimeout: number): Promise<void> {
    await Promise.all(
      batchesOf(messages).map((batch) => {
        const Entries = batch.map((entry) => ({ ...entry, VisibilityTimeout }));
        return this.sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: this.url, Entries }));
      }),
    );
  }
}

/** As many entries as one call takes. */
function batchesOf(messages: readonly Message[]): { Id: string; ReceiptHandle: string }[][] {
  const entries = messages.map(({ receipt }, index) => ({ Id: `${index}`, ReceiptHandle: receipt }));
  return Array.from({ length: Math.ceil(entries.length / MESSAGES) }, (_, batch) =>
    entries.slice(batch * MESSAGES, (batch + 1) * MESSAGES),
  );
}
