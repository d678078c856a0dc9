import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IBackupVault } from 'aws-cdk-lib/aws-backup';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { allowGrantsByServicesAlone } from '../private/service-grants';
import { WorkspaceVault } from './workspace-vault';

export interface WorkspaceCopiesProps {
  /**
   * The vault's name, of 2 to 50 letters, digits and hyphens. It is known before the vault is made, so that a plan in
   * another region can name it: the same as the plan's `copyTo.vaultName`.
   */
  readonly vaultName: string;

  /**
   * How long nobody can delete a copy; a plan that keeps copies for less fails. 1 to 36500 days.
   *
   * @default - 7 days
   */
  readonly minRetention?: Duration;

  /**
   * What happens to the vault and its key when their stack is destroyed. AWS deletes no vault that holds copies.
   *
   * @default - both stay; the key costs $1 a month
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * Where copies of backups are kept when a region is lost: a locked vault with a key of its own, in a stack of the region
 * that the copies go to. Costs $1 a month for the key, and the copies.
 */
export class WorkspaceCopies extends Construct {
  /** The vault, which is encrypted and locked. */
  public readonly vault: IBackupVault;

  /** Encrypts the copies. A plan finds it by its alias, which is the vault's name. */
  public readonly encryptionKey: IKey;

  constructor(scope: Construct, id: string, props: WorkspaceCopiesProps) {
    super(scope, id);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    const key = new Key(this, 'Key', {
      alias: props.vaultName,
      description: 'Copies of backups of a TableSleuth workspace',
      enableKeyRotation: true,
      removalPolicy,
    });
    allowGrantsByServicesAlone(key);
    this.encryptionKey = key;
    this.vault = new WorkspaceVault(this, 'Vault', {
      encryptionKey: key,
      vaultName: props.vaultName,
      minRetention: props.minRetention,
      removalPolicy,
    }).vault;
  }
}

/** A vault of the same account in another region, as a backup plan names it. */
export interface CopyDestination {
  /** The region, such as `eu-west-1`. */
  readonly region: string;

  /** The vault's name there: that of a `WorkspaceCopies`. */
  readonly vaultName: string;
}
