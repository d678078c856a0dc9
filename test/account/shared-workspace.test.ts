import { AutoScalingClient, UpdateAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import {
  DescribeSecurityGroupsCommand,
  EC2Client,
  type Instance,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { existsSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { withSoftware } from '../support/installed-software';
import { Deployment } from './deployment';
import { eventually } from './fixtures/eventually';
import { mountsOfMachines, whereMachinesRun } from './fixtures/machines';

const SETTINGS = ['workspace.mode=shared', 'gizmosql.rotationDays=false'];
const FILES = '.cache/test-accounts/shared-workspace/file-systems';

let deployment: Deployment;
let deployed: { exitCode: number; output: string };

whereMachinesRun(async () => {
  deployment = await Deployment.start('shared-workspace', { enforceIam: true, machines: await withSoftware() });
  deployed = await deployment.deploy(...SETTINGS, ...deployment.account.machines!.gizmosqlSettings);
});

afterAll(() => deployment?.stop());

/** One story of one file system in one account, with IAM enforced: each test begins where the one before it ended. */
describe('the shared workspace of the dev environment', { concurrent: false }, () => {
  let first: Instance;
  let second: Instance;
  let fileSystem: string;
  let accessPoint: string;

  test('is an encrypted file system of its own, mounted on a host that is healthy', async () => {
    expect(deployed.exitCode, deployed.output).toBe(0);
    [first] = (await healthyHosts(1)) as [Instance];
    fileSystem = await published('data/workspace-file-system');
    accessPoint = await published('data/workspace-access-point');
    expect(await on(first, 'mountpoint --quiet /workspace && systemctl is-active workspace.mount')).toBe('active');
    const described = await admin(`aws efs describe-file-systems --file-system-id ${fileSystem}`);
    expect(JSON.parse(described)).toMatchObject({
      FileSystems: [{ Encrypted: true, ThroughputMode: 'elastic', NumberOfMountTargets: 2 }],
    });
  });

  test('is mounted by several hosts at once, in more than one zone, each with a folder of its own', async () => {
    await new AutoScalingClient(deployment.account.client).send(
      new UpdateAutoScalingGroupCommand({
        AutoScalingGroupName: await published('workbench/launcher-id'),
        MaxSize: 2,
        DesiredCapacity: 2,
      }),
    );
    const hosts = await healthyHosts(2);
    second = hosts.find(({ InstanceId }) => InstanceId !== first.InstanceId)!;
    expect(new Set(hosts.map(({ Placement }) => Placement?.AvailabilityZone)).size).toBe(2);
    expect(await ownFolder(first)).toBe('/workspace/hosts/1');
    expect(await ownFolder(second)).toBe('/workspace/hosts/2');
  });

  test('shows each host what the other one writes', async () => {
    await sql(first, 'CREATE TABLE findings AS SELECT 1 AS host');
    await sql(second, 'CREATE TABLE findings AS SELECT 2 AS host');
    await sql(first, "COPY findings TO '/workspace/results/first.csv'");
    await sql(second, "COPY findings TO '/workspace/results/second.csv'");
    expect(await on(second, 'cat /workspace/results/first.csv')).toBe('host\n1');
    expect(await sql(first, "SELECT host FROM read_csv('/workspace/results/second.csv')")).toEqual([[2]]);
    expect(await on(first, 'stat --format="%U %u" /workspace/results/second.csv')).toBe('tablesleuth 631');
  });

  test('has one local catalog for all of them', async () => {
    const catalog = (statement: string) =>
      `runuser --user tablesleuth -- env PYICEBERG_HOME=/etc/tablesleuth/pyiceberg /opt/tablesleuth/venv/bin/python -c ` +
      `'from pyiceberg.catalog import load_catalog; c = load_catalog("local"); ${statement}'`;
    await on(first, catalog('c.create_namespace("shared")'));
    expect(await on(second, catalog('print(c.list_namespaces())'))).toBe("[('shared',)]");
  });

  test('lets the role of its hosts do nothing else', async () => {
    const other = await anotherFileSystem();
    const mount = (options: string, of = fileSystem) => `mount -t efs -o ${options} ${of}:/ /mnt`;
    const refused = [
      mount(`iam,accesspoint=${accessPoint}`),
      mount(`tls,accesspoint=${accessPoint}`),
      mount('tls,iam'),
      mount('tls,iam', other),
    ];
    for (const command of refused) expect(await refusal(first, command)).toContain('access denied by server');
    const removal = `aws efs delete-file-system --region us-east-2 --file-system-id ${fileSystem}`;
    expect(await refusal(first, removal)).toContain('AccessDenied');
  });

  test('is out of reach in a zone without a mount target', async () => {
    const zone = second.Placement!.AvailabilityZone!;
    const [target] = (await admin(
      `aws efs describe-mount-targets --file-system-id ${fileSystem} --query "MountTargets[?AvailabilityZoneName=='${zone}'].[MountTargetId,SubnetId]" --output text`,
    ).then((line) => line.split('\t'))) as [string, string];
    await admin(`aws efs delete-mount-target --mount-target-id ${target}`);
    const command = `mount -t efs -o tls,iam,accesspoint=${accessPoint} ${fileSystem}:/ /mnt`;
    expect(await refusal(second, command)).toContain(`Failed to resolve "${fileSystem}.efs.us-east-2.amazonaws.com"`);
    await on(first, `${command} && umount /mnt`);
    await admin(
      `aws efs create-mount-target --file-system-id ${fileSystem} --subnet-id ${second.SubnetId} --security-groups ${await groupOfTargets()}`,
    );
  });

  test('gives the folder of a host that is lost to its successor, and to nobody the one of a host that lives', async () => {
    await new EC2Client(deployment.account.client).send(
      new TerminateInstancesCommand({ InstanceIds: [second.InstanceId!] }),
    );
    const hosts = await healthyHosts(2, second);
    const successor = hosts.find(({ InstanceId }) => InstanceId !== first.InstanceId)!;
    expect(await ownFolder(successor)).toBe('/workspace/hosts/2');
    expect(await sql(successor, 'SELECT host FROM findings')).toEqual([[2]]);
    expect(await on(successor, 'cat /workspace/results/first.csv')).toBe('host\n1');
  });

  test('stays when everything is destroyed, without its mount targets, and leaves no mount behind', async () => {
    const { exitCode, output } = await deployment.destroy();
    expect(exitCode, output).toBe(0);
    expect(existsSync(`${FILES}/${fileSystem}/tablesleuth/results/first.csv`)).toBe(true);
    await deployment.stop();
    expect(existsSync(FILES)).toBe(false);
    expect(mountsOfMachines()).toEqual([]);
  });

  /** A file system that lets in whoever IAM lets in, and that hosts can reach. */
  async function anotherFileSystem(): Promise<string> {
    const other = await admin('aws efs create-file-system --query FileSystemId --output text');
    const policy = JSON.stringify({
      Statement: [
        {
          Effect: 'Deny',
          Principal: '*',
          Action: 'elasticfilesystem:ClientMount',
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
      ],
    });
    await admin(`aws efs put-file-system-policy --file-system-id ${other} --policy '${policy}'`);
    await admin(
      `aws efs create-mount-target --file-system-id ${other} --subnet-id ${first.SubnetId} --security-groups ${await groupOfTargets()}`,
    );
    return other;
  }

  /** The security group of the mount targets. */
  async function groupOfTargets(): Promise<string> {
    const { SecurityGroups = [] } = await new EC2Client(deployment.account.client).send(
      new DescribeSecurityGroupsCommand({}),
    );
    return SecurityGroups.find(({ Description }) => Description?.startsWith('TableSleuth workspace'))!.GroupId!;
  }

  /** Runs a command as the account's administrator. */
  function admin(command: string): Promise<string> {
    const { accessKeyId, secretAccessKey } = deployment.account.client.credentials;
    const key = `AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey}`;
    return on(first, `env AWS_REGION=us-east-2 ${key} ${command}`);
  }
});

const ownFolder = (host: Instance) => on(host, 'readlink --canonicalize /run/tablesleuth-own-workspace');

async function published(key: string): Promise<string> {
  const ssm = new SSMClient(deployment.account.client);
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name: `/tablesleuth/dev/${key}` }));
  return Parameter!.Value!;
}

/** The hosts that run, without the one before, once there are so many and all of them are healthy. */
async function healthyHosts(count: number, before?: Instance): Promise<Instance[]> {
  return eventually(async () => {
    const hosts = (await deployment.hosts()).filter(({ InstanceId }) => InstanceId !== before?.InstanceId);
    const ask = `curl --silent --output /dev/null --write-out '%{http_code}' http://127.0.0.1:8080/health`;
    const answers = await Promise.all(hosts.map((host) => on(host, ask)));
    return hosts.length === count && answers.every((answer) => answer === '200') ? hosts : undefined;
  });
}

/** The rows of a statement that TableSleuth sends to GizmoSQL. */
async function sql(host: Instance, statement: string): Promise<unknown> {
  const request = JSON.stringify({ sql: statement }).replaceAll("'", "'\\''");
  const url = 'http://127.0.0.1:8080/api/gizmosql/query';
  const answer = await on(host, `curl --silent --header 'Content-Type: application/json' --data '${request}' ${url}`);
  const { rows } = JSON.parse(answer) as { rows?: unknown };
  if (rows === undefined) throw new Error(answer);
  return rows;
}

/** What a script prints on a host, run as root. */
async function on(host: Instance, script: string): Promise<string> {
  const { status, stdout, stderr } = await deployment.account.machines!.run(host.InstanceId!, script);
  if (status !== 0) throw new Error(`${script}\nended with ${status}: ${stdout}${stderr}`);
  return stdout.trim();
}

/** What a script that has to fail says. */
async function refusal(host: Instance, script: string): Promise<string> {
  const { status, stdout, stderr } = await deployment.account.machines!.run(host.InstanceId!, script);
  expect(status, script).not.toBe(0);
  return `${stdout}${stderr}`.trim();
}
