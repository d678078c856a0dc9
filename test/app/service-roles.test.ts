import { describe, expect, test } from 'vitest';
import { callsOf, statementsOf } from '../support/iam';
import { ACCOUNT, REGION, synthesize } from '../support/synthesis';
import { resourcesOf } from '../support/template';
import { ALL_DATA } from '../support/variants';

const { synthesis, service } = synthesize({
  data: ALL_DATA,
  alarms: { email: 'team@example.com' },
  sweep: {},
  service: {},
});

/** The logical id that begins so and ends in its eight digits. */
function idOf(name: string): string {
  const ids = resourcesOf(service).map(({ id }) => id);
  const [found, ...others] = ids.filter((id) => new RegExp(`^${name}[0-9A-F]{8}$`).test(id));
  if (found === undefined || others.length > 0) throw new Error(`no one resource is named ${name}`);
  return found;
}
const arnOf = (name: string) => `<${idOf(name)}.Arn>`;
const published = (key: string) => `{{resolve:ssm:/tablesleuth/dev/${key}}}`;
const bucket = 'arn:aws:s3:::<ssm:/tablesleuth/dev/data/findings-bucket-name>';
const userOf = (user: string) =>
  `arn:aws:rds-db:${REGION}:${ACCOUNT}:dbuser:<${idOf('Database')}.DBClusterResourceId>/${user}`;

/** Everything that somebody may want something of: what the service has, and what others have. */
const THINGS = {
  'a finding': `${bucket}/findings/sha256/latest.json`,
  'the plan of a sweep': `${bucket}/runs/1/plan.json`,
  'the bucket itself': bucket,
  'somebody’s table': 'arn:aws:s3:::lake/orders/1.parquet',
  arrivals: arnOf('IngestArrivals'),
  'lost arrivals': arnOf('IngestArrivalsDead'),
  'lost notifications': arnOf('NotificationsDead'),
  'the topic of notifications': `<${idOf('NotificationsTopic')}>`,
  'the topic of alerts': published('operations/alert-topic-arn'),
  'the key': published('data/key-arn'),
  'another key': ALL_DATA.kmsKeys.join(),
  'the database': `<${idOf('Database')}.DBClusterArn>`,
  'the owner of the database': userOf('findings_owner'),
  findings_api: userOf('findings_api'),
  findings_ingest: userOf('findings_ingest'),
  findings_notifications: userOf('findings_notifications'),
  'the password of the owner': `<${idOf('Database')}.MasterUserSecret.SecretArn>`,
  'another password': `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:gizmosql-AbCdEf`,
  'the log of functions': arnOf('LogsFunctions'),
  'the log of workers': arnOf('LogsWorkers'),
  'the log of requests': arnOf('LogsRequests'),
  'the migration': arnOf('MigrationFunction'),
  'the API’s function': arnOf('ApiFunction'),
  images: `arn:aws:ecr:${REGION}:${ACCOUNT}:repository/cdk-hnb659fds-container-assets-${ACCOUNT}-${REGION}`,
  'another image': `arn:aws:ecr:${REGION}:${ACCOUNT}:repository/somebody-elses`,
  'the end of a sweep': arnOf('SweepEnd'),
  'a role': arnOf('IngestWorkerRole'),
  'nothing in particular': '*',
};

/** Every action that any role of the environment is allowed, and more that do harm. */
const ACTIONS = [
  ...new Set([
    ...synthesis.stacks.flatMap(({ template }) => statementsOf(template)).flatMap(({ actions }) => actions),
    ...['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:ListBucket', 's3:PutBucketPolicy', 's3:PutObjectAcl'],
    ...['sqs:PurgeQueue', 'sqs:DeleteQueue', 'sqs:SetQueueAttributes', 'sns:SetTopicAttributes', 'sns:Subscribe'],
    ...['kms:Encrypt', 'kms:PutKeyPolicy', 'kms:ScheduleKeyDeletion', 'kms:CreateGrant', 'sts:AssumeRole'],
    ...['rds:DeleteDBCluster', 'rds:ModifyDBCluster', 'rds:CreateDBClusterSnapshot', 'rds-data:ExecuteStatement'],
    ...['secretsmanager:PutSecretValue', 'secretsmanager:DescribeSecret', 'ssm:GetParameter', 'iam:PassRole'],
    ...['lambda:UpdateFunctionCode', 'lambda:AddPermission', 'ecs:RunTask', 'ecs:ExecuteCommand', 'ecs:UpdateService'],
    ...['logs:GetLogEvents', 'logs:FilterLogEvents', 'logs:DeleteLogGroup', 'execute-api:Invoke', 'ecr:PutImage'],
  ]),
].sort();

const WRITE_LOG = ['logs:CreateLogStream', 'logs:PutLogEvents'];

