import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { type CopyDestination, WorkspaceCopies } from '../../src';
import type { Settings } from '../settings';
import { keepFor } from './data-stack';

/** Copies of the workspace's backups in another region, kept when the rest is destroyed. */
export class CopiesStack extends Stack {
  constructor(scope: Construct, id: string, settings: Settings, props: StackProps) {
    super(scope, id, props);
    const { backup, retain } = settings;
    const destination = copiesOf(settings);
    if (backup === undefined || destination === undefined) return;
    const { vault } = new WorkspaceCopies(this, 'WorkspaceCopies', {
      vaultName: destination.vaultName,
      minRetention: keepFor(backup),
      removalPolicy: retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    new CfnOutput(this, 'CopiesVault', {
      value: vault.backupVaultName,
      description: 'Where copies of backups are kept',
    });
  }
}

/** Where backups are copied to; undefined when they are not. */
export function copiesOf({ backup, environment }: Settings): CopyDestination | undefined {
  if (backup?.copyToRegion === undefined) return undefined;
  return { region: backup.copyToRegion, vaultName: backup.copyVaultName ?? `tablesleuth-${environment}-copies` };
}
