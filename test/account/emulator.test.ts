import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import * as ec2 from '@aws-sdk/client-ec2';
import { GetKeyRotationStatusCommand, KMSClient, ListAliasesCommand } from '@aws-sdk/client-kms';
import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  HeadBucketCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetSecretValueCommand, ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DescribeDocumentCommand, GetDocumentCommand, ListDocumentsCommand, SSMClient } from '@aws-sdk/client-ssm';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEmulatedAccount, type EmulatedAccount } from '../../emulator/account';
import { bootstrap } from '../../emulator/cdk';
import { deployFixture, destroyFixture } from './fixtures/fixture-app';

const stateDirectory = mkdtempSync(path.join(tmpdir(), 'emulated-account-'));
let account: EmulatedAccount;

beforeAll(async () => {
  account = await startEmulatedAccount({ stateDirectory });
  await bootstrap(account);
  const deployed = await deployFixture(account);
  expect(deployed.exitCode, deployed.output).toBe(0);
});

afterAll(async () => {
  await account?.stop();
  rmSync(stateDirectory, { recursive: true, force: true });
});

describe('the network reads back as the template says', () => {
  test('the VPC has its range, and its default security group no rule left', async () => {
    const client = new ec2.EC2Client(account.client);
    const vpc = await fixtureVpc();
    expect(vpc.CidrBlock).toBe('10.10.0.0/16');
    const groups = await client.send(
      new ec2.DescribeSecurityGroupsCommand({ Filters: filters({ 'vpc-id': vpc.VpcId!, 'group-name': 'default' }) }),
    );
    expect(groups.SecurityGroups).toHaveLength(1);
    expect(groups.SecurityGroups![0]!.IpPermissions).toEqual([]);
    expect(groups.SecurityGroups![0]!.IpPermissionsEgress).toEqual([]);
  });

  test('only the public subnets give public addresses, and the private ones leave by the NAT gateway', async () => {
    const client = new ec2.EC2Client(account.client);
    const inVpc = { Filters: filters({ 'vpc-id': (await fixtureVpc()).VpcId! }) };
    const { Subnets } = await client.send(new ec2.DescribeSubnetsCommand(inVpc));
    expect(Subnets!.map((subnet) => subnet.MapPublicIpOnLaunch).sort()).toEqual([false, false, true, true]);
    const { RouteTables } = await client.send(new ec2.DescribeRouteTablesCommand(inVpc));
    const routes = RouteTables!.flatMap((table) => table.Routes ?? []).filter((one) => one.NatGatewayId);
    expect(routes.map((route) => route.DestinationCidrBlock)).toEqual(['0.0.0.0/0', '0.0.0.0/0']);
  });

  test('flow logs go to a log group, and S3 has its gateway endpoint', async () => {
    const client = new ec2.EC2Client(account.client);
    const VpcId = (await fixtureVpc()).VpcId!;
    const { FlowLogs } = await client.send(
      new ec2.DescribeFlowLogsCommand({ Filter: filters({ 'resource-id': VpcId }) }),
    );
    expect(FlowLogs).toHaveLength(1);
    expect(FlowLogs![0]).toMatchObject({ TrafficType: 'ALL', LogDestinationType: 'cloud-watch-logs' });
    const { VpcEndpoints } = await client.send(
      new ec2.DescribeVpcEndpointsCommand({ Filters: filters({ 'vpc-id': VpcId }) }),
    );
    expect(VpcEndpoints!.map((endpoint) => endpoint.ServiceName)).toEqual(['com.amazonaws.us-east-2.s3']);
    expect(VpcEndpoints![0]!.RouteTableIds!.length).toBeGreaterThan(0);
  });
});

describe('the data reads back as the template says', () => {
  test('the secret is 32 letters and digits', async () => {
    const client = new SecretsManagerClient(account.client);
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: await output('SecretArn') }));
    expect(SecretString).toMatch(/^[A-Za-z0-9]{32}$/);
  });

  test('the log group has its retention and key, and the key rotates', async () => {
    const kms = new KMSClient(account.client);
    const { Aliases } = await kms.send(new ListAliasesCommand({}));
    const KeyId = Aliases!.find((alias) => alias.AliasName === 'alias/emulator')!.TargetKeyId!;
    expect((await kms.send(new GetKeyRotationStatusCommand({ KeyId }))).KeyRotationEnabled).toBe(true);
    const group = await logGroup();
    expect(group).toMatchObject({ retentionInDays: 30, kmsKeyId: expect.stringContaining(KeyId) });
  });

  test('the bucket is encrypted with the key and forgets old versions', async () => {
    const client = new S3Client(account.client);
    const Bucket = await output('BucketName');
    const { ServerSideEncryptionConfiguration } = await client.send(new GetBucketEncryptionCommand({ Bucket }));
    expect(ServerSideEncryptionConfiguration!.Rules![0]!.ApplyServerSideEncryptionByDefault).toMatchObject({
      SSEAlgorithm: 'aws:kms',
      KMSMasterKeyID: expect.stringMatching(/^arn:aws:kms:us-east-2:000000000000:key\//),
    });
    const { Rules } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
    expect(Rules).toMatchObject([
      { ID: 'old', Status: 'Enabled', Expiration: { Days: 90 }, NoncurrentVersionExpiration: { NoncurrentDays: 30 } },
    ]);
  });

  test('the session document can be fetched with its content', async () => {
    const client = new SSMClient(account.client);
    const Name = await sessionDocument();
    const { Document } = await client.send(new DescribeDocumentCommand({ Name }));
    expect(Document).toMatchObject({ DocumentType: 'Session', DocumentFormat: 'JSON', Status: 'Active' });
    const { Content } = await client.send(new GetDocumentCommand({ Name }));
    expect(JSON.parse(Content!)).toMatchObject({ inputs: { cloudWatchLogGroupName: (await logGroup()).logGroupName } });
  });

  test('a parameter of a list type becomes a list', async () => {
    expect(await output('Subnets')).toBe('b');
  });
});

