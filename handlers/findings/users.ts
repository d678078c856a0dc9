import type { ClientBase } from 'pg';

/** The database users of the programs, each with the rights that its statements need. None has a password. */
const RIGHTS = {
  findings_api: ['select on finding, latest'],
  findings_ingest: ['select, insert on finding', 'select, insert, update on latest'],
  findings_notifications: [
    'select on finding, latest',
    'select, insert on notification',
    'select, insert, update on told',
  ],
} as const;

/** Amazon RDS lets members of it in with tokens of IAM, and with nothing else. Elsewhere there is none. */
const LET_IN_BY_IAM = 'rds_iam';

/**
 * Sessions that do nothing are ended: an Aurora that nobody is connected to can pause, and a function that sleeps does not
 * say goodbye.
 */
const LIMITS = {
  idle_session_timeout: '5min',
  idle_in_transaction_session_timeout: '1min',
  statement_timeout: '1min',
  lock_timeout: '30s',
};
const API_LIMITS = { statement_timeout: '10s', default_transaction_read_only: 'on' };

/** Makes the users that are missing, lets them in by IAM alone, and gives each its rights and no others. May be repeated. */
export async function makeUsers(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ database: string; roles: string[] }>(
    'select current_database() as database, array(select rolname::text from pg_roles) as roles',
  );
  const existing = new Set(rows[0]!.roles);
  const database = client.escapeIdentifier(rows[0]!.database);
  const statements = Object.entries(RIGHTS).flatMap(([user, rights]) => [
    ...(existing.has(user) ? [] : [`create role ${user} login`]),
    ...(existing.has(LET_IN_BY_IAM) ? [`grant ${LET_IN_BY_IAM} to ${user}`] : []),
    ...limits(user),
    `grant connect on database ${database} to ${user}`,
    `grant usage on schema public to ${user}`,
    `revoke all on all tables in schema public from ${user}`,
    ...rights.map((right) => `grant ${right} to ${user}`),
  ]);
  const nobodyElse = [`revoke all on database ${database} from public`, 'revoke all on schema public from public'];
  // One transaction: nobody is ever without rights that he had.
  await client.query(['begin', ...nobodyElse, ...statements, 'commit'].join(';\n'));
}

function limits(user: string): string[] {
  const all = { ...LIMITS, ...(user === 'findings_api' ? API_LIMITS : {}) };
  return Object.entries(all).map(([name, value]) => `alter role ${user} set ${name} = '${value}'`);
}
