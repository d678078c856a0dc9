import path from 'node:path';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EmulatedAccount, startEmulatedAccount } from '../../emulator/account';
import { signedFetch } from '../../emulator/signed-fetch';
import { connect, type Place } from '../../handlers/findings/connection';
import { signInToken } from '../../handlers/findings/token';
import { eventually, processesWith } from './fixtures/processes';
import { SmallStack } from './fixtures/small-stack';

const FOLDER = path.resolve('.cache', 'test-accounts', 'database');
const CLUSTER = {
  Type: 'AWS::RDS::DBCluster',
  DeletionPolicy: 'Delete',
  Properties: {
    DBClusterIdentifier: 'small',
    Engine: 'aurora-postgresql',
    DatabaseName: 'things',
    MasterUsername: 'keeper',
    ManageMasterUserPassword: true,
    EnableIAMDatabaseAuthentication: true,
  },
};
const attribute = (name: string) => ({ Value: { 'Fn::GetAtt': ['Cluster', name] } });

/** Without enforced IAM: any token of somebody who is known is good, and no other. */
describe('a cluster of Aurora PostgreSQL', { concurrent: false }, () => {
  let account: EmulatedAccount;
  let stack: SmallStack;
  let keeper: Place;
  let password: string;

  beforeAll(async () => {
    account = await startEmulatedAccount({ stateDirectory: FOLDER });
    stack = new SmallStack(account, 'small');
    const { status, outputs, reasons } = await stack.create(
      { Cluster: CLUSTER },
      {
        Host: attribute('Endpoint.Address'),
        Port: attribute('Endpoint.Port'),
        Secret: attribute('MasterUserSecret.SecretArn'),
      },
    );
    expect([status, reasons]).toEqual(['CREATE_COMPLETE', []]);
    const where = { host: outputs.Host!, port: Number(outputs.Port), database: 'things' };
    keeper = { ...where, user: 'keeper', authorityFile: account.databaseAuthority };
    const asked = new GetSecretValueCommand({ SecretId: outputs.Secret });
    const { SecretString } = await new SecretsManagerClient(account.client).send(asked);
    password = (JSON.parse(SecretString!) as { password: string }).password;
    await sql('create table thing as select 42 as answer', 'create role program login', 'grant rds_iam to program');
  });

  afterAll(() => account.stop());

  test('lets its owner in with the password of its secret, who is no superuser', async () => {
    expect(await sql('select rolsuper from pg_roles where rolname = current_user')).toEqual([{ rolsuper: false }]);
    expect(await sql('select answer from thing')).toEqual([{ answer: 42 }]);
  });

  test('lets a member of rds_iam in with a token alone, signed by somebody who is known', async () => {
    const program = { ...keeper, user: 'program' };
    const token = signInToken(program, account.region, account.client.credentials);
    const client = await connect(program, token);
    await client.end();
    const forged = signInToken(program, account.region, { ...account.client.credentials, secretAccessKey: 'guess' });
    await expect(connect(program, forged)).rejects.toThrow('PAM authentication failed for user "program"');
    await expect(connect(program, password)).rejects.toThrow('PAM authentication failed for user "program"');
    const unencrypted = new Client({ ...program, password: token });
    await expect(unencrypted.connect()).rejects.toThrow('no encryption');
  });

  test('is away while it is stopped, and has its data at the same port when it is started again', async () => {
    await rds('StopDBCluster');
    await expect(sql('select 1')).rejects.toThrow('ECONNREFUSED');
    await rds('StartDBCluster');
    expect(await sql('select answer from thing')).toEqual([{ answer: 42 }]);
  });

  test('ends when it is deleted, and with its account', async () => {
    expect(processesWith(`${FOLDER}/databases/small`).length).toBeGreaterThan(0);
    expect((await stack.delete()).status).toBe('DELETE_COMPLETE');
    expect(await eventually(() => processesWith(`${FOLDER}/databases/small`).length === 0)).toBe(true);
    expect((await stack.create({ Cluster: CLUSTER })).status).toBe('CREATE_COMPLETE');
    await account.stop();
    expect(processesWith(`${FOLDER}/databases`)).toEqual([]);
  });

  async function sql(...statements: string[]): Promise<object[]> {
    const client = await connect(keeper, password);
    try {
      let rows: object[] = [];
      for (const statement of statements) rows = (await client.query<object>(statement)).rows;
      return rows;
    } finally {
      await client.end();
    }
  }

  async function rds(Action: string): Promise<void> {
    const body = new URLSearchParams({ Action, DBClusterIdentifier: 'small', Version: '2014-10-31' }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const signer = { service: 'rds', region: account.region, credentials: account.client.credentials };
    const response = await signedFetch(new URL('/', account.endpoint), { method: 'POST', headers, body }, signer);
    if (!response.ok) throw new Error(await response.text());
  }
});
