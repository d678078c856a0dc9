import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { WorkspaceVault, type WorkspaceVaultProps } from '../../../src';
import { inStack, templateOf } from '../../support/synthesis';
import { plain, propertiesOf, resourceOf } from '../../support/template';
import { existingKey, KEY_ARN } from '../../support/workspace';

const VAULT = 'AWS::Backup::BackupVault';

const vaultTemplate = (props: Partial<WorkspaceVaultProps> = {}) =>
  templateOf((stack) => new WorkspaceVault(stack, 'Vault', { encryptionKey: existingKey(stack), ...props }));

describe('fails when backups are kept for', () => {
  test.each([0, 36_501])('%i days', (days) => {
    const build = () =>
      inStack(
        (stack) =>
          new WorkspaceVault(stack, 'Vault', { encryptionKey: existingKey(stack), minRetention: Duration.days(days) }),
      );
    expect(build).toThrow(`Test/Vault: minRetention is ${days} days, expected 1 to 36500`);
  });
});

describe('by default', () => {
  const template = vaultTemplate();
  const { AccessPolicy, LockConfiguration, ...others } = propertiesOf(template, VAULT);

  test('it is encrypted with the given key, and stays', () => {
    expect(others.EncryptionKeyArn).toBe(KEY_ARN);
    expect(resourceOf(template, VAULT)).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  test('it is locked for seven days, in the mode that can be taken off again', () => {
    expect(LockConfiguration).toEqual({ MinRetentionDays: 7 });
  });

  test('it lets nobody delete a backup or shorten its life', () => {
    expect(plain(template, AccessPolicy)).toMatchObject({
      Statement: [
        {
          Effect: 'Deny',
          Principal: { AWS: '*' },
          Action: ['backup:DeleteRecoveryPoint', 'backup:UpdateRecoveryPointLifecycle'],
          Resource: '*',
        },
      ],
    });
  });

  test('it has a name that another stack’s vault does not have', () => {
    expect(JSON.stringify(others.BackupVaultName)).toContain('AWS::StackId');
  });
});

test('it has the name, the lock and the end that it is given', () => {
  const template = vaultTemplate({
    vaultName: 'archive',
    minRetention: Duration.days(30),
    removalPolicy: RemovalPolicy.DESTROY,
  });
  expect(propertiesOf(template, VAULT)).toMatchObject({
    BackupVaultName: 'archive',
    LockConfiguration: { MinRetentionDays: 30 },
  });
  expect(resourceOf(template, VAULT).DeletionPolicy).toBe('Delete');
});
