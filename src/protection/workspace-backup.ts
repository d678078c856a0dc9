import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import {
  BackupPlan,
  type BackupPlanCopyActionProps,
  BackupPlanRule,
  BackupResource,
  BackupVault,
  type IBackupVault,
} from 'aws-cdk-lib/aws-backup';
import { Schedule } from 'aws-cdk-lib/aws-events';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { acknowledgeWildcardResources } from '../private/acknowledge';
import { fail, isKnown } from '../private/validate';
import { fileSystemArn, type IWorkspaceFiles } from '../workbench/workspace-file-system';
import { type IWorkspaceVolume, WORKSPACE_TAG } from '../workbench/workspace-volume';
import { copyStatements, destinationArn } from './copy-permissions';
import type { CopyDestination } from './workspace-copies';

export interface WorkspaceBackupProps {
  /**
   * What is backed up: the volume with this one's tag.
   *
   * @default - the file system is
   */
  readonly volume?: IWorkspaceVolume;

  /**
   * What is backed up: the file system with this one's tag.
   *
   * @default - the volume is
   */
  readonly fileSystem?: IWorkspaceFiles;

  /** Where backups are kept. */
  readonly vault: IBackupVault;

  /**
   * The hour of the day, in UTC, at which each day's backup begins, or up to an hour later; 0 to 23.
   *
   * @default - 2
   */
  readonly hour?: number;

  /**
   * How long each backup is kept, in whole days; at least the vault's own minimum.
   *
   * @default - 7 days, about $0.05 a month for each GiB that changed in them
   */
  readonly keepFor?: Duration;

  /**
   * Where a copy of every backup goes, which is kept as long: a `WorkspaceCopies` in another region of the same account.
   * Each copy costs its storage there and the transfer between regions.
   *
   * @default - backups are in this region alone
   */
  readonly copyTo?: CopyDestination;
}

const DEFAULT_HOUR = 2;
const DEFAULT_KEEP = Duration.days(7);
/** The shortest that AWS Backup takes. */
const START_WINDOW = Duration.hours(1);

/** A backup of a workspace every day, by AWS Backup. The host runs on meanwhile. */
export class WorkspaceBackup extends Construct {
  /** The plan's id. */
  public readonly planId: string;

  constructor(scope: Construct, id: string, props: WorkspaceBackupProps) {
    super(scope, id);
    const hour = props.hour ?? DEFAULT_HOUR;
    const keepFor = props.keepFor ?? DEFAULT_KEEP;
    validate(this, hour, keepFor.toDays());
    validateDestination(this, props.copyTo);
    const workspace = checkedWorkspace(this, props);

    const plan = new BackupPlan(this, 'Resource', {
      backupVault: props.vault,
      backupPlanRules: [
        new BackupPlanRule({
          ruleName: 'Daily',
          scheduleExpression: Schedule.cron({ hour: `${hour}`, minute: '0' }),
          startWindow: START_WINDOW,
          deleteAfter: keepFor,
          copyActions: this.copies(props.copyTo, keepFor),
        }),
      ],
    });
    plan.addSelection('Workspace', {
      resources: [BackupResource.fromTag(WORKSPACE_TAG, workspace.workspaceName)],
      role: this.role(props, workspace.encryptionKey),
      disableDefaultBackupPolicy: true,
    });
    this.planId = plan.backupPlanId;
  }

  private copies(
    destination: CopyDestination | undefined,
    deleteAfter: Duration,
  ): BackupPlanCopyActionProps[] | undefined {
    if (destination === undefined) return undefined;
    const arn = destinationArn(this, destination);
    return [{ destinationBackupVault: BackupVault.fromBackupVaultArn(this, 'Copies', arn), deleteAfter }];
  }

  private role({ volume, fileSystem, vault, copyTo }: WorkspaceBackupProps, encryptionKey: IKey): Role {
    const statements = [
      ...(volume === undefined ? [] : snapshotStatements(this, volume)),
      ...(fileSystem === undefined ? [] : fileStatements(this, fileSystem)),
      new PolicyStatement({
        sid: 'FindVault',
        actions: ['backup:DescribeBackupVault'],
        resources: [vault.backupVaultArn],
      }),
      ...(copyTo === undefined ? [] : copyStatements(this, { encryptionKey, isVolume: volume !== undefined }, copyTo)),
    ];
    const policy = new ManagedPolicy(this, 'Policy', {
      description: `Backs up the ${volume === undefined ? 'file system' : 'volume'} of one TableSleuth workspace`,
      statements,
    });
    acknowledgeWildcardResources(
      policy,
      statements,
      'A backup has no id before it exists, and one is deleted only if AWS Backup made it; finding volumes, snapshots and ' +
        'tags has no resource types; the key in the region of the copies is the one with their alias, by condition',
    );
    return new Role(this, 'Role', {
      description: 'Backs up a TableSleuth workspace',
      assumedBy: new ServicePrincipal('backup.amazonaws.com'),
      managedPolicies: [policy],
    });
  }
}

