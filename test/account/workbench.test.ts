import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeFleetsCommand,
  DescribeFlowLogsCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { DescribeKeyCommand, GetKeyRotationStatusCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetSecretValueCommand, ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Deployment } from './deployment';

const SPOT = ['useSpot=true'];

/** One story in one account: each step is an update of what the step before it left. */
describe('the dev environment in an emulated account', { concurrent: false }, () => {
  let deployment: Deployment;
  let ec2: EC2Client;

  beforeAll(async () => {
    deployment = await Deployment.start('workbench');
    ec2 = new EC2Client(deployment.account.client);
  });

  afterAll(() => deployment?.stop());

  test('deploys with the settings of the seed', async () => {
    const { exitCode, output } = await deployment.deploy(...SPOT);
    expect(exitCode, output).toBe(0);
    expect(await deployment.stacks()).toEqual({
      'TablesleuthData-dev': 'CREATE_COMPLETE',
      'TablesleuthNetwork-dev': 'CREATE_COMPLETE',
      'TablesleuthOperations-dev': 'CREATE_COMPLETE',
      'TablesleuthWorkbench-dev': 'CREATE_COMPLETE',
    });
  });

  test('runs one host, and it is a spot instance of a named type, with IMDSv2 and no key pair', async () => {
    const [host, ...others] = await deployment.hosts();
    expect(others).toEqual([]);
    expect(host?.InstanceLifecycle).toBe('spot');
    expect(['t3.small', 't3a.small']).toContain(host?.InstanceType);
    expect(host?.MetadataOptions).toMatchObject({ HttpTokens: 'required', HttpPutResponseHopLimit: 1 });
    expect(host?.KeyName).toBeUndefined();
  });

  test('keeps the group’s mixed instances policy', async () => {
    const { AutoScalingGroups: [group] = [] } = await new AutoScalingClient(deployment.account.client).send(
      new DescribeAutoScalingGroupsCommand({}),
    );
    expect(group).toMatchObject({ MinSize: 1, MaxSize: 1, DesiredCapacity: 1 });
    expect(group?.MixedInstancesPolicy).toMatchObject({
      InstancesDistribution: {
        OnDemandPercentageAboveBaseCapacity: 0,
        SpotAllocationStrategy: 'price-capacity-optimized',
      },
      LaunchTemplate: { Overrides: [{ InstanceType: 't3.small' }, { InstanceType: 't3a.small' }] },
    });
  });

  test('encrypts the host’s disk', async () => {
    const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({}));
    expect(Volumes.length).toBeGreaterThan(0);
    expect(Volumes.map(({ Encrypted, VolumeType, Size }) => ({ Encrypted, VolumeType, Size }))).toEqual(
      Volumes.map(() => ({ Encrypted: true, VolumeType: 'gp3', Size: 30 })),
    );
  });

  test('has a network of the seed’s CIDR with flow logs, a way to S3 and no rule that lets anything in', async () => {
    const { Vpcs = [] } = await ec2.send(
      new DescribeVpcsCommand({ Filters: [{ Name: 'cidr', Values: ['10.10.0.0/16'] }] }),
    );
    const [vpc] = Vpcs.filter(({ IsDefault }) => !IsDefault);
    const ofVpc = { Filters: [{ Name: 'vpc-id', Values: [vpc!.VpcId!] }] };
    const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand(ofVpc));
    expect(new Set(Subnets.map(({ AvailabilityZone }) => AvailabilityZone)).size).toBe(2);
    expect(Subnets.map(({ MapPublicIpOnLaunch }) => MapPublicIpOnLaunch)).toEqual([false, false]);
    const { FlowLogs = [] } = await ec2.send(new DescribeFlowLogsCommand({}));
    expect(FlowLogs.map(({ ResourceId, TrafficType }) => ({ ResourceId, TrafficType }))).toEqual([
      { ResourceId: vpc!.VpcId, TrafficType: 'ALL' },
    ]);
    const { VpcEndpoints = [] } = await ec2.send(new DescribeVpcEndpointsCommand(ofVpc));
    expect(VpcEndpoints.map(({ ServiceName }) => ServiceName)).toEqual(['com.amazonaws.us-east-2.s3']);
    const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand(ofVpc));
    expect(SecurityGroups.flatMap(({ IpPermissions = [] }) => IpPermissions)).toEqual([]);
    const closed = SecurityGroups.find(({ GroupName }) => GroupName === 'default');
    expect(closed?.IpPermissionsEgress).toEqual([]);
  });

  test('generates a password of 32 letters and digits, encrypted with a key that rotates', async () => {
    const secrets = new SecretsManagerClient(deployment.account.client);
    const { SecretList = [] } = await secrets.send(new ListSecretsCommand({}));
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: SecretList[0]!.ARN }));
    expect(SecretString).toMatch(/^[A-Za-z0-9]{32}$/);
    const kms = new KMSClient(deployment.account.client);
    const key = await published('data/key-arn');
    expect((await kms.send(new GetKeyRotationStatusCommand({ KeyId: key }))).KeyRotationEnabled).toBe(true);
  });

  test('updates a setting in place', async () => {
    const before = (await deployment.hosts()).map(({ InstanceId }) => InstanceId);
    const { exitCode, output } = await deployment.deploy(...SPOT, 'logRetentionDays=30');
    expect(exitCode, output).toBe(0);
    const { logGroups = [] } = await new CloudWatchLogsClient(deployment.account.client).send(
      new DescribeLogGroupsCommand({ logGroupNamePrefix: 'TablesleuthData-dev' }),
    );
    expect(
      logGroups.map(({ retentionInDays, kmsKeyId }) => ({ retentionInDays, encrypted: Boolean(kmsKeyId) })),
    ).toEqual(logGroups.map(() => ({ retentionInDays: 30, encrypted: true })));
    expect(logGroups).toHaveLength(3);
    expect((await deployment.hosts()).map(({ InstanceId }) => InstanceId)).toEqual(before);
  });

  test('fails, says why and goes back to what was there when the image cannot be found', async () => {
    const { exitCode, output } = await deployment.deploy(
      'useSpot=false',
      'capacity.instanceTypes=["t3.small"]',
      'image={"kind":"parameter","name":"/no/such/image"}',
    );
    expect(exitCode).toBe(1);
    expect(output).toContain('/no/such/image');
    expect((await deployment.stacks())['TablesleuthWorkbench-dev']).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect((await deployment.hosts()).map(({ InstanceLifecycle }) => InstanceLifecycle)).toEqual(['spot']);
  });

  test('becomes a single on-demand instance', async () => {
    const { exitCode, output } = await deployment.deploy('useSpot=false', 'capacity.instanceTypes=["t3.small"]');
    expect(exitCode, output).toBe(0);
    const [host, ...others] = await deployment.hosts();
    expect(others).toEqual([]);
    expect(host?.InstanceLifecycle).toBeUndefined();
    expect(host).toMatchObject({ InstanceType: 't3.small' });
    expect((await deployment.outputs('TablesleuthWorkbench-dev')).InstanceId).toBe(host?.InstanceId);
  });

  test('moves into private subnets when there is a NAT gateway', async () => {
    const { exitCode, output } = await deployment.deploy(
      'useSpot=false',
      'capacity.instanceTypes=["t3.small"]',
      'network.natGateways=1',
    );
    expect(exitCode, output).toBe(0);
    const [host] = await deployment.hosts();
    expect(host?.SubnetId).toBe(await published('network/host-subnet-0'));
    const { Subnets: [subnet] = [] } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds: [host!.SubnetId!] }));
    expect(subnet?.CidrBlock).toBe('10.10.2.0/24');
  });

  test('becomes an EC2 Fleet of Graviton spot instances', async () => {
    const { exitCode, output } = await deployment.deploy(
      'capacity.kind=fleet',
      'instanceType=t4g.small',
      'capacity.instanceTypes=["t4g.small","c7g.medium"]',
      'network.natGateways=1',
    );
    expect(exitCode, output).toBe(0);
    const { Fleets = [] } = await ec2.send(new DescribeFleetsCommand({}));
    const [fleet, ...others] = Fleets.filter(({ FleetState }) => !FleetState?.startsWith('deleted'));
    expect(others).toEqual([]);
    expect(fleet).toMatchObject({
      Type: 'maintain',
      TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: 'spot' },
    });
    const [host, ...more] = await deployment.hosts();
    expect(more).toEqual([]);
    expect(host?.InstanceLifecycle).toBe('spot');
    expect(['t4g.small', 'c7g.medium']).toContain(host?.InstanceType);
  });

  test('destroys all but what holds data', async () => {
    const key = await published('data/key-arn');
    const { exitCode, output } = await deployment.destroy();
    expect(exitCode, output).toBe(0);
    expect(await deployment.stacks()).toEqual({});
    expect(await deployment.hosts()).toEqual([]);
    const { KeyMetadata } = await new KMSClient(deployment.account.client).send(new DescribeKeyCommand({ KeyId: key }));
    expect(KeyMetadata?.KeyState).toBe('Enabled');
    const { SecretList = [] } = await new SecretsManagerClient(deployment.account.client).send(
      new ListSecretsCommand({}),
    );
    expect(SecretList).toHaveLength(1);
    const { logGroups = [] } = await new CloudWatchLogsClient(deployment.account.client).send(
      new DescribeLogGroupsCommand({ logGroupNamePrefix: 'TablesleuthData-dev' }),
    );
    expect(logGroups).toHaveLength(3);
  });

  async function published(key: string): Promise<string> {
    const { Parameter } = await new SSMClient(deployment.account.client).send(
      new GetParameterCommand({ Name: `/tablesleuth/dev/${key}` }),
    );
    return Parameter!.Value!;
  }
});