describe('an Auto Scaling group', () => {
  test('keeps its mixed instances policy, and launches what the launch template says', async () => {
    const group = await autoScalingGroup();
    expect(group.MixedInstancesPolicy).toMatchObject({
      InstancesDistribution: { SpotAllocationStrategy: 'price-capacity-optimized', SpotMaxPrice: '0.05' },
      LaunchTemplate: { Overrides: [{ InstanceType: 't3.small' }, { InstanceType: 't3a.small' }] },
    });
    expect(group.Instances).toMatchObject([{ LifecycleState: 'InService', HealthStatus: 'Healthy' }]);
    const [instance] = await runningInstances();
    expect(instance).toMatchObject({
      InstanceId: group.Instances![0]!.InstanceId,
      InstanceType: 't3.small',
      Architecture: 'x86_64',
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
      IamInstanceProfile: { Arn: expect.stringContaining(':instance-profile/') },
      PrivateIpAddress: expect.stringMatching(/^10\.10\./),
    });
    expect(instance!.PublicIpAddress).toBeUndefined();
    expect(instance!.Tags).toEqual(
      expect.arrayContaining([
        { Key: 'Name', Value: 'emulator' },
        { Key: 'System', Value: 'workbench' },
        { Key: 'aws:autoscaling:groupName', Value: group.AutoScalingGroupName },
      ]),
    );
  });

  test('gives its instances encrypted disks and their user data', async () => {
    const client = new ec2.EC2Client(account.client);
    const [instance] = await runningInstances();
    const VolumeIds = instance!.BlockDeviceMappings!.map((mapping) => mapping.Ebs!.VolumeId!);
    const { Volumes } = await client.send(new ec2.DescribeVolumesCommand({ VolumeIds }));
    expect(Volumes).toMatchObject([{ Encrypted: true, Size: 30, VolumeType: 'gp3' }]);
    const { UserData } = await client.send(
      new ec2.DescribeInstanceAttributeCommand({ InstanceId: instance!.InstanceId!, Attribute: 'userData' }),
    );
    expect(Buffer.from(UserData!.Value!, 'base64').toString()).toContain('echo emulated');
  });

  test('launches another instance for one that is lost', async () => {
    const [lost] = await runningInstances();
    await new ec2.EC2Client(account.client).send(
      new ec2.TerminateInstancesCommand({ InstanceIds: [lost!.InstanceId!] }),
    );
    const [replacement, ...more] = await runningInstances();
    expect(more).toEqual([]);
    expect(replacement!.InstanceId).not.toBe(lost!.InstanceId);
  });
});

