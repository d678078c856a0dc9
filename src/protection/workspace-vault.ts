import { Aws, Duration, Fn, RemovalPolicy } from 'aws-cdk-lib';
import { BackupVault, type IBackupVault } from 'aws-cdk-lib/aws-backup';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { fail, isKnown } from '../private/validate';

export interface WorkspaceVaultProps {
  /** Encrypts the vault. */
  readonly encryptionKey: IKey;

  /**
   * How long nobody can delete a backup; a plan that keeps backups for less fails. 1 to 36500 days.
   *
   * @default - 7 days
   */
  readonly minRetention?: Duration;

  /**
   * The vault's name, of 2 to 50 letters, digits and hyphens.
   *
   * @default - `tablesleuth-` and eight digits of the stack's id, so that a vault that stayed keeps nobody from making one
   */
  readonly vaultName?: string;

  /**
   * What happens to the vault when its stack is destroyed. AWS deletes no vault that holds backups.
   *
   * @default - it stays, with its backups
   */
  readonly removalPolicy?: RemovalPolicy;
}

const DEFAULT_RETENTION = Duration.days(7);

/**
 * Where backups are kept: encrypted, locked, and closed to deletion. The lock is in governance mode: whoever may change
 * vault locks can take it off. The other mode, compliance, can be taken off by nobody, not even by AWS, so that a wrong
 * number of days would cost money until it has passed. An empty vault costs nothing.
 */
export class WorkspaceVault extends Construct {
  /** The vault itself. */
  public readonly vault: IBackupVault;

  constructor(scope: Construct, id: string, props: WorkspaceVaultProps) {
    super(scope, id);
    const minRetention = props.minRetention ?? DEFAULT_RETENTION;
    const days = minRetention.toDays();
    if (isKnown(days) && (days < 1 || days > 36_500)) {
      fail(this, `minRetention is ${days} days, expected 1 to 36500`);
    }
    this.vault = new BackupVault(this, 'Resource', {
      backupVaultName: props.vaultName ?? nameOfItsStack(),
      encryptionKey: props.encryptionKey,
      lockConfiguration: { minRetention },
      blockRecoveryPointDeletion: true,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    });
  }
}

/** A stack's id ends in a UUID of its own. */
function nameOfItsStack(): string {
  const uuid = Fn.select(2, Fn.split('/', Aws.STACK_ID));
  return Fn.join('-', ['tablesleuth', Fn.select(0, Fn.split('-', uuid))]);
}
