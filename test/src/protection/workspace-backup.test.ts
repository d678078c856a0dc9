import { Duration, type Stack } from 'aws-cdk-lib';
import { BackupVault } from 'aws-cdk-lib/aws-backup';
import { describe, expect, test } from 'vitest';
import { WorkspaceBackup, type WorkspaceBackupProps } from '../../../src';
import { awsManagedPolicies, statementsOf } from '../../support/iam';
import { inStack, REGION, templateOf } from '../../support/synthesis';
import { plain, propertiesOf } from '../../support/template';
import { existingFileSystem, existingVolume, FILE_SYSTEM_ID, KEY_ARN, VOLUME_ID } from '../../support/workspace';

const backup = (stack: Stack, props: Partial<WorkspaceBackupProps> = {}) =>
  new WorkspaceBackup(stack, 'Backup', {
    volume: existingVolume(stack),
    vault: BackupVault.fromBackupVaultName(stack, 'Vault', 'vault'),
    ...props,
  });

const rulesOf = (props?: Partial<WorkspaceBackupProps>) => {
  const template = templateOf((stack) => backup(stack, props));
  const plan = plain(template, propertiesOf(template, 'AWS::Backup::BackupPlan')) as {
    BackupPlan: { BackupPlanRule: object[] };
  };
  return plan.BackupPlan.BackupPlanRule;
};

describe('fails', () => {
  test.each([-1, 24, 2.5])('when it begins at %d', (hour) => {
    expect(() => inStack((stack) => backup(stack, { hour }))).toThrow(
      `Test/Backup: hour is ${hour}, expected a whole number from 0 to 23`,
    );
  });

  test.each<[string, Partial<WorkspaceBackupProps>, (stack: Stack) => Partial<WorkspaceBackupProps>]>([
    ['neither volume nor', { volume: undefined }, () => ({})],
    ['volume and', {}, (stack) => ({ fileSystem: existingFileSystem(stack) })],
  ])('when it gets %s fileSystem', (got, props, more) => {
    expect(() => inStack((stack) => backup(stack, { ...props, ...more(stack) }))).toThrow(
      `Test/Backup: got ${got} fileSystem, expected one of the two`,
    );
  });

  test.each([0, 36_501])('when it is kept for %i days', (days) => {
    expect(() => inStack((stack) => backup(stack, { keepFor: Duration.days(days) }))).toThrow(
      `Test/Backup: keepFor is ${days} days, expected 1 to 36500`,
    );
  });

  test.each([
    [{ region: REGION, vaultName: 'copies' }, `copyTo.region is ${REGION}, expected another region`],
    [{ region: 'eu-west-1', vaultName: 'a b' }, 'copyTo.vaultName is "a b", expected 2 to 50 letters, digits'],
  ])('when its copies go to %j', (copyTo, message) => {
    expect(() => inStack((stack) => backup(stack, { copyTo }))).toThrow(`Test/Backup: ${message}`);
  });
});

test('by default it is made every day at two in UTC and kept for seven days', () => {
  expect(rulesOf()).toEqual([
    {
      RuleName: 'Daily',
      TargetBackupVault: 'vault',
      ScheduleExpression: 'cron(0 2 * * ? *)',
      StartWindowMinutes: 60,
      Lifecycle: { DeleteAfterDays: 7 },
    },
  ]);
});

test.each([0, 23])('it is made at %i and kept as long as it is told', (hour) => {
  expect(rulesOf({ hour, keepFor: Duration.days(35) })).toMatchObject([
    { ScheduleExpression: `cron(0 ${hour} * * ? *)`, Lifecycle: { DeleteAfterDays: 35 } },
  ]);
});

