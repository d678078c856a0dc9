import { readFile } from 'node:fs/promises';
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  SignalResourceCommand,
} from '@aws-sdk/client-cloudformation';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { DescribeInstancesCommand, EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { EventBridgeClient, PutEventsCommand, type PutEventsCommandOutput } from '@aws-sdk/client-eventbridge';
import {
  CreateDatabaseCommand,
  CreateTableCommand,
  DeleteTableCommand,
  GetTableCommand,
  GetTablesCommand,
  GlueClient,
} from '@aws-sdk/client-glue';
import { CreateAccessKeyCommand, IAMClient } from '@aws-sdk/client-iam';
import { EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Deployment } from './deployment';

const LAKE = 'lake-of-the-test';
const OTHER = 'somebody-elses-bucket';

/** IAM is enforced, and every call is made with the credentials that a host's metadata service gives. */
describe('the role of a host', () => {
  let deployment: Deployment;
  let host: {
    endpoint: string;
    region: string;
    credentials: { accessKeyId: string; secretAccessKey: string; sessionToken: string };
  };
  let secretArn: string;
  let keyArn: string;
  let hostLogGroup: string;

  beforeAll(async () => {
    deployment = await Deployment.start('host-role', { enforceIam: true });
    await makeLake(deployment);
    const { exitCode, output } = await deployment.deploy(
      'useSpot=true',
      `data.buckets=["arn:aws:s3:::${LAKE}"]`,
      'data.glueDatabases=["lake"]',
    );
    expect(exitCode, output).toBe(0);
    const [instance] = await deployment.hosts();
    const { endpoint, region } = deployment.account.client;
    host = { endpoint, region, credentials: await deployment.account.instanceCredentials(instance!.InstanceId!) };
    secretArn = await published('data/gizmosql-secret-arn');
    keyArn = await published('data/key-arn');
    hostLogGroup = await published('data/host-log-group');
  });

  afterAll(() => deployment?.stop());

  describe('may', () => {
    test('read the tables of its lake', async () => {
      const s3 = new S3Client(host);
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: LAKE }));
      expect(Contents.map(({ Key }) => Key)).toEqual(['table/part-0.parquet']);
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: LAKE, Key: 'table/part-0.parquet' }));
      expect(await Body?.transformToString()).toBe('rows');
    });

    test('read the definitions of its database', async () => {
      const glue = new GlueClient(host);
      const { TableList = [] } = await glue.send(new GetTablesCommand({ DatabaseName: 'lake' }));
      expect(TableList.map(({ Name }) => Name)).toEqual(['orders']);
      expect((await glue.send(new GetTableCommand({ DatabaseName: 'lake', Name: 'orders' }))).Table?.Name).toBe(
        'orders',
      );
    });

    test('read its own password', async () => {
      const { SecretString } = await new SecretsManagerClient(host).send(
        new GetSecretValueCommand({ SecretId: secretArn }),
      );
      expect(SecretString).toHaveLength(32);
    });

    test('write its own log', async () => {
      const logs = new CloudWatchLogsClient(host);
      await logs.send(new CreateLogStreamCommand({ logGroupName: hostLogGroup, logStreamName: 'i-1/boot' }));
      await logs.send(
        new PutLogEventsCommand({
          logGroupName: hostLogGroup,
          logStreamName: 'i-1/boot',
          logEvents: [{ timestamp: Date.now(), message: 'hello' }],
        }),
      );
    });

    test('tell the event bus what happens to it', async () => {
      const { FailedEntryCount } = await putEvent('tablesleuth.host');
      expect(FailedEntryCount).toBe(0);
    });

    test('read its bundle from the assets', async () => {
      const template = await assetOfHost();
      const { ContentLength } = await new S3Client(host).send(new GetObjectCommand(template));
      expect(ContentLength).toBeGreaterThan(0);
    });
  });

  test.each<[string, () => Promise<unknown>]>([
    ['list all buckets', () => new S3Client(host).send(new ListBucketsCommand({}))],
    ['list another bucket', () => new S3Client(host).send(new ListObjectsV2Command({ Bucket: OTHER }))],
    ['read another bucket', () => new S3Client(host).send(new GetObjectCommand({ Bucket: OTHER, Key: 'private' }))],
    ['write to its lake', () => new S3Client(host).send(new PutObjectCommand({ Bucket: LAKE, Key: 'x', Body: 'x' }))],
    [
      'delete from its lake',
      () => new S3Client(host).send(new DeleteObjectCommand({ Bucket: LAKE, Key: 'table/part-0.parquet' })),
    ],
    ['read another database', () => new GlueClient(host).send(new GetTablesCommand({ DatabaseName: 'other' }))],
    [
      'delete a table',
      () => new GlueClient(host).send(new DeleteTableCommand({ DatabaseName: 'lake', Name: 'orders' })),
    ],
    [
      'read another secret',
      () => new SecretsManagerClient(host).send(new GetSecretValueCommand({ SecretId: 'other' })),
    ],
    [
      'change its password',
      () =>
        new SecretsManagerClient(host).send(new PutSecretValueCommand({ SecretId: secretArn, SecretString: 'mine' })),
    ],
    [
      'write to another log group',
      () =>
        new CloudWatchLogsClient(host).send(new CreateLogStreamCommand({ logGroupName: '/other', logStreamName: 'x' })),
    ],
    [
      'read a parameter',
      () => new SSMClient(host).send(new GetParameterCommand({ Name: '/tablesleuth/dev/data/key-arn' })),
    ],
    ['tell what happens to another', () => putEvent('tablesleuth.other')],
    ['look at instances', () => new EC2Client(host).send(new DescribeInstancesCommand({}))],
    [
      'terminate instances',
      () => new EC2Client(host).send(new TerminateInstancesCommand({ InstanceIds: ['i-12345678'] })),
    ],
    ['make an access key', () => new IAMClient(host).send(new CreateAccessKeyCommand({ UserName: 'root' }))],
    [
      'encrypt with the key',
      () => new KMSClient(host).send(new EncryptCommand({ KeyId: keyArn, Plaintext: new Uint8Array([1]) })),
    ],
    [
      'signal for another stack',
      () =>
        new CloudFormationClient(host).send(
          new SignalResourceCommand({ StackName: 'other', LogicalResourceId: 'x', UniqueId: 'x', Status: 'SUCCESS' }),
        ),
    ],
    [
      'delete its stack',
      () => new CloudFormationClient(host).send(new DeleteStackCommand({ StackName: 'TablesleuthWorkbench-dev' })),
    ],
  ])('may not %s', async (_what, call) => {
    await expect(call()).rejects.toThrow(/not authorized|AccessDenied|Access Denied/i);
  });

  function putEvent(Source: string): Promise<PutEventsCommandOutput> {
    return new EventBridgeClient(host).send(
      new PutEventsCommand({ Entries: [{ Source, DetailType: 'TableSleuth Host Drained', Detail: '{}' }] }),
    );
  }

  async function published(key: string): Promise<string> {
    const { Parameter } = await new SSMClient(deployment.account.client).send(
      new GetParameterCommand({ Name: `/tablesleuth/dev/${key}` }),
    );
    return Parameter!.Value!;
  }

  async function assetOfHost(): Promise<{ Bucket: string; Key: string }> {
    const s3 = new S3Client(deployment.account.client);
    const Bucket = `cdk-hnb659fds-assets-${deployment.account.accountId}-${deployment.account.region}`;
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
    const Key = await bundleKey(deployment);
    expect(Contents.map((each) => each.Key)).toContain(Key);
    return { Bucket, Key };
  }
});

