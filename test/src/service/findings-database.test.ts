import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import type { FindingsDatabaseProps } from '../../../src';
import { servicePartsIn } from '../../support/findings-service';
import { templateOf } from '../../support/synthesis';
import { propertiesOf, resourceOf, resourcesOf, textOf } from '../../support/template';

const CLUSTER = 'AWS::RDS::DBCluster';
const templateWith = (props: Partial<FindingsDatabaseProps> = {}) =>
  templateOf((stack) => void servicePartsIn(stack, {}, props));

describe('fails, and says what is wanted:', () => {
  test.each<[Partial<FindingsDatabaseProps>, string]>([
    [{ minCapacity: -0.5 }, 'Test/Database: minCapacity is -0.5, expected 0 to 256, by halves'],
    [{ minCapacity: 0.3 }, 'Test/Database: minCapacity is 0.3, expected 0 to 256, by halves'],
    [{ maxCapacity: 0.5 }, 'Test/Database: maxCapacity is 0.5, expected 1 to 256, by halves'],
    [{ maxCapacity: 257 }, 'Test/Database: maxCapacity is 257, expected 1 to 256, by halves'],
    [{ minCapacity: 8 }, 'Test/Database: maxCapacity is 4, expected at least minCapacity, which is 8'],
  ])('%o', (props, message) => {
    expect(() => templateWith(props)).toThrow(message);
  });
});

describe('the database', () => {
  const template = templateWith();

  test('pauses, is encrypted, lets users of IAM in, and cannot be deleted by mistake', () => {
    expect(propertiesOf(template, CLUSTER)).toMatchObject({
      DBClusterIdentifier: 'findings',
      DatabaseName: 'findings',
      MasterUsername: 'findings_owner',
      ManageMasterUserPassword: true,
      ServerlessV2ScalingConfiguration: { MinCapacity: 0, MaxCapacity: 4, SecondsUntilAutoPause: 300 },
      StorageEncrypted: true,
      EnableIAMDatabaseAuthentication: true,
      DeletionProtection: true,
      BackupRetentionPeriod: 7,
    });
    expect(resourceOf(template, CLUSTER)).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  test('takes nobody in without TLS', () => {
    const { Parameters } = propertiesOf(template, 'AWS::RDS::DBClusterParameterGroup');
    expect(Parameters).toMatchObject({ 'rds.force_ssl': '1' });
  });

  test('has one instance, which is not public, and a log that is there before it', () => {
    expect(propertiesOf(template, 'AWS::RDS::DBInstance')).toMatchObject({
      DBInstanceClass: 'db.serverless',
      PubliclyAccessible: false,
    });
    const log = resourcesOf(template, 'AWS::Logs::LogGroup').find(
      ({ Properties }) => Properties?.LogGroupName === '/aws/rds/cluster/findings/postgresql',
    );
    expect(log?.Properties).toMatchObject({ RetentionInDays: 365 });
    expect(resourceOf(template, CLUSTER).DependsOn).toContain(log?.id);
  });

  test('lets nobody in who is not let in', () => {
    const group = resourcesOf(template, 'AWS::EC2::SecurityGroup').find(({ id }) => id.startsWith('Database'));
    expect(group?.Properties?.SecurityGroupIngress).toBeUndefined();
    expect(resourcesOf(template, 'AWS::EC2::SecurityGroupIngress')).toEqual([]);
  });
});

test('has a second instance, no pause and no protection where that is wanted', () => {
  const template = templateWith({
    minCapacity: 1,
    maxCapacity: 16,
    reader: true,
    backupRetention: Duration.days(30),
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const { DeletionPolicy, Properties } = resourceOf(template, CLUSTER);
  expect(Properties).toMatchObject({ BackupRetentionPeriod: 30, DeletionProtection: false });
  expect(Properties?.ServerlessV2ScalingConfiguration).toEqual({ MinCapacity: 1, MaxCapacity: 16 });
  expect(DeletionPolicy).toBe('Delete');
  expect(resourcesOf(template, 'AWS::RDS::DBInstance')).toHaveLength(2);
});

test('a user signs in by a name of its own, and no other', () => {
  const statements: unknown[] = [];
  const template = templateOf((stack) => {
    statements.push(servicePartsIn(stack).database.signInStatement('findings_api').toStatementJson());
  });
  const [{ Action, Resource }] = statements as [{ Action: string; Resource: unknown }];
  expect(Action).toBe('rds-db:connect');
  expect(textOf(template, Resource)).toMatch(/:rds-db:us-east-2:\d+:dbuser:.+\/findings_api$/);
});