describe('what is backed up', () => {
  const template = templateOf((stack) => backup(stack));

  test('is the volume with the workspace’s tag, and nothing else', () => {
    const { BackupSelection } = propertiesOf(template, 'AWS::Backup::BackupSelection') as {
      BackupSelection: { ListOfTags: unknown; Resources?: unknown };
    };
    expect(BackupSelection.ListOfTags).toEqual([
      { ConditionKey: 'tablesleuth:workspace', ConditionType: 'STRINGEQUALS', ConditionValue: 'dev' },
    ]);
    expect(BackupSelection.Resources ?? []).toEqual([]);
  });

  test('is all that AWS Backup may make a snapshot of, and it deletes only its own', () => {
    expect(awsManagedPolicies(template)).toEqual([]);
    const statements = new Map(statementsOf(template).map(({ sid, ...rest }) => [sid, rest]));
    expect(statements.get('BackUp')?.resources).toEqual([
      `arn:aws:ec2:${REGION}:111122223333:volume/${VOLUME_ID}`,
      `arn:aws:ec2:${REGION}::snapshot/*`,
    ]);
    expect(statements.get('DeleteOldBackups')?.condition).toEqual({
      Null: { 'aws:ResourceTag/aws:backup:source-resource': 'false' },
    });
    expect(statements.get('LetEc2UseKey')?.resources).toEqual([KEY_ARN]);
  });
});

describe('copies to another region', () => {
  const copyTo = { region: 'eu-west-1', vaultName: 'tablesleuth-dev-copies' };
  const template = templateOf((stack) => backup(stack, { copyTo }));
  const statements = statementsOf(template);
  const vault = 'arn:aws:backup:eu-west-1:111122223333:backup-vault:tablesleuth-dev-copies';

  test('are made of every backup, kept as long, in the vault of that name', () => {
    expect(rulesOf({ copyTo, keepFor: Duration.days(35) })).toMatchObject([
      { CopyActions: [{ DestinationBackupVaultArn: vault, Lifecycle: { DeleteAfterDays: 35 } }] },
    ]);
  });

  test('need nothing of another vault and of another key than that vault’s', () => {
    const there = statements.filter(({ resources }) => resources.some((each) => each.includes('eu-west-1')));
    expect(there.filter(({ actions }) => actions[0]!.startsWith('backup:')).map(({ resources }) => resources)).toEqual([
      [vault],
    ]);
    for (const { actions, condition } of there.filter(({ actions: [first] }) => first!.startsWith('kms:'))) {
      expect([actions, condition]).toEqual([
        actions,
        expect.objectContaining({
          'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/tablesleuth-dev-copies' },
        }),
      ]);
    }
  });

  test('are deleted only if AWS Backup made them', () => {
    expect(statements.find(({ sid }) => sid === 'DeleteOldCopies')).toMatchObject({
      resources: ['arn:aws:ec2:eu-west-1::snapshot/*'],
      condition: { Null: { 'aws:ResourceTag/aws:backup:source-resource': 'false' } },
    });
  });

  test('are not made, and nothing there is allowed, when nobody asks for them', () => {
    const without = templateOf((stack) => backup(stack));
    expect(rulesOf()).not.toContainEqual(expect.objectContaining({ CopyActions: expect.anything() as unknown }));
    expect(statementsOf(without).flatMap(({ actions }) => actions)).not.toContain('ec2:CopySnapshot');
  });
});

describe('a file system that is backed up', () => {
  const template = templateOf((stack) => backup(stack, { volume: undefined, fileSystem: existingFileSystem(stack) }));

  test('is the one with the workspace’s tag, and nothing else', () => {
    expect(propertiesOf(template, 'AWS::Backup::BackupSelection').BackupSelection).toMatchObject({
      ListOfTags: [{ ConditionKey: 'tablesleuth:workspace', ConditionType: 'STRINGEQUALS', ConditionValue: 'dev' }],
    });
  });

  test('is all that the role may back up, and no volume', () => {
    const statements = statementsOf(template);
    expect(statements.find(({ sid }) => sid === 'BackUp')).toMatchObject({
      actions: ['elasticfilesystem:Backup', 'elasticfilesystem:DescribeTags'],
      resources: [expect.stringMatching(new RegExp(`:file-system/${FILE_SYSTEM_ID}$`)) as unknown],
    });
    expect(statements.flatMap(({ actions }) => actions).filter((action) => action.startsWith('ec2:'))).toEqual([]);
  });
});
