import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { WorkspaceCopies, type WorkspaceCopiesProps } from '../../../src';
import { inStack, templateOf } from '../../support/synthesis';
import { propertiesOf, resourceOf } from '../../support/template';

const VAULT = 'AWS::Backup::BackupVault';
const KEY = 'AWS::KMS::Key';

const copies = (props: Partial<WorkspaceCopiesProps> = {}) =>
  templateOf((stack) => new WorkspaceCopies(stack, 'Copies', { vaultName: 'tablesleuth-dev-copies', ...props }));

test('fails when copies are kept for less than a day', () => {
  const build = () =>
    inStack((stack) => new WorkspaceCopies(stack, 'Copies', { vaultName: 'copies', minRetention: Duration.days(0) }));
  expect(build).toThrow('Test/Copies/Vault: minRetention is 0 days, expected 1 to 36500');
});

describe('by default', () => {
  const template = copies();

  test('copies are in a vault of the given name, locked for seven days and closed to deletion', () => {
    expect(propertiesOf(template, VAULT)).toMatchObject({
      BackupVaultName: 'tablesleuth-dev-copies',
      LockConfiguration: { MinRetentionDays: 7 },
      AccessPolicy: { Statement: [{ Effect: 'Deny', Action: expect.arrayContaining(['backup:DeleteRecoveryPoint']) }] },
    });
  });

  test('they have a key of their own, which is found by the vault’s name', () => {
    const key = resourceOf(template, KEY);
    expect(propertiesOf(template, VAULT).EncryptionKeyArn).toEqual({ 'Fn::GetAtt': [key.id, 'Arn'] });
    expect(propertiesOf(template, 'AWS::KMS::Alias')).toEqual({
      AliasName: 'alias/tablesleuth-dev-copies',
      TargetKeyId: { 'Fn::GetAtt': [key.id, 'Arn'] },
    });
    expect(key.Properties?.EnableKeyRotation).toBe(true);
  });

  test('vault and key stay when their stack is destroyed', () => {
    expect([VAULT, KEY].map((type) => resourceOf(template, type).DeletionPolicy)).toEqual(['Retain', 'Retain']);
  });
});

test('the lock and the end are those that are given', () => {
  const template = copies({ minRetention: Duration.days(30), removalPolicy: RemovalPolicy.DESTROY });
  expect(propertiesOf(template, VAULT).LockConfiguration).toEqual({ MinRetentionDays: 30 });
  expect([VAULT, KEY].map((type) => resourceOf(template, type).DeletionPolicy)).toEqual(['Delete', 'Delete']);
});
