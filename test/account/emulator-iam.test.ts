import { CreateLogStreamCommand, CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeInstancesCommand, EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { GetDatabasesCommand, GlueClient } from '@aws-sdk/client-glue';
import { ScheduleKeyDeletionCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEmulatedAccount, type EmulatedAccount } from '../../emulator/account';
import { bootstrap } from '../../emulator/cdk';
import { deployFixture } from './fixtures/fixture-app';

const stateDirectory = mkdtempSync(path.join(tmpdir(), 'emulated-account-'));
let account: EmulatedAccount;
let host: EmulatedAccount['client'];
let instanceId: string;
let names: Record<string, string>;

beforeAll(async () => {
  account = await startEmulatedAccount({ stateDirectory, enforceIam: true });
  await bootstrap(account);
  const deployed = await deployFixture(account, { kind: 'instance' });
  expect(deployed.exitCode, deployed.output).toBe(0);
  const { Stacks } = await new CloudFormationClient(account.client).send(
    new DescribeStacksCommand({ StackName: 'EmulatorHost' }),
  );
  names = Object.fromEntries(Stacks![0]!.Outputs!.map((output) => [output.OutputKey!, output.OutputValue!]));
  const { Reservations } = await new EC2Client(account.client).send(new DescribeInstancesCommand({}));
  instanceId = Reservations![0]!.Instances![0]!.InstanceId!;
  host = { ...account.client, credentials: await account.instanceCredentials(instanceId) };
  for (const Key of ['read/table.parquet', 'private/table.parquet']) {
    await new S3Client(account.client).send(new PutObjectCommand({ Bucket: names.BucketName!, Key, Body: 'rows' }));
  }
});

afterAll(async () => {
  await account?.stop();
  rmSync(stateDirectory, { recursive: true, force: true });
});

describe('with IAM enforced, the host role', () => {
  test('is who its instance is', async () => {
    const { Arn } = await new STSClient(host).send(new GetCallerIdentityCommand({}));
    expect(Arn).toMatch(new RegExp(`^arn:aws:sts::000000000000:assumed-role/EmulatorHost-.*/${instanceId}$`));
  });

  test('reads its secret, its objects, and writes its logs', async () => {
    const secret = new GetSecretValueCommand({ SecretId: names.SecretArn! });
    expect((await new SecretsManagerClient(host).send(secret)).SecretString).toHaveLength(32);
    const object = new GetObjectCommand({ Bucket: names.BucketName!, Key: 'read/table.parquet' });
    expect(await (await new S3Client(host).send(object)).Body!.transformToString()).toBe('rows');
    const stream = new CreateLogStreamCommand({ logGroupName: names.LogGroupName!, logStreamName: 'host' });
    await new CloudWatchLogsClient(host).send(stream);
  });

  test.each([
    [
      'other objects',
      () => new S3Client(host).send(new GetObjectCommand({ Bucket: names.BucketName!, Key: 'private/table.parquet' })),
    ],
    [
      'writing',
      () => new S3Client(host).send(new PutObjectCommand({ Bucket: names.BucketName!, Key: 'read/new', Body: '' })),
    ],
    [
      'changing its secret',
      () =>
        new SecretsManagerClient(host).send(
          new PutSecretValueCommand({ SecretId: names.SecretArn!, SecretString: 'x' }),
        ),
    ],
    ['the catalog', () => new GlueClient(host).send(new GetDatabasesCommand({}))],
    ['ending instances', () => new EC2Client(host).send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }))],
    ['deleting keys', () => new KMSClient(host).send(new ScheduleKeyDeletionCommand({ KeyId: 'alias/emulator' }))],
    [
      'other roles',
      () =>
        new STSClient(host).send(
          new AssumeRoleCommand({
            RoleArn: 'arn:aws:iam::000000000000:role/cdk-hnb659fds-deploy-role-000000000000-us-east-2',
            RoleSessionName: 'host',
          }),
        ),
    ],
  ])('is refused %s', async (_what, call) => {
    await expect(call()).rejects.toMatchObject({ name: expect.stringMatching(/AccessDenied|UnauthorizedOperation/) });
  });
});

describe('credentials', () => {
  test('fail for an instance that does not exist', async () => {
    await expect(account.instanceCredentials('i-0123456789abcdef0')).rejects.toThrow('no running instance');
  });

  test('fail to come to someone without the account’s own key', async () => {
    const url = `${account.endpoint}/_tablesleuth/instances/${instanceId}/credentials`;
    expect((await fetch(url)).status).toBe(403);
    expect((await fetch(url, { headers: { 'x-tablesleuth-secret': 'guessed' } })).status).toBe(403);
  });

  test('fail when they are made up', async () => {
    const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'made-up' };
    const stranger = new STSClient({ ...account.client, credentials });
    await expect(stranger.send(new GetCallerIdentityCommand({}))).rejects.toThrow('security token');
  });
});
