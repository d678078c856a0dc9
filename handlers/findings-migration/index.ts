import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

import { connect, placeOf, wanted } from '../findings/connection';
import { MIGRATIONS } from '../findings/migrations';
import { applyMigrations } from '../findings/migrations/apply';
import { makeUsers } from '../findings/users';
import { type LifeCycleEvent, type LifeCycleAnswer, onEvent } from './life-cycle';

const secrets = new SecretsManagerClient();

/** Called by the provider of a custom resource. */
export function handler(event: LifeCycleEvent): Promise<LifeCycleAnswer> {
  return onEvent(event, () => migrate(process.env));
}

async function migrate(environment: NodeJS.ProcessEnv): Promise<number> {
  const place = placeOf(environment);
  const client = await connect(place, await passwordOf(wanted(environment, 'DB_CLUSTER_SECRET_ARN')));
  try {
    const applied = await applyMigrations(client, MIGRATIONS);
    await makeUsers(client);
    console.log(JSON.stringify({ event: 'migrated', applied }));
  } finally {
    await client.end();
  }
  return MIGRATIONS.length;
}

async function passwordOf(secretArn: string): Promise<string> {
  const { SecretString = '' } = await secrets.send(new GetSecretValueCommand({ SecretId: secretArn }));
  return passwordIn(SecretString);
}

/** An error of the parser would quote the secret. */
function passwordIn(secret: string): string {
  try {
    const { password } = JSON.parse(secret) as { readonly password?: unknown };
    if (typeof password === 'string') return password;
  } catch {
    // Told below.
  }
  throw new Error('the secret of the database holds no password');
}
