import { join } from 'node:path';

import { cached, digestOf, REPOSITORY } from '../../emulator/machine/cache';
import { Machine } from '../../emulator/machine/machine';
import type { Outcome } from '../../emulator/machine/process';
import { REGION, SECRET_ARN, sha256, type HostAccount } from './account';

export const HOST = '/opt/tablesleuth/host';

/** The settings that user data writes on an instance of the dev environment. */
export function settings(account: HostAccount, changes: Readonly<Record<string, string>> = {}): string {
  const values: Record<string, string> = {
    TABLESLEUTH_ENVIRONMENT: 'dev',
    AWS_REGION: REGION,
    GIZMOSQL_SECRET_ARN: SECRET_ARN,
    GIZMOSQL_USERNAME: 'admin',
    GIZMOSQL_VERSION: '1.40.0',
    GIZMOSQL_SHA256: sha256(account.archive),
    GIZMOSQL_MEMORY_LIMIT: '75%',
    GLUE_CATALOG: 'true',
    TABLE_BUCKET_ARNS: `arn:aws:s3tables:${REGION}:111122223333:bucket/lake`,
    HOST_METRICS: 'true',
    HOST_LOG_GROUP: '/tablesleuth/dev/host',
    ...changes,
  };
  return Object.entries(values)
    .map(([key, value]) => `${key}="${value}"\n`)
    .join('');
}

/** A booted machine with the host's folder and settings on it, as user data leaves it before it runs the scripts. */
export async function newInstance(
  account: HostAccount,
  options: { diskMiB?: number | undefined; layers?: string[] } = {},
): Promise<Machine> {
  const machine = await Machine.create({ name: 'workbench', account, ...options });
  try {
    await machine.copyIn(join(REPOSITORY, 'host'), HOST);
    machine.write('/etc/tablesleuth/settings.env', settings(account));
    await machine.start();
    return machine;
  } catch (error) {
    await machine.terminate();
    throw error;
  }
}

/** What install reads and what saves its result: an image stays good while none of it changes. */
const OF_THE_IMAGE = [
  ...['install', 'settings.sh', 'distribution.sh', 'requirements.txt', 'duckdb-extensions.txt'].map(
    (name) => `host/${name}`,
  ),
  'emulator/gizmosql',
  'emulator/machine/root.ts',
  'emulator/machine/disk.ts',
];

/** A booted machine on which install has run already, as an instance of a baked image. */
export async function bakedInstance(account: HostAccount, diskMiB?: number): Promise<Machine> {
  return newInstance(account, { layers: [await installedSoftware(account)], diskMiB });
}

/** The folder of a disk on which install has run. The first time on a computer it is made, which takes half a minute. */
export function installedSoftware(account: HostAccount): Promise<string> {
  return cached('image', digestOf(OF_THE_IMAGE, [process.arch]), async (folder) => {
    const machine = await newInstance(account);
    try {
      succeeded(await install(machine));
      await machine.powerOff();
      await machine.saveDisk(folder);
    } finally {
      await machine.terminate();
    }
  });
}

export function install(machine: Machine): Promise<Outcome> {
  return machine.run(['bash', `${HOST}/install`]);
}

export function configure(machine: Machine): Promise<Outcome> {
  return machine.run(['bash', `${HOST}/configure`]);
}

export function succeeded(outcome: Outcome): void {
  if (outcome.status !== 0) {
    throw new Error(`exit code ${outcome.status}\n${outcome.stdout}${outcome.stderr}`);
  }
}
