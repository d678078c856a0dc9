import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand, PutBucketVersioningCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';

import { type EmulatedAccount, startEmulatedAccount } from '../../emulator/account';
import type { FindingsDatabase } from '../support/findings-database';
import { PROJECT } from '../support/synthesis';

const BUCKET = 'findings-of-the-test';
const WAIT_MS = 60_000;

/** How a queue treats a message that is not removed. */
export interface Redelivery {
  /** It comes again after as many seconds. */
  readonly afterSeconds: number;
  /** So often in all; then it goes to the dead letters. */
  readonly times: number;
}

/** A bucket of findings, the queue of their arrivals, and workers. */
export class IngestAccount {
  private readonly workers: ChildProcess[] = [];
  private url = '';
  private deadUrl = '';

  private constructor(
    private readonly account: EmulatedAccount,
    private readonly s3: S3Client,
    private readonly sqs: SQSClient,
  ) {}

  static async start(stateDirectory: string): Promise<IngestAccount> {
    const account = await startEmulatedAccount({ stateDirectory });
    const made = new IngestAccount(account, new S3Client(account.client), new SQSClient(account.client));
    await made.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    const VersioningConfiguration = { Status: 'Enabled' as const };
    await made.s3.send(new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration }));
    return made;
  }

  /** New and empty ones. */
  async makeQueues(name: string, { afterSeconds, times }: Redelivery): Promise<void> {
    this.deadUrl = await this.makeQueue(`${name}-dead`, {});
    const asked = new GetQueueAttributesCommand({ QueueUrl: this.deadUrl, AttributeNames: ['QueueArn'] });
    const deadLetterTargetArn = (await this.sqs.send(asked)).Attributes?.['QueueArn'];
    this.url = await this.makeQueue(name, {
      VisibilityTimeout: `${afterSeconds}`,
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: times }),
    });
  }

  /** Writes an object, and gives the message that the bucket's event is. */
  async put(key: string, bytes: Uint8Array): Promise<string> {
    const { VersionId } = await this.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: bytes }));
    return eventOf({ key, version: VersionId });
  }

  async send(messages: readonly string[]): Promise<void> {
    for (let at = 0; at < messages.length; at += 10) {
      const Entries = messages.slice(at, at + 10).map((MessageBody, index) => ({ Id: `${index}`, MessageBody }));
      await this.sqs.send(new SendMessageBatchCommand({ QueueUrl: this.url, Entries }));
    }
  }

  /** Starts the program as Fargate does. */
  startWorker(database: FindingsDatabase): Worker {
    const child = spawn(process.execPath, [join(PROJECT, 'assets', 'findings-ingest', 'index.js')], {
      env: {
        ...this.account.environment,
        ...database.environment('findings_ingest'),
        AWS_REGION: this.account.region,
        LOG_BUCKET: BUCKET,
        QUEUE_URL: this.url,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.workers.push(child);
    return new Worker(child);
  }

  /** Messages that are not removed, wherever they are, but those that nobody could take in. */
  async waiting(): Promise<number> {
    const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
    const asked = new GetQueueAttributesCommand({ QueueUrl: this.url, AttributeNames: [...names] });
    const { Attributes = {} } = await this.sqs.send(asked);
    return names.reduce((sum, name) => sum + Number(Attributes[name]), 0);
  }

  /** The messages that nobody could take in. */
  async dead(): Promise<string[]> {
    const asked = new ReceiveMessageCommand({
      QueueUrl: this.deadUrl,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: 0,
    });
    const { Messages = [] } = await this.sqs.send(asked);
    return Messages.map(({ Body = '' }) => Body);
  }

  async stop(): Promise<void> {
    for (const worker of this.workers) worker.kill('SIGKILL');
    await this.account.stop();
  }

  private async makeQueue(QueueName: string, Attributes: Record<string, string>): Promise<string> {
    return (await this.sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl ?? '';
  }
}

/** A worker that runs. */
export class Worker {
  private text = '';

  constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (more: string) => (this.text += more));
    }
  }

  /** All that it said. */
  log(): string {
    return this.text;
  }

  /** Its exit code, or the signal that ended it. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string | null> {
    const ended = once(this.child, 'exit') as Promise<[number | null, string | null]>;
    this.child.kill(signal);
    const [code, by] = await ended;
    return code ?? by;
  }
}

/** What Amazon EventBridge says about a new object. */
export function eventOf({ key, version, bucket = BUCKET }: { key: string; version?: string; bucket?: string }): string {
  return JSON.stringify({
    version: '0',
    source: 'aws.s3',
    'detail-type': 'Object Created',
    detail: { version: '0', bucket: { name: bucket }, object: { key, size: 1, 'version-id': version } },
  });
}

/** Waits until something is true. */
export async function until(what: () => boolean | Promise<boolean>, hint: () => string): Promise<void> {
  for (const deadline = Date.now() + WAIT_MS; Date.now() < deadline; await sleep(100)) {
    if (await what()) return;
  }
  throw new Error(`it did not become true in ${WAIT_MS / 1000} seconds: ${hint()}`);
}
