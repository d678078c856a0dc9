import { CloudFormationClient, DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeFlowLogsCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  type DescribeSecurityGroupsCommandInput,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
  EC2Client,
  type Instance,
} from '@aws-sdk/client-ec2';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { EmulatedAccount } from '../emulator/account';

/** One thing that was asked of the account, and what it answered. */
export interface Finding {
  readonly group: 'Stacks' | 'Network' | 'Host' | 'Data';
  readonly name: string;
  readonly value: string;
}

/** What a person needs after a deployment. */
export interface ReadBack {
  readonly findings: readonly Finding[];
  /** The outputs of the workbench's stack. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** Asks the account, through the AWS SDK, what is in it: nothing here comes from a template. */
export async function readBack(account: EmulatedAccount, environment: string): Promise<ReadBack> {
  const stacks = await stacksOf(account, environment);
  const workbench = stacks.find(({ StackName }) => StackName === `TablesleuthWorkbench-${environment}`);
  const outputs = (workbench?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey!, OutputValue!] as const);
  return {
    findings: [
      ...stacks.map((stack) => finding('Stacks', stack.StackName!, stack.StackStatus!)),
      ...(await network(account, environment)),
      ...(await hosts(account)),
      ...(await data(account)),
    ],
    outputs: Object.fromEntries(outputs),
  };
}

async function stacksOf(account: EmulatedAccount, environment: string): Promise<Stack[]> {
  const client = new CloudFormationClient(account.client);
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({}));
  return Stacks.filter(
    ({ StackName }) => StackName?.startsWith('Tablesleuth') && StackName.endsWith(`-${environment}`),
  );
}

async function network(account: EmulatedAccount, environment: string): Promise<Finding[]> {
  const ec2 = new EC2Client(account.client);
  const byTag = { Filters: [{ Name: 'tag:tablesleuth:environment', Values: [environment] }] };
  const { Vpcs: [vpc] = [] } = await ec2.send(new DescribeVpcsCommand(byTag));
  if (vpc === undefined) return [];
  const ofVpc = { Filters: [{ Name: 'vpc-id', Values: [vpc.VpcId!] }] };
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand(ofVpc));
  const blocks = Subnets.map(({ CidrBlock }) => CidrBlock).join(' ');
  const { FlowLogs = [] } = await ec2.send(new DescribeFlowLogsCommand({}));
  const { VpcEndpoints = [] } = await ec2.send(new DescribeVpcEndpointsCommand(ofVpc));
  const flowLogs = FlowLogs.some(({ ResourceId }) => ResourceId === vpc.VpcId) ? 'on' : 'off';
  return [
    finding('Network', vpc.VpcId!, `${vpc.CidrBlock}, subnets ${blocks}`),
    finding('Network', 'flow logs', flowLogs),
    finding('Network', 'endpoints', VpcEndpoints.map(({ ServiceName }) => ServiceName).join(' ') || 'none'),
    ...(await securityGroups(ec2, ofVpc)),
  ];
}

async function securityGroups(ec2: EC2Client, ofVpc: DescribeSecurityGroupsCommandInput): Promise<Finding[]> {
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand(ofVpc));
  const closed = SecurityGroups.find(({ GroupName }) => GroupName === 'default');
  const rules = [...(closed?.IpPermissions ?? []), ...(closed?.IpPermissionsEgress ?? [])];
  const inbound = SecurityGroups.flatMap(({ IpPermissions = [] }) => IpPermissions);
  return [
    finding('Network', 'default security group', `${rules.length} rules`),
    finding('Network', 'inbound rules in all groups', `${inbound.length}`),
  ];
}

/** The instances that run. */
export async function runningHosts(account: EmulatedAccount): Promise<Instance[]> {
  const { Reservations = [] } = await new EC2Client(account.client).send(
    new DescribeInstancesCommand({ Filters: [{ Name: 'instance-state-name', Values: ['pending', 'running'] }] }),
  );
  return Reservations.flatMap(({ Instances = [] }) => Instances);
}

async function hosts(account: EmulatedAccount): Promise<Finding[]> {
  const ec2 = new EC2Client(account.client);
  const instances = await runningHosts(account);
  const described = instances.map((instance) => finding('Host', instance.InstanceId!, describe(instance)));
  const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({}));
  return [
    ...described,
    ...Volumes.map(({ VolumeId, Size, VolumeType, Encrypted }) =>
      finding('Host', VolumeId!, `${Size} GiB ${VolumeType} disk, ${Encrypted ? 'encrypted' : 'not encrypted'}`),
    ),
  ];
}

function describe(instance: Instance): string {
  const market = instance.InstanceLifecycle === 'spot' ? 'spot' : 'on demand';
  const tokens = instance.MetadataOptions?.HttpTokens ?? 'unknown';
  const key = instance.KeyName === undefined ? 'no key pair' : `key pair ${instance.KeyName}`;
  return `${instance.InstanceType}, ${market}, ${instance.State?.Name}, IMDSv2 ${tokens}, ${key}`;
}

async function data(account: EmulatedAccount): Promise<Finding[]> {
  const secrets = new SecretsManagerClient(account.client);
  const { SecretList = [] } = await secrets.send(new ListSecretsCommand({}));
  const described = SecretList.map(async ({ ARN }) => {
    const { SecretString = '' } = await secrets.send(new GetSecretValueCommand({ SecretId: ARN }));
    const { KmsKeyId } = await secrets.send(new DescribeSecretCommand({ SecretId: ARN }));
    const plain = /^[A-Za-z0-9]*$/.test(SecretString) ? 'letters and digits' : 'with punctuation';
    const key = KmsKeyId === undefined ? 'AWS’s key' : 'its own key';
    return finding('Data', 'GizmoSQL password', `${SecretString.length} ${plain}, encrypted with ${key}`);
  });
  const { logGroups = [] } = await new CloudWatchLogsClient(account.client).send(new DescribeLogGroupsCommand({}));
  const ours = logGroups.filter(({ logGroupName }) => logGroupName?.startsWith('Tablesleuth'));
  return [
    ...(await Promise.all(described)),
    ...ours.map(({ logGroupName, retentionInDays, kmsKeyId }) =>
      finding('Data', logGroupName!, `${retentionInDays} days, ${kmsKeyId ? 'encrypted' : 'not encrypted'}`),
    ),
  ];
}

function finding(group: Finding['group'], name: string, value: string): Finding {
  return { group, name, value };
}
