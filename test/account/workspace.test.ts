import {
  AttachVolumeCommand,
  CreateTagsCommand,
  CreateVolumeCommand,
  DeleteVolumeCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
  EC2Client,
  type Instance,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
  type Volume,
} from '@aws-sdk/client-ec2';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, describe, expect, test } from 'vitest';
import { withSoftware } from '../support/installed-software';
import { Deployment } from './deployment';
import { eventually } from './fixtures/eventually';
import { whereMachinesRun } from './fixtures/machines';

const UI_PORT = 8080;
const SPOT_GROUP = ['useSpot=true'];
const ONE_INSTANCE = ['useSpot=false', 'capacity.kind=instance', 'capacity.instanceTypes=t3.small'];

let deployment: Deployment;
let ec2: EC2Client;
let deployed: { exitCode: number; output: string };

whereMachinesRun(async () => {
  deployment = await Deployment.start('workspace', { enforceIam: true, machines: await withSoftware() });
  ec2 = new EC2Client(deployment.account.client);
  deployed = await deploy(...SPOT_GROUP, 'workspace.sizeGiB=1', 'backup={}');
});

afterAll(() => deployment?.stop());

/** One story of one volume in one account, with IAM enforced: each test begins where the one before it ended. */
describe('the workspace of the dev environment', { concurrent: false }, () => {
  let host: Instance;
  let volumeId: string;
  let recoveryPoint: string;

  test('is a volume of its own, mounted on a host that is healthy', async () => {
    expect(deployed.exitCode, deployed.output).toBe(0);
    host = await onlyHost();
    volumeId = await published('data/workspace-volume');
    expect(await volume(volumeId)).toMatchObject({ Size: 1, Encrypted: true, Attachments: [{ State: 'attached' }] });
    expect(await on(host, 'findmnt --noheadings --output FSTYPE,LABEL /workspace')).toBe('xfs tablesleuth');
  });

  test('takes what people make with GizmoSQL, with its results and the history of their shells', async () => {
    await sql(host, 'CREATE TABLE findings AS SELECT 42 AS answer');
    await sql(host, "COPY findings TO '/workspace/results/findings.csv'");
    await on(host, "HOME=/root bash --login -i -c 'history -s ls -l /workspace; history -a' 2>/dev/null; sync");
    expect(await seen(host)).toEqual({ table: [[42]], result: 'answer\n42', history: 'ls -l /workspace' });
  });

  test('is all that the role of its host may do anything with', async () => {
    const [other, stranger] = await Promise.all([someVolume(), someInstance()]);
    const mine = new EC2Client({
      ...deployment.account.client,
      credentials: await deployment.account.instanceCredentials(host.InstanceId!),
    });
    const tag = (Resource: string, Key: string) =>
      new CreateTagsCommand({ Resources: [Resource], Tags: [{ Key, Value: 'x' }] });
    const Device = '/dev/sdg';
    const refused: ReadonlyArray<Promise<unknown>> = [
      mine.send(new AttachVolumeCommand({ VolumeId: other, InstanceId: host.InstanceId!, Device })),
      mine.send(new AttachVolumeCommand({ VolumeId: volumeId, InstanceId: stranger, Device })),
      mine.send(new DetachVolumeCommand({ VolumeId: other, InstanceId: host.InstanceId! })),
      mine.send(new DeleteVolumeCommand({ VolumeId: volumeId })),
      mine.send(tag(volumeId, 'tablesleuth:workspace')),
      mine.send(tag(other, 'tablesleuth:wanted-by')),
    ];
    for (const each of refused) await expect(each).rejects.toThrow(/not authorized|UnauthorizedOperation/i);
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [stranger] }));
    await ec2.send(new DeleteVolumeCommand({ VolumeId: other }));
  });

  test('is found again by the host that replaces one that was lost', async () => {
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [host.InstanceId!] }));
    host = await healthyHost(host);
    expect(await seen(host)).toEqual({ table: [[42]], result: 'answer\n42', history: 'ls -l /workspace' });
  });

  test('is handed over by a host that runs, to the one that is to replace it', async () => {
    const before = host;
    const { exitCode, output } = await deploy(...ONE_INSTANCE, 'workspace.sizeGiB=1', 'backup={}');
    expect(exitCode, output).toBe(0);
    host = await healthyHost(before);
    expect(await seen(host)).toMatchObject({ table: [[42]] });
  });

  test('waits while its host is stopped, and is there again when it is started', async () => {
    const InstanceIds = [host.InstanceId!];
    await ec2.send(new StopInstancesCommand({ InstanceIds }));
    await expect.poll(async () => (await volume(volumeId)).State, { timeout: 60_000 }).toBe('available');
    await expect.poll(() => deployment.hosts(), { timeout: 60_000 }).toEqual([]);
    await eventually(async () => {
      await ec2.send(new StartInstancesCommand({ InstanceIds }));
      return true;
    });
    host = await healthyHost();
    expect(await seen(host)).toMatchObject({ table: [[42]] });
  });

  test('grows with its setting, under the host that uses it', async () => {
    const { exitCode, output } = await deploy(...ONE_INSTANCE, 'workspace.sizeGiB=2', 'backup={}');
    expect(exitCode, output).toBe(0);
    const size = async () => Number(await on(host, 'df --output=size --block-size=1M /workspace | tail -1'));
    await expect.poll(size, { timeout: 60_000, interval: 1_000 }).toBeGreaterThan(1900);
    expect((await onlyHost()).InstanceId).toBe(host.InstanceId);
    expect(await seen(host)).toMatchObject({ table: [[42]] });
  });

  test('is backed up, as the runbook says', async () => {
    const role = await on(
      host,
      `${root()} aws iam list-roles --query "Roles[?starts_with(RoleName, 'TablesleuthOperations-dev-Backup')].Arn" --output text`,
    );
    const job = await runbook(
      `aws backup start-backup-job --backup-vault-name ${await published('data/backup-vault')} --iam-role-arn ${role} ` +
        `--resource-arn arn:aws:ec2:us-east-2:${deployment.account.accountId}:volume/${volumeId} --query BackupJobId --output text`,
    );
    const state = () => runbook(`aws backup describe-backup-job --backup-job-id ${job} --query State --output text`);
    await expect.poll(state, { timeout: 60_000, interval: 1_000 }).toBe('COMPLETED');
    recoveryPoint = await runbook(
      `aws backup list-recovery-points-by-backup-vault --backup-vault-name ${await published('data/backup-vault')} ` +
        `--query 'sort_by(RecoveryPoints,&CreationDate)[-1].RecoveryPointArn' --output text`,
    );
    expect(recoveryPoint).toMatch(/^arn:aws:ec2:us-east-2::snapshot\/snap-/);
    await sql(host, 'CREATE TABLE later AS SELECT 1');
  });

  test('is lost, restored from its backup into a volume of its own, and found by a new host', async () => {
    const restored = await runbook(
      `aws ec2 create-volume --snapshot-id ${recoveryPoint.split('/')[1]} --volume-type gp3 --encrypted ` +
        `--availability-zone ${(await volume(volumeId)).AvailabilityZone} --kms-key-id ${await published('data/key-arn')} ` +
        `--tag-specifications 'ResourceType=volume,Tags=[{Key=tablesleuth:workspace,Value=dev}]' --query VolumeId --output text`,
    );
    await runbook(`aws ec2 wait volume-available --volume-ids ${restored}`);
    const gone = await deployment.destroyStack('TablesleuthWorkbench-dev');
    expect(gone.exitCode, gone.output).toBe(0);
    await ec2.send(new DeleteVolumeCommand({ VolumeId: volumeId }));
    const { exitCode, output } = await deploy(...ONE_INSTANCE, `workspace.volumeId=${restored}`, 'backup={}');
    expect(exitCode, output).toBe(0);
    host = await healthyHost();
    expect(await seen(host)).toEqual({ table: [[42]], result: 'answer\n42', history: 'ls -l /workspace' });
    await expect(sql(host, 'SELECT * FROM later')).rejects.toThrow('later');
    volumeId = restored;
  });

  test('stays when everything is destroyed, with its backups', async () => {
    const vault = await published('data/backup-vault');
    const { exitCode, output } = await deployment.destroy();
    expect(exitCode, output).toBe(0);
    expect(await volume(volumeId)).toMatchObject({ State: 'available' });
    expect(vault).toMatch(/^tablesleuth-[0-9a-f]{8}$/);
  });

  /** What was written, as somebody on the host finds it. */
  async function seen(on_: Instance): Promise<{ table: unknown; result: string; history: string }> {
    return {
      table: await sql(on_, 'SELECT * FROM findings'),
      result: await on(on_, 'cat /workspace/results/findings.csv'),
      history: await on(on_, 'tail -1 /workspace/history/root'),
    };
  }

  /** Runs a command of the runbook as the account's administrator. */
  function runbook(command: string): Promise<string> {
    return on(host, `${root()} ${command}`);
  }
});