describe('a deployment', () => {
  test('fails when the image is for another processor, rolls back, and says why', async () => {
    const before = await runningInstances();
    const failed = await deployFixture(account, { instanceType: 't4g.small', image: 'x86_64', capacity: 3 });
    expect(failed.exitCode).toBe(1);
    expect(failed.output).toContain("The architecture 'arm64' of the specified instance type t4g.small does not match");
    expect(await stackStatus('EmulatorHost')).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect((await autoScalingGroup()).DesiredCapacity).toBe(1);
    expect(await runningInstances()).toHaveLength(before.length);
  });

  test('changes the group in place and replaces its instances with another type', async () => {
    const [before] = await runningInstances();
    const name = (await autoScalingGroup()).AutoScalingGroupName;
    const updated = await deployFixture(account, { capacity: 3, instanceType: 't4g.small', idle: 30 });
    expect(updated.exitCode, updated.output).toBe(0);
    expect((await autoScalingGroup()).AutoScalingGroupName).toBe(name);
    const instances = await runningInstances();
    expect(instances.map((instance) => instance.InstanceId)).not.toContain(before!.InstanceId);
    expect(instances.map((instance) => instance.Architecture)).toEqual(['arm64', 'arm64', 'arm64']);
    const lifecycles = instances.map((instance) => instance.InstanceLifecycle ?? 'on-demand').sort();
    expect(lifecycles).toEqual(['on-demand', 'spot', 'spot']);
    const Name = await sessionDocument();
    const { Content } = await new SSMClient(account.client).send(new GetDocumentCommand({ Name }));
    expect(JSON.parse(Content!)).toMatchObject({ inputs: { idleSessionTimeout: '30' } });
  });

  test('can exchange the group for a fleet that holds spot instances in each subnet', async () => {
    const changed = await deployFixture(account, { kind: 'fleet', capacity: 2 });
    expect(changed.exitCode, changed.output).toBe(0);
    const { Fleets } = await new ec2.EC2Client(account.client).send(new ec2.DescribeFleetsCommand({}));
    expect(Fleets).toMatchObject([
      {
        FleetState: 'active',
        Type: 'maintain',
        FulfilledCapacity: 2,
        SpotOptions: { AllocationStrategy: 'price-capacity-optimized' },
        TargetCapacitySpecification: { TotalTargetCapacity: 2, SpotTargetCapacity: 2, OnDemandTargetCapacity: 0 },
      },
    ]);
    expect(Fleets![0]!.LaunchTemplateConfigs![0]!.Overrides).toHaveLength(2);
    const instances = await runningInstances();
    expect(instances.map((instance) => instance.InstanceLifecycle)).toEqual(['spot', 'spot']);
    expect(new Set(instances.map((instance) => instance.SubnetId)).size).toBe(2);
  });

  test('destroyed, leaves what is retained and nothing else; deployed again, it does not overwrite that', async () => {
    const [Bucket, secretArn] = [await output('BucketName'), await output('SecretArn')];
    await new S3Client(account.client).send(new PutObjectCommand({ Bucket, Key: 'kept', Body: 'kept' }));
    const destroyed = await destroyFixture(account, { kind: 'fleet' });
    expect(destroyed.exitCode, destroyed.output).toBe(0);
    expect(await runningInstances()).toEqual([]);
    expect(await vpcs()).toEqual([]);
    await new S3Client(account.client).send(new HeadBucketCommand({ Bucket }));

    const again = await deployFixture(account, { kind: 'instance' });
    expect(again.exitCode, again.output).toBe(0);
    expect(await runningInstances()).toMatchObject([{ InstanceType: 't3.small' }]);
    const { SecretList } = await new SecretsManagerClient(account.client).send(new ListSecretsCommand({}));
    const arns = SecretList!.map((secret) => secret.ARN);
    expect(arns.sort()).toEqual([secretArn, await output('SecretArn')].sort());
    expect(new Set(arns).size).toBe(2);
  });
});

async function runningInstances(): Promise<ec2.Instance[]> {
  const { Reservations } = await new ec2.EC2Client(account.client).send(
    new ec2.DescribeInstancesCommand({ Filters: filters({ 'instance-state-name': 'running' }) }),
  );
  return Reservations!.flatMap((reservation) => reservation.Instances ?? []);
}

async function vpcs(): Promise<ec2.Vpc[]> {
  const { Vpcs } = await new ec2.EC2Client(account.client).send(new ec2.DescribeVpcsCommand({}));
  return Vpcs!.filter((vpc) => !vpc.IsDefault);
}

async function fixtureVpc(): Promise<ec2.Vpc> {
  return (await vpcs())[0]!;
}

async function autoScalingGroup() {
  const client = new AutoScalingClient(account.client);
  return (await client.send(new DescribeAutoScalingGroupsCommand({}))).AutoScalingGroups![0]!;
}

async function logGroup() {
  const logGroupNamePrefix = await output('LogGroupName');
  const client = new CloudWatchLogsClient(account.client);
  return (await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix }))).logGroups![0]!;
}

async function sessionDocument(): Promise<string> {
  const { DocumentIdentifiers } = await new SSMClient(account.client).send(new ListDocumentsCommand({}));
  return DocumentIdentifiers![0]!.Name!;
}

async function output(name: string): Promise<string> {
  const { Stacks } = await new CloudFormationClient(account.client).send(
    new DescribeStacksCommand({ StackName: 'EmulatorHost' }),
  );
  return Stacks![0]!.Outputs!.find((one) => one.OutputKey === name)!.OutputValue!;
}

async function stackStatus(StackName: string): Promise<string> {
  const { Stacks } = await new CloudFormationClient(account.client).send(new DescribeStacksCommand({ StackName }));
  return Stacks![0]!.StackStatus!;
}

function filters(wanted: Record<string, string>): ec2.Filter[] {
  return Object.entries(wanted).map(([Name, value]) => ({ Name, Values: [value] }));
}
