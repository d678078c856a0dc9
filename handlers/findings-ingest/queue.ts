import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';

import type { Arrivals, Message } from './worker';

/** As many as one call may bring. */
const MESSAGES = 10;
/** A call is never broken off, or the messages that are on their way would be hidden for minutes: a worker ends as late. */
const WAIT_SECONDS = 5;
const KEPT_SECONDS = 300;

/** A queue of Amazon SQS. */
export class Queue implements Arrivals {
  constructor(
    private readonly sqs: SQSClient,
    private readonly url: string,
  ) {}

  async receive(): Promise<Message[]> {
    const { Messages = [] } = await this.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: this.url,
        MaxNumberOfMessages: MESSAGES,
        WaitTimeSeconds: WAIT_SECONDS,
      }),
    );
    return Messages.map(({ MessageId, Body, ReceiptHandle }) => ({
      id: MessageId ?? '',
      body: Body ?? '',
      receipt: ReceiptHandle ?? '',
    }));
  }

  async remove(messages: readonly Message[]): Promise<void> {
    // One that is not removed comes again, and is known by then.
    await this.sqs.send(new DeleteMessageBatchCommand({ QueueUrl: this.url, Entries: entriesOf(messages) }));
  }

  keep(messages: readonly Message[]): Promise<void> {
    return this.hide(messages, KEPT_SECONDS);
  }

  giveBack(messages: readonly Message[]): Promise<void> {
    return this.hide(messages, 0);
  }

  private async hide(messages: readonly Message[], VisibilityTimeout: number): Promise<void> {
    const Entries = entriesOf(messages).map((entry) => ({ ...entry, VisibilityTimeout }));
    await this.sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: this.url, Entries }));
  }
}

function entriesOf(messages: readonly Message[]): { Id: string; ReceiptHandle: string }[] {
  return messages.map(({ receipt }, index) => ({ Id: `${index}`, ReceiptHandle: receipt }));
}
