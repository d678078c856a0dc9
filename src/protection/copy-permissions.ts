import { ArnFormat, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { CopyDestination } from './workspace-copies';

/** The vault that a destination names, which is there or will be. */
export function destinationArn(scope: Construct, { region, vaultName }: CopyDestination): string {
  return Stack.of(scope).formatArn({
    service: 'backup',
    region,
    resource: 'backup-vault',
    resourceName: vaultName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}

/** What is backed up, as far as copies of it are concerned. */
export interface CopiedWorkspace {
  readonly encryptionKey: IKey;
  /** Backups of a volume are snapshots of EC2's; those of a file system are the vault's own. */
  readonly isVolume: boolean;
}

/** Of AWS's own policy for all of AWS Backup (AWSBackupServiceRolePolicyForBackup) what copies of one workspace's backups need. */
export function copyStatements(
  scope: Construct,
  { encryptionKey, isVolume }: CopiedWorkspace,
  destination: CopyDestination,
): PolicyStatement[] {
  const stack = Stack.of(scope);
  const [here, there] = [stack.region, destination.region].map((region) =>
    isVolume
      ? stack.formatArn({ service: 'ec2', region, account: '', resource: 'snapshot', resourceName: '*' })
      : stack.formatArn({ service: 'backup', region, ...RECOVERY_POINTS }),
  ) as [string, string];
  return [
    new PolicyStatement({ sid: 'ReadCopied', actions: ['backup:CopyFromBackupVault'], resources: [here] }),
    new PolicyStatement({
      sid: 'CopyThere',
      actions: ['backup:CopyIntoBackupVault', 'backup:DescribeBackupVault'],
      resources: [destinationArn(scope, destination)],
    }),
    ...(isVolume ? snapshotStatements(here, there) : [tagStatement(there)]),
    ...keyStatements(scope, destination),
    ...(isVolume ? reEncryptStatements(scope, encryptionKey.keyArn, destination) : []),
  ];
}

const RECOVERY_POINTS = { resource: 'recovery-point', resourceName: '*', arnFormat: ArnFormat.COLON_RESOURCE_NAME };

function tagStatement(there: string): PolicyStatement {
  return new PolicyStatement({ sid: 'TagCopies', actions: ['backup:TagResource'], resources: [there] });
}

function snapshotStatements(here: string, there: string): PolicyStatement[] {
  return [
    new PolicyStatement({ sid: 'CopySnapshots', actions: ['ec2:CopySnapshot'], resources: [here, there] }),
    new PolicyStatement({ sid: 'TagCopies', actions: ['ec2:CreateTags'], resources: [there] }),
    new PolicyStatement({
      sid: 'DeleteOldCopies',
      actions: ['ec2:DeleteSnapshot'],
      resources: [there],
      conditions: { Null: { 'aws:ResourceTag/aws:backup:source-resource': 'false' } },
    }),
  ];
}

/** The key there has no id that could be known here: it is the one with the alias, by condition. */
function keysThere(scope: Construct, { region, vaultName }: CopyDestination) {
  return {
    resources: [Stack.of(scope).formatArn({ service: 'kms', region, resource: 'key', resourceName: '*' })],
    ofOneKey: { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': `alias/${vaultName}` } },
  };
}

function keyStatements(scope: Construct, destination: CopyDestination): PolicyStatement[] {
  const { resources, ofOneKey } = keysThere(scope, destination);
  return [
    new PolicyStatement({ sid: 'FindKeyThere', actions: ['kms:DescribeKey'], resources, conditions: ofOneKey }),
    new PolicyStatement({
      sid: 'LetServicesUseKeyThere',
      actions: ['kms:CreateGrant'],
      resources,
      conditions: { Bool: { 'kms:GrantIsForAWSResource': 'true' }, ...ofOneKey },
    }),
  ];
}

function reEncryptStatements(scope: Construct, keyHere: string, destination: CopyDestination): PolicyStatement[] {
  const { resources, ofOneKey } = keysThere(scope, destination);
  const byEc2 = {
    StringEquals: {
      'kms:ViaService': [Stack.of(scope).region, destination.region].map((region) => `ec2.${region}.amazonaws.com`),
    },
  };
  const actions = ['kms:GenerateDataKeyWithoutPlaintext', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'];
  return [
    new PolicyStatement({ sid: 'ReEncryptHere', actions, resources: [keyHere], conditions: byEc2 }),
    new PolicyStatement({ sid: 'ReEncryptThere', actions, resources, conditions: { ...byEc2, ...ofOneKey } }),
  ];
}
