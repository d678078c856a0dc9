// The database of one emulated Aurora cluster: PostgreSQL, and the door to it. Reads one line of settings, writes one line
// `{"port": N}` when it answers, and ends in good order when its input closes.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';

import { InternalApi } from '../internal-api';
import { makeCertificates } from '../machine/certificates';
import { type Postgres, startPostgres } from '../postgres/postgres';
import { Door } from './door';

interface Settings {
  readonly clusterId: string;
  readonly folder: string;
  /** Of all clusters of the account: one authority vouches for them. */
  readonly certificates: string;
  /** The one that it had, where it is started again. */
  readonly port?: number;
  readonly owner: string;
  readonly password: string;
  readonly database: string;
  readonly onlyEncrypted: boolean;
  /** Of the engine. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** The name that endpoints have, and that their certificate is of. */
const HOST = 'localhost';
/** This process stands in the folder of the data, as PostgreSQL does: no other path is short enough for a socket everywhere. */
const HERE = '/proc/self/cwd';

async function main(settings: Settings, environment: NodeJS.ProcessEnv): Promise<() => Promise<void>> {
  const { folder, certificates, owner } = settings;
  const isNew = !existsSync(join(folder, 'data'));
  mkdirSync(join(folder, 'data'), { recursive: true });
  process.chdir(join(folder, 'data'));
  if (!existsSync(join(certificates, 'certificate.pem'))) await makeCertificates(certificates, [HOST]);
  const postgres = await startPostgres({
    folder,
    socketFolder: HERE,
    rules: [`local all "${owner}" scram-sha-256`, 'local all +rds_iam trust', 'local all all scram-sha-256'],
    settings: settings.parameters,
  });
  if (isNew) await prepare(postgres, settings);
  const api = new InternalApi(
    `http://127.0.0.1:${environment['GATEWAY_PORT']}`,
    environment['AWS_SECRET_ACCESS_KEY'] ?? '',
  );
  const door = await Door.open({
    port: settings.port,
    certificate: readFileSync(join(certificates, 'certificate.pem'), 'utf8'),
    key: readFileSync(join(certificates, 'key.pem'), 'utf8'),
    onlyEncrypted: settings.onlyEncrypted,
    socket: join(HERE, `.s.PGSQL.${postgres.port}`),
    verify: (user, token) => api.call('POST', `databases/${settings.clusterId}/sign-in`, { user, token }),
  });
  console.log(JSON.stringify({ port: door.port }));
  return async () => {
    await Promise.all([door.close(), postgres.stop()]);
  };
}

/** What Amazon RDS makes: an owner who is no superuser, a database, and the role of those who sign in with IAM. */
async function prepare(postgres: Postgres, { owner, password, database }: Settings): Promise<void> {
  const client = new Client({ host: HERE, port: postgres.port, user: 'postgres', database: 'postgres' });
  await client.connect();
  const [whom, what] = [owner, database].map((name) => client.escapeIdentifier(name));
  try {
    for (const statement of [
      `create role ${whom} login createrole createdb password ${client.escapeLiteral(password)}`,
      'create role rds_iam',
      `grant rds_iam to ${whom} with admin option, inherit false, set false`,
      ...(database === '' ? [] : [`create database ${what} owner ${whom}`]),
    ]) {
      await client.query(statement);
    }
  } finally {
    await client.end();
  }
}

async function run(): Promise<void> {
  const lines = createInterface({ input: process.stdin });
  const settings = await new Promise<string>((fulfil) => lines.once('line', fulfil));
  const closed = new Promise<void>((fulfil) => lines.once('close', () => fulfil()));
  const end = await main(JSON.parse(settings) as Settings, process.env);
  await closed;
  await end();
}

run().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
