import { describe, expect, test } from 'vitest';
import { findingsServiceIn } from '../../support/findings-service';
import { statementsOf } from '../../support/iam';
import { templateOf } from '../../support/synthesis';
import { plain, resourcesOf } from '../../support/template';

const template = templateOf(findingsServiceIn);

/** What the policies of a construct allow, sorted. */
const allowed = (policy: string) =>
  statementsOf(template)
    .filter((statement) => statement.policy.startsWith(policy))
    .flatMap(({ actions }) => actions)
    .sort();

const logicalName = (id: string) => id.replace(/[0-9A-F]{8}$/, '');

test('keeps what holds findings, what the database cannot be without, and what tells who saw them', () => {
  const kept = resourcesOf(template)
    .filter(({ DeletionPolicy }) => DeletionPolicy === 'Retain' || DeletionPolicy === 'RetainExceptOnCreate')
    .map(({ id, Type }) => `${Type} ${logicalName(id)}`);
  expect(kept.sort()).toEqual([
    // Other APIs of the account may log by this role meanwhile.
    'AWS::ApiGateway::Account ApiAccount',
    'AWS::EC2::SecurityGroup DatabaseSecurityGroup',
    'AWS::EC2::Subnet NetworkPrivateSubnet1Subnet',
    'AWS::EC2::Subnet NetworkPrivateSubnet2Subnet',
    'AWS::EC2::VPC Network',
    'AWS::IAM::Role ApiCloudWatchRole',
    'AWS::Logs::LogGroup DatabaseLog',
    'AWS::Logs::LogGroup LogsFunctions',
    'AWS::Logs::LogGroup LogsRequests',
    'AWS::Logs::LogGroup LogsWorkers',
    'AWS::RDS::DBCluster Database',
    'AWS::RDS::DBClusterParameterGroup DatabaseParameters',
    'AWS::RDS::DBInstance DatabaseWriter',
    'AWS::RDS::DBSubnetGroup DatabaseSubnets',
  ]);
});

test('keeps logs for a year, encrypted', () => {
  const logs = resourcesOf(template, 'AWS::Logs::LogGroup');
  expect(logs).toHaveLength(4);
  for (const { Properties } of logs) {
    expect(Properties).toMatchObject({ RetentionInDays: 365 });
    expect(Properties?.KmsKeyId).toBeDefined();
  }
});

describe('roles', () => {
  const LOG = ['logs:CreateLogStream', 'logs:PutLogEvents'];
  const NETWORK = [
    'ec2:AssignPrivateIpAddresses',
    'ec2:CreateNetworkInterface',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:UnassignPrivateIpAddresses',
  ];

  test.each([
    ['MigrationFunctionPolicy', [...NETWORK, 'kms:Decrypt', ...LOG, 'secretsmanager:GetSecretValue']],
    ['ApiFunctionPolicy', [...NETWORK, ...LOG, 'rds-db:connect']],
    [
      'NotificationsFunctionPolicy',
      [...NETWORK, 'kms:Decrypt', 'kms:GenerateDataKey', ...LOG, 'rds-db:connect', 'sns:Publish', 'sqs:SendMessage'],
    ],
    [
      'IngestWorkerRolePolicy',
      [
        'kms:Decrypt',
        'rds-db:connect',
        's3:GetObject',
        's3:GetObjectVersion',
        'sqs:ChangeMessageVisibility',
        'sqs:DeleteMessage',
        'sqs:ReceiveMessage',
      ],
    ],
  ])('%s allows what it needs, and nothing else', (policy, actions) => {
    expect(allowed(policy)).toEqual(actions.sort());
  });

  test('none but the migration reads the password of the owner, and none but it is told of it', () => {
    const readers = statementsOf(template).filter(({ actions }) =>
      actions.some((each) => /^secretsmanager:/.test(each)),
    );
    expect(readers.map(({ policy }) => policy.replace(/[0-9A-F]{8}$/, ''))).toEqual(['MigrationFunctionPolicy']);
    const told = resourcesOf(template, 'AWS::Lambda::Function').filter(({ Properties }) =>
      JSON.stringify(Properties?.Environment ?? {}).includes('DB_CLUSTER_SECRET_ARN'),
    );
    expect(told.map(({ id }) => id.replace(/[0-9A-F]{8}$/, ''))).toEqual(['MigrationFunction']);
  });

  test('find the database where its cluster says that it is', () => {
    const functions = resourcesOf(template, 'AWS::Lambda::Function').flatMap(({ Properties }) => {
      const { Variables } = (Properties?.Environment ?? {}) as { Variables?: { DB_HOST?: unknown; DB_PORT?: unknown } };
      return Variables?.DB_HOST === undefined ? [] : [Variables];
    });
    const part = (name: string) => ({
      'Fn::GetAtt': [expect.stringMatching(/^Database/), `Endpoint.${name}`] as unknown,
    });
    expect(functions).toHaveLength(3);
    for (const { DB_HOST, DB_PORT } of functions) expect([DB_HOST, DB_PORT]).toEqual([part('Address'), part('Port')]);
  });

  test('each sign in as one user of the database', () => {
    const users = statementsOf(template)
      .filter(({ actions }) => actions.includes('rds-db:connect'))
      .flatMap(({ resources }) => resources.map((each) => each.split('/').at(-1)));
    expect(users.sort()).toEqual(['findings_api', 'findings_ingest', 'findings_notifications']);
  });

  test('use the network of Lambda through Lambda alone, never by their own code', () => {
    const statements = statementsOf(template).filter(({ actions }) => actions.includes('ec2:CreateNetworkInterface'));
    expect(statements).toHaveLength(3);
    for (const { condition } of statements) expect(condition).toEqual({ Null: { 'lambda:SourceFunctionArn': 'true' } });
  });
});

test('lets the API, the workers, the notifications and the migration into the database, and nothing else', () => {
  const rules = resourcesOf(template, 'AWS::EC2::SecurityGroupIngress').map(({ Properties }) => [
    String(plain(template, Properties?.SourceSecurityGroupId)).replace(/[0-9A-F]{8}\.GroupId>$/, ''),
    Properties?.FromPort,
  ]);
  expect(rules.sort()).toEqual([
    ['<ApiSecurityGroup', 5432],
    ['<IngestSecurityGroup', 5432],
    ['<MigrationSecurityGroup', 5432],
    ['<NotificationsSecurityGroup', 5432],
  ]);
});

test('tells people of each alarm', () => {
  const alarms = resourcesOf(template, 'AWS::CloudWatch::Alarm').filter(({ Properties }) => Properties?.AlarmName);
  expect(alarms.map(({ Properties }) => Properties?.AlarmName)).toEqual([
    'tablesleuth-dev-FindingsLost',
    'tablesleuth-dev-FindingsLate',
    'tablesleuth-dev-FindingsApiFailed',
    'tablesleuth-dev-NotificationsLost',
    'tablesleuth-dev-FindingsDatabaseBusy',
  ]);
  for (const { Properties } of alarms) {
    expect((Properties?.AlarmActions as unknown[]).map((each) => JSON.stringify(each))).toEqual([
      expect.stringContaining(':alerts'),
    ]);
  }
});
