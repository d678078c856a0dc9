import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';

import { connect, placeOf, wanted } from '../findings/connection';
import { Database } from '../findings/database';
import { record } from '../findings/ingestion';
import { signInToken } from '../findings/token';
import type { Arrival } from './arrival';
import { Queue } from './queue';
import { work } from './worker';

/** While one batch is read from the bucket another one is recorded, or two at a time: each lane has a connection of its own. */
const LANES = 2;
const s3 = new S3Client();
const sqs = new SQSClient();

async function main(environment: NodeJS.ProcessEnv): Promise<void> {
  const place = placeOf(environment);
  const region = wanted(environment, 'AWS_REGION');
  const signedIn = async () => connect(place, signInToken(place, region, await sqs.config.credentials()));
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  const ports = {
    bucket: wanted(environment, 'LOG_BUCKET'),
    arrivals: new Queue(sqs, wanted(environment, 'QUEUE_URL')),
    read,
    log: (line: object) => console.log(JSON.stringify({ time: new Date().toISOString(), ...line })),
    pause: (milliseconds: number, signal: AbortSignal) =>
      sleep(milliseconds, undefined, { signal }).catch(() => undefined),
  };
  ports.log({ event: 'started' });
  const lane = async (): Promise<void> => {
    const database = new Database(signedIn);
    await work({ ...ports, record: (arrived) => record(database, arrived) }, stop.signal);
    await database.close();
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  ports.log({ event: 'ended' });
}

async function read({ bucket, key, version }: Arrival): Promise<Uint8Array> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: version }));
  return Body!.transformToByteArray();
}

main(process.env).catch((error: unknown) => {
  console.error(error);
  // The service starts another one; what was in hand comes again.
  process.exit(1);
});