/** Of AWS's own policy for all of AWS Backup (AWSBackupServiceRolePolicyForBackup) what one volume needs. */
function snapshotStatements(scope: Construct, { volumeId, encryptionKey }: IWorkspaceVolume): PolicyStatement[] {
  const stack = Stack.of(scope);
  const snapshots = stack.formatArn({ service: 'ec2', account: '', resource: 'snapshot', resourceName: '*' });
  return [
    new PolicyStatement({
      sid: 'BackUp',
      actions: ['ec2:CreateSnapshot'],
      resources: [stack.formatArn({ service: 'ec2', resource: 'volume', resourceName: volumeId }), snapshots],
    }),
    new PolicyStatement({ sid: 'TagBackups', actions: ['ec2:CreateTags'], resources: [snapshots] }),
    new PolicyStatement({
      sid: 'DeleteOldBackups',
      actions: ['ec2:DeleteSnapshot'],
      resources: [snapshots],
      conditions: { Null: { 'aws:ResourceTag/aws:backup:source-resource': 'false' } },
    }),
    new PolicyStatement({
      sid: 'FindVolume',
      actions: ['ec2:DescribeSnapshots', 'ec2:DescribeVolumes', 'tag:GetResources'],
      resources: ['*'],
    }),
    ...keyStatements(encryptionKey, 'LetEc2UseKey'),
  ];
}

/** The same for a file system, whose backups are the vault's own and not a service's. */
function fileStatements(scope: Construct, { fileSystemId, encryptionKey }: IWorkspaceFiles): PolicyStatement[] {
  const backups = Stack.of(scope).formatArn({
    service: 'backup',
    resource: 'recovery-point',
    resourceName: '*',
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  return [
    new PolicyStatement({
      sid: 'BackUp',
      actions: ['elasticfilesystem:Backup', 'elasticfilesystem:DescribeTags'],
      resources: [fileSystemArn(scope, fileSystemId)],
    }),
    new PolicyStatement({ sid: 'TagBackups', actions: ['backup:TagResource'], resources: [backups] }),
    new PolicyStatement({ sid: 'FindFileSystem', actions: ['tag:GetResources'], resources: ['*'] }),
    ...keyStatements(encryptionKey, 'LetServicesUseKey'),
  ];
}

function keyStatements({ keyArn }: IKey, sid: string): PolicyStatement[] {
  return [
    new PolicyStatement({ sid: 'FindKey', actions: ['kms:DescribeKey'], resources: [keyArn] }),
    new PolicyStatement({
      sid,
      actions: ['kms:CreateGrant'],
      resources: [keyArn],
      conditions: { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
    }),
  ];
}

function checkedWorkspace(
  scope: Construct,
  { volume, fileSystem }: WorkspaceBackupProps,
): IWorkspaceVolume | IWorkspaceFiles {
  const [workspace, another] = [volume, fileSystem].filter((each) => each !== undefined);
  if (workspace === undefined || another !== undefined) {
    fail(
      scope,
      `got ${another === undefined ? 'neither volume nor' : 'volume and'} fileSystem, expected one of the two`,
    );
  }
  return workspace;
}

function validate(scope: Construct, hour: number, days: number): void {
  if (isKnown(hour) && (!Number.isInteger(hour) || hour < 0 || hour > 23)) {
    fail(scope, `hour is ${hour}, expected a whole number from 0 to 23`);
  }
  if (isKnown(days) && (days < 1 || days > 36_500)) {
    fail(scope, `keepFor is ${days} days, expected 1 to 36500`);
  }
}

function validateDestination(scope: Construct, destination: CopyDestination | undefined): void {
  if (destination === undefined) return;
  const { region, vaultName } = destination;
  if (isKnown(region) && region === Stack.of(scope).region) {
    fail(scope, `copyTo.region is ${region}, expected another region than that of the backups`);
  }
  if (isKnown(vaultName) && !/^[\w-]{2,50}$/.test(vaultName)) {
    fail(scope, `copyTo.vaultName is ${JSON.stringify(vaultName)}, expected 2 to 50 letters, digits and hyphens`);
  }
}
