import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { BackupVault, type IBackupVault } from 'aws-cdk-lib/aws-backup';
import { type IStringParameter, StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { AlertTopic, ConfigurationHistory, type IWorkbenchData, WorkbenchData, WorkspaceVault } from '../../src';
import type { Settings } from '../settings';
import { keepAccess } from './access';
import { addFindingsBucket } from './findings';
import { PublishedValues } from './published';
import { addWorkspace } from './workspace';

/** A fleet's hours change it; CloudFormation leaves it alone, because the template's value stays the same. */
const WANTED_HOSTS = 'hours/wanted-hosts';

/** Everything that is kept when the rest is destroyed. */
export class DataStack extends Stack {
  constructor(scope: Construct, id: string, settings: Settings, props: StackProps) {
    super(scope, id, props);
    const removalPolicy = settings.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    const data = new WorkbenchData(this, 'Data', { logRetention: settings.logRetentionDays, removalPolicy });
    if (settings.alarms !== false) {
      AlertTopic.allowAlarms(data.encryptionKey);
    }
    const published = new PublishedValues(settings.environment);
    published.publish(this, 'data/key-arn', data.encryptionKey.keyArn);
    published.publish(this, 'data/gizmosql-secret-arn', data.gizmosqlSecret.secretArn);
    published.publish(this, 'data/host-log-group', data.hostLogGroup.logGroupName);
    published.publish(this, 'data/session-log-group', data.sessionLogGroup.logGroupName);
    published.publish(this, 'data/flow-log-group', data.flowLogGroup.logGroupName);
    addWorkspace(this, settings, { encryptionKey: data.encryptionKey, removalPolicy });
    addFindingsBucket(this, settings, { encryptionKey: data.encryptionKey, removalPolicy });
    // Always there, empty and free without `backup`: one that came and went would be in the way of its own return, by its name.
    const { vault } = new WorkspaceVault(this, 'WorkspaceVault', {
      encryptionKey: data.encryptionKey,
      minRetention: keepFor(settings.backup),
      removalPolicy,
    });
    published.publish(this, BACKUP_VAULT, vault.backupVaultName);
    if (settings.compliance?.recorder === 'create') {
      const history = new ConfigurationHistory(this, 'ConfigurationHistory', { encryptionKey: data.encryptionKey });
      published.publish(this, 'data/configuration-history-bucket', history.bucket.bucketName);
    }
    keepAccess(this, settings);
    if (rememberHosts(settings)) {
      published.publish(this, WANTED_HOSTS, '1');
    }
    // Here, because a deployment prints the outputs of stacks that it finished, and a failed boot fails a later one.
    new CfnOutput(this, 'BootLogsCommand', {
      value: `aws logs tail --region ${this.region} --since 1h ${data.hostLogGroup.logGroupName}`,
      description: 'Why a host did not become healthy: the stream <instance id>/boot',
    });
  }
}

const BACKUP_VAULT = 'data/backup-vault';
const DEFAULT_KEEP_DAYS = 7;

/** How long a backup is kept. */
export function keepFor(backup: Settings['backup']): Duration {
  return Duration.days(backup?.keepDays ?? DEFAULT_KEEP_DAYS);
}

/** The vault of the workspace's backups as another stack sees it. */
export function importedVault(scope: Construct, settings: Settings): IBackupVault {
  const name = new PublishedValues(settings.environment).read(scope, BACKUP_VAULT);
  return BackupVault.fromBackupVaultName(scope, 'WorkspaceVault', name);
}

/** The data of this environment as another stack sees it. */
export function importedData(scope: Construct, settings: Settings): IWorkbenchData {
  const published = new PublishedValues(settings.environment);
  return WorkbenchData.fromWorkbenchDataAttributes(scope, 'Data', {
    encryptionKeyArn: published.read(scope, 'data/key-arn'),
    gizmosqlSecretArn: published.read(scope, 'data/gizmosql-secret-arn'),
    hostLogGroupName: published.read(scope, 'data/host-log-group'),
    sessionLogGroupName: published.read(scope, 'data/session-log-group'),
  });
}

/** What remembers whether the hours of a fleet want a host now; undefined where nothing has to. */
export function wantedHosts(scope: Construct, settings: Settings): IStringParameter | undefined {
  const name = new PublishedValues(settings.environment).name(WANTED_HOSTS);
  return rememberHosts(settings) ? StringParameter.fromStringParameterName(scope, 'WantedHosts', name) : undefined;
}

function rememberHosts({ capacity, hours }: Settings): boolean {
  return capacity.kind === 'fleet' && hours !== undefined;
}
