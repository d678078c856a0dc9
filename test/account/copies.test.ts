import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Deployment } from './deployment';
import { pasted } from './fixtures/pasted';

const THERE = 'eu-west-1';
const VAULT = 'tablesleuth-dev-copies';
const BACKED_UP = ['useSpot=true', 'workspace.sizeGiB=1'];
const COPIED = [...BACKED_UP, `backup.copyToRegion=${THERE}`];

interface Vault {
  readonly BackupVaultArn: string;
  readonly EncryptionKeyArn: string;
}

/** One story of one account and two of its regions. */
describe('backups that are copied to another region', { concurrent: false }, () => {
  let deployment: Deployment;
  let first: Vault;

  beforeAll(async () => {
    deployment = await Deployment.start('copies', { enforceIam: true, regions: [THERE] });
    const { exitCode, output } = await deployment.deploy(...COPIED);
    expect(exitCode, output).toBe(0);
  });

  afterAll(() => deployment?.stop());

  const backup = async <Answer>(command: string, region = 'us-east-2') =>
    JSON.parse(await pasted(deployment.account, `aws backup ${command} --region ${region}`)) as Answer;
  const vault = (name = VAULT) => backup<Vault>(`describe-backup-vault --backup-vault-name ${name}`, THERE);

  async function destinations(): Promise<string[]> {
    const { BackupPlansList: plans } = await backup<{ BackupPlansList: Array<{ BackupPlanId: string }> }>(
      'list-backup-plans',
    );
    const query = "--query 'BackupPlan.Rules[].CopyActions[].DestinationBackupVaultArn'";
    return (await backup<string[] | null>(`get-backup-plan --backup-plan-id ${plans[0]!.BackupPlanId} ${query}`)) ?? [];
  }

  async function stackThere(): Promise<string | undefined> {
    const { Stacks = [] } = await new CloudFormationClient({ ...deployment.account.client, region: THERE }).send(
      new DescribeStacksCommand({}),
    );
    return Stacks.find(({ StackName }) => StackName === 'TablesleuthCopies-dev')?.StackStatus;
  }

  test('go to a vault of that region, which has a key of that region', async () => {
    expect(await stackThere()).toBe('CREATE_COMPLETE');
    expect(await deployment.stacks()).not.toHaveProperty('TablesleuthCopies-dev');
    first = await vault();
    expect(first.BackupVaultArn).toBe(`arn:aws:backup:${THERE}:${deployment.account.accountId}:backup-vault:${VAULT}`);
    expect(await destinations()).toEqual([first.BackupVaultArn]);
    const kms = new KMSClient({ ...deployment.account.client, region: THERE });
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: `alias/${VAULT}` }));
    expect(KeyMetadata?.Arn).toBe(first.EncryptionKeyArn);
  });

  test('stay where they are when no more are made, and go on in the same vault', async () => {
    const off = await deployment.deployStack('TablesleuthOperations-dev', ...BACKED_UP, 'backup.hour=2');
    expect(off.exitCode, off.output).toBe(0);
    expect(await destinations()).toEqual([]);
    expect(await vault()).toEqual(first);
    const on = await deployment.deployStack('TablesleuthOperations-dev', ...COPIED);
    expect(on.exitCode, on.output).toBe(0);
    expect(await destinations()).toEqual([first.BackupVaultArn]);
    expect(await vault()).toEqual(first);
  });

  test('stay when their stack is destroyed; one that is deployed after that has a vault of another name', async () => {
    const gone = await deployment.destroyStack('TablesleuthCopies-dev', ...COPIED);
    expect(gone.exitCode, gone.output).toBe(0);
    expect(await stackThere()).toBeUndefined();
    expect(await vault()).toEqual(first);

    const taken = await deployment.deployStack('TablesleuthCopies-dev', ...COPIED);
    expect(taken.output).toContain('already exists');
    const { exitCode, output } = await deployment.deployStack(
      'TablesleuthCopies-dev',
      ...COPIED,
      'backup.copyVaultName=copies-2',
    );
    expect(exitCode, output).toBe(0);
    expect((await vault('copies-2')).EncryptionKeyArn).not.toBe(first.EncryptionKeyArn);
    expect(await vault()).toEqual(first);
  });
});