const ROLES: Array<[role: string, keys: Record<string, string>, may: Record<string, string[]>]> = [
  [
    'ApiFunctionRole',
    { 'lambda:SourceFunctionArn': arnOf('ApiFunction') },
    { findings_api: ['rds-db:connect'], 'the log of functions': WRITE_LOG },
  ],
  [
    'NotificationsFunctionRole',
    { 'lambda:SourceFunctionArn': arnOf('NotificationsFunction') },
    {
      findings_notifications: ['rds-db:connect'],
      'the topic of alerts': ['sns:Publish'],
      'the key': ['kms:Decrypt', 'kms:GenerateDataKey'],
      'lost notifications': ['sqs:SendMessage'],
      'the log of functions': WRITE_LOG,
    },
  ],
  [
    'MigrationFunctionRole',
    { 'lambda:SourceFunctionArn': arnOf('MigrationFunction') },
    {
      'the password of the owner': ['secretsmanager:GetSecretValue'],
      'the key': ['kms:Decrypt'],
      'the log of functions': WRITE_LOG,
    },
  ],
  [
    'MigrationWaiterRole',
    {},
    { 'the migration': ['lambda:GetFunction', 'lambda:InvokeFunction'], 'the log of functions': WRITE_LOG },
  ],
  [
    'IngestWorkerRole',
    {},
    {
      arrivals: ['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:ReceiveMessage'],
      'a finding': ['s3:GetObject', 's3:GetObjectVersion'],
      'the key': ['kms:Decrypt'],
      findings_ingest: ['rds-db:connect'],
    },
  ],
  [
    'IngestWorkerStarter',
    {},
    {
      images: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
      'nothing in particular': ['ecr:GetAuthorizationToken'],
      'the log of workers': WRITE_LOG,
    },
  ],
  [
    'SweepEndUpdater',
    {},
    {
      arrivals: ['sqs:GetQueueAttributes'],
      'the topic of notifications': ['sns:Publish'],
      'the key': ['kms:Decrypt', 'kms:GenerateDataKey'],
    },
  ],
  ['SweepEndStarter', {}, { 'the end of a sweep': ['states:StartExecution'] }],
];

/** What is allowed on what: `thing: action`. A token for the registry has no resource, so that each of them fits it. */
function allowedTo(role: string, keys: Record<string, string>): string[] {
  const isAllowed = callsOf(service, idOf(role));
  return Object.entries(THINGS).flatMap(([thing, resource]) =>
    ACTIONS.filter((action) => action !== 'ecr:GetAuthorizationToken' || resource === '*')
      .filter((action) => isAllowed({ action, resource, keys }))
      .map((action) => `${thing}: ${action}`),
  );
}

describe('of all that anybody may want of anything in the account', () => {
  test.each(ROLES)('%s may do what it is there for, and is refused the rest', (role, keys, may) => {
    const expected = Object.entries(may).flatMap(([thing, actions]) => actions.map((action) => `${thing}: ${action}`));
    expect(allowedTo(role, keys).sort()).toEqual(expected.sort());
  });

  test('Lambda itself may place functions in the network, because it calls before there is a function', () => {
    const place = { action: 'ec2:CreateNetworkInterface', resource: '*' };
    expect(callsOf(service, idOf('ApiFunctionRole'))(place)).toBe(true);
  });

  test('no role of the service is left out', () => {
    const ofCdk = /^(Custom|NetworkFlowLog|ApiCloudWatchRole)/;
    const roles = resourcesOf(service, 'AWS::IAM::Role').map(({ id }) => id.replace(/[0-9A-F]{8}$/, ''));
    expect(roles.filter((role) => !ofCdk.test(role)).sort()).toEqual(ROLES.map(([role]) => role).sort());
  });
});

test('roles are assumed by the one service that they are for', () => {
  const trusted = Object.fromEntries(
    ROLES.map(([role]) => {
      const { Properties } = resourcesOf(service, 'AWS::IAM::Role').find(({ id }) => id === idOf(role))!;
      const [statement] = (Properties?.AssumeRolePolicyDocument as { Statement: { Principal: object }[] }).Statement;
      return [role, JSON.stringify(statement?.Principal)];
    }),
  );
  const of = (name: string) => JSON.stringify({ Service: `${name}.amazonaws.com` });
  expect(trusted).toEqual({
    ApiFunctionRole: of('lambda'),
    NotificationsFunctionRole: of('lambda'),
    MigrationFunctionRole: of('lambda'),
    MigrationWaiterRole: of('lambda'),
    IngestWorkerRole: of('ecs-tasks'),
    IngestWorkerStarter: of('ecs-tasks'),
    SweepEndUpdater: of('states'),
    SweepEndStarter: of('events'),
  });
});