function deploy(...settings: string[]): Promise<{ exitCode: number; output: string }> {
  return deployment.deploy(...settings, ...deployment.account.machines!.gizmosqlSettings);
}

/** The environment of a shell whose commands are those of the account's root user. */
function root(): string {
  const { accessKeyId, secretAccessKey } = deployment.account.client.credentials;
  return `env AWS_REGION=us-east-2 AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey}`;
}

async function published(key: string): Promise<string> {
  const ssm = new SSMClient(deployment.account.client);
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name: `/tablesleuth/dev/${key}` }));
  return Parameter!.Value!;
}

async function volume(id: string): Promise<Volume> {
  return (await ec2.send(new DescribeVolumesCommand({ VolumeIds: [id] }))).Volumes![0]!;
}

async function someVolume(): Promise<string> {
  const { VolumeId } = await ec2.send(new CreateVolumeCommand({ AvailabilityZone: 'us-east-2a', Size: 1 }));
  await expect.poll(async () => (await volume(VolumeId!)).State, { timeout: 15_000 }).toBe('available');
  return VolumeId!;
}

async function someInstance(): Promise<string> {
  const { Instances } = await ec2.send(
    new RunInstancesCommand({ ImageId: 'ami-0c2023a1b2c3d4e5f', InstanceType: 't3.small', MinCount: 1, MaxCount: 1 }),
  );
  return Instances![0]!.InstanceId!;
}

async function onlyHost(other?: Instance): Promise<Instance> {
  return eventually(async () => {
    const running = (await deployment.hosts()).filter(({ State }) => State?.Name === 'running');
    const [host] = running.filter(({ InstanceId }) => InstanceId !== other?.InstanceId);
    return host;
  });
}

/** The host that runs, other than the one before it, once it is healthy. */
async function healthyHost(before?: Instance): Promise<Instance> {
  const host = await onlyHost(before);
  await eventually(async () => ((await health(host)) === '200' ? true : undefined));
  return host;
}

function health({ InstanceId }: Instance): Promise<string> {
  const ask = `curl --silent --output /dev/null --write-out '%{http_code}' http://127.0.0.1:${UI_PORT}/health || true`;
  return deployment.account.machines!.run(InstanceId!, ask).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  );
}

/** The rows of a statement that TableSleuth sends to GizmoSQL. */
async function sql(host: Instance, statement: string): Promise<unknown> {
  const request = JSON.stringify({ sql: statement }).replaceAll("'", "'\\''");
  const answer = await on(
    host,
    `curl --silent --header 'Content-Type: application/json' --data '${request}' http://127.0.0.1:${UI_PORT}/api/gizmosql/query`,
  );
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
