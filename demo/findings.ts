import { setTimeout } from 'node:timers/promises';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import type { Settings } from '../app/settings';
import type { EmulatedAccount } from '../emulator/account';
import { apiEndpoint } from '../emulator/api-endpoint';
import { signedFetch } from '../emulator/signed-fetch';
import { DemoError } from './deployment';
import type { SampleLake } from './lake/lake';

/** Half a minute is much for a sweep of the sample lake, and for its findings' way through the queue. */
const FOUND_WITHIN_MS = 60_000;

/** What a sweep of the sample lake found, and where it is asked for. */
export interface LakeFindings {
  /** The API, for whoever signs with the account's credentials. */
  readonly endpoint: string;
  /** Its page, for one browser: it is signed for on the way. */
  readonly page?: string;
  /** The tables that have most of what nobody needs, the worst first. */
  readonly worst: readonly WorstTable[];
}

export interface WorstTable {
  readonly name: string;
  readonly figures: Readonly<Record<string, number | null>>;
}

export interface SweepOptions {
  /** The one that is deployed. */
  readonly environment: string;
  readonly lake: SampleLake;
  readonly onProgress: (line: string) => void;
}

/** Settings that sweep the sample lake, keep what is found, and tell about it; what the environment says itself stays. */
export function findingsSettings({ bucketArn, database }: SampleLake, settings: Settings): string[] {
  const bucket = bucketArn.split(':').at(-1)!;
  const tables = [`glue:${database}`, `s3://${bucket}/delta`, `s3://${bucket}/parquet`];
  return [
    ...(settings.sweep === undefined ? [`sweep=${JSON.stringify({ tables })}`] : []),
    ...(settings.service === undefined ? ['service={}'] : []),
    ...(settings.alarms === false ? ['alarms={"email":"team@example.com"}'] : []),
  ];
}

/**
 * Sweeps the sample lake once, lets a worker take in what is found, and asks the API of findings for the worst tables.
 * Undefined where the settings have no sweep or no service.
 */
export async function sweepLake(
  account: EmulatedAccount,
  { environment, lake, onProgress }: SweepOptions,
): Promise<LakeFindings | undefined> {
  const { SweepCommand } = await outputsOf(account, `TablesleuthSweep-${environment}`);
  const { ApiEndpoint } = await outputsOf(account, `TablesleuthService-${environment}`);
  if (SweepCommand === undefined || ApiEndpoint === undefined) return undefined;
  const endpoint = apiEndpoint(account, ApiEndpoint);
  onProgress('Findings: sweeping the sample lake');
  const began = new Date();
  await submit(account, SweepCommand);
  const tables = await taken(account, endpoint, { wanted: lake.tables.length, since: began });
  onProgress(`Findings: a worker has taken in those of ${tables} tables`);
  const { tables: worst } = await ask<{ tables: WorstTable[] }>(
    account,
    new URL('worst?by=reclaimableBytes', endpoint),
  );
  return { endpoint, worst };
}

/** Submits the sweep's planner, as its schedule does. */
async function submit(account: EmulatedAccount, command: string): Promise<void> {
  const option = (name: string) => new RegExp(`--${name} (\\S+)`).exec(command)?.[1];
  const body = JSON.stringify({
    jobName: 'demo',
    jobQueue: option('job-queue'),
    jobDefinition: option('job-definition'),
  });
  const response = await signedFetch(
    new URL('/v1/submitjob', account.endpoint),
    { method: 'POST', headers: { 'content-type': 'application/json' }, body },
    { service: 'batch', region: account.region, credentials: account.client.credentials },
  );
  if (!response.ok) throw new DemoError(`The sweep could not be submitted: ${await response.text()}`);
}

/** How many tables there are findings of, once there are as many as are wanted, all newer than a time. */
async function taken(
  account: EmulatedAccount,
  endpoint: string,
  { wanted, since }: { readonly wanted: number; readonly since: Date },
): Promise<number> {
  const url = new URL('tables?limit=100', endpoint);
  for (const deadline = Date.now() + FOUND_WITHIN_MS; Date.now() < deadline; await setTimeout(1_000)) {
    // Application Auto Scaling looks at the queue once a minute.
    await account.passMinutes(1);
    const { tables } = await ask<{ tables: { inspectedAt: string }[] }>(account, url);
    if (tables.length >= wanted && tables.every(({ inspectedAt }) => new Date(inspectedAt) >= since))
      return tables.length;
  }
  throw new DemoError(`The findings of the sample lake did not come within ${FOUND_WITHIN_MS / 1000} s of its sweep.`);
}

async function ask<Answer>(account: EmulatedAccount, url: URL): Promise<Answer> {
  const { region, client } = account;
  const response = await signedFetch(url, {}, { service: 'execute-api', region, credentials: client.credentials });
  if (!response.ok) throw new DemoError(`The API of findings answers ${response.status}: ${await response.text()}`);
  return (await response.json()) as Answer;
}

async function outputsOf(account: EmulatedAccount, StackName: string): Promise<Readonly<Record<string, string>>> {
  const client = new CloudFormationClient(account.client);
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({}));
  const outputs = Stacks.find((stack) => stack.StackName === StackName)?.Outputs ?? [];
  return Object.fromEntries(outputs.map(({ OutputKey, OutputValue }) => [OutputKey!, OutputValue!]));
}