/** A lake that the host is given, and things beside it that it is not. */
async function makeLake({ account }: Deployment): Promise<void> {
  const s3 = new S3Client(account.client);
  for (const Bucket of [LAKE, OTHER]) {
    await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: 'us-east-2' } }));
  }
  await s3.send(new PutObjectCommand({ Bucket: LAKE, Key: 'table/part-0.parquet', Body: 'rows' }));
  await s3.send(new PutObjectCommand({ Bucket: OTHER, Key: 'private', Body: 'secret' }));
  const glue = new GlueClient(account.client);
  for (const Name of ['lake', 'other']) {
    await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name } }));
    await glue.send(new CreateTableCommand({ DatabaseName: Name, TableInput: { Name: 'orders' } }));
  }
  await new SecretsManagerClient(account.client).send(new CreateSecretCommand({ Name: 'other', SecretString: 'x' }));
  await new CloudWatchLogsClient(account.client).send(new CreateLogGroupCommand({ logGroupName: '/other' }));
  await new CloudFormationClient(account.client).send(
    new CreateStackCommand({
      StackName: 'other',
      TemplateBody: JSON.stringify({ Resources: { Topic: { Type: 'AWS::SNS::Topic' } } }),
    }),
  );
}

async function bundleKey(deployment: Deployment): Promise<string> {
  const assets = JSON.parse(await readFile(deployment.artifact('TablesleuthWorkbench-dev.assets.json'), 'utf8')) as {
    files: Record<string, { source: { packaging: string }; destinations: Record<string, { objectKey: string }> }>;
  };
  const zip = Object.values(assets.files).find(({ source }) => source.packaging === 'zip');
  return Object.values(zip!.destinations)[0]!.objectKey;
}
