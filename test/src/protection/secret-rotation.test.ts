import { Duration, type Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, test } from 'vitest';
import { SecretRotation, type SecretRotationProps } from '../../../src';
import { statementsOf } from '../../support/iam';
import { ACCOUNT, inStack, REGION, templateOf } from '../../support/synthesis';
import { plain, propertiesOf, resourceOf, resourcesOf } from '../../support/template';

const SECRET = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:password-AbCdEf`;
const KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/1234abcd`;

function rotation(stack: Stack, props: Partial<SecretRotationProps> = {}): SecretRotation {
  return new SecretRotation(stack, 'Rotation', {
    secret: Secret.fromSecretCompleteArn(stack, 'Secret', SECRET),
    encryptionKey: Key.fromKeyArn(stack, 'Key', KEY),
    logGroup: LogGroup.fromLogGroupName(stack, 'Log', 'hosts'),
    hostTagValue: 'dev',
    ...props,
  });
}

describe('the days between two passwords', () => {
  test.each([
    [Duration.hours(36), '1.5'],
    [Duration.days(0), '0'],
    [Duration.days(1001), '1001'],
  ])('fail as %s', (every, days) => {
    expect(() => inStack((stack) => rotation(stack, { every }))).toThrow(
      `Test/Rotation: \`every\` is ${days} days, expected a whole number from 1 to 1000`,
    );
  });

  test.each([1, 1000])('may be %s', (days) => {
    const template = templateOf((stack) => void rotation(stack, { every: Duration.days(days) }));
    expect(propertiesOf(template, 'AWS::SecretsManager::RotationSchedule')).toMatchObject({
      RotationRules: { AutomaticallyAfterDays: days },
    });
  });
});

describe('a rotation with nothing but what it needs', () => {
  const template = templateOf((stack) => void rotation(stack));
  const { id: functionId, Properties: lambda } = resourceOf(template, 'AWS::Lambda::Function');

  test('is every 30 days, and not at the deployment', () => {
    expect(propertiesOf(template, 'AWS::SecretsManager::RotationSchedule')).toMatchObject({
      SecretId: SECRET,
      RotateImmediatelyOnUpdate: false,
      RotationRules: { AutomaticallyAfterDays: 30 },
    });
  });

  test('begins when Secrets Manager may call the function, for this secret alone', () => {
    const permission = resourceOf(template, 'AWS::Lambda::Permission');
    expect(permission.Properties).toMatchObject({
      Principal: 'secretsmanager.amazonaws.com',
      SourceArn: SECRET,
      SourceAccount: ACCOUNT,
    });
    expect(resourceOf(template, 'AWS::SecretsManager::RotationSchedule').DependsOn).toEqual([permission.id]);
  });

  test('has one function, with an encrypted environment, which logs where hosts do', () => {
    expect(plain(template, lambda)).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      KmsKeyArn: KEY,
      LoggingConfig: { LogGroup: 'hosts' },
      Environment: { Variables: { HOST_TAG_KEY: 'tablesleuth:environment', HOST_TAG_VALUE: 'dev' } },
    });
    expect(resourcesOf(template, 'AWS::Logs::LogGroup')).toEqual([]);
  });

  test('never lets the function read a password', () => {
    const actions = statementsOf(template).flatMap((statement) => statement.actions);
    expect(actions).toContain('secretsmanager:PutSecretValue');
    expect(actions).not.toContain('secretsmanager:GetSecretValue');
  });

  test('lets the function send one document, to instances with the tag', () => {
    const { id } = resourceOf(template, 'AWS::SSM::Document');
    const sends = statementsOf(template).filter(({ actions }) => actions.includes('ssm:SendCommand'));
    expect(sends.map(({ resources, condition }) => ({ resources, condition }))).toEqual([
      { resources: [`arn:aws:ssm:${REGION}:${ACCOUNT}:document/<${id}>`], condition: undefined },
      {
        resources: [`arn:aws:ec2:${REGION}:${ACCOUNT}:instance/*`],
        condition: { StringEquals: { 'ssm:resourceTag/tablesleuth:environment': 'dev' } },
      },
    ]);
  });

  test('alarms nobody', () => {
    expect(resourcesOf(template, 'AWS::CloudWatch::Alarm')).toEqual([]);
    expect(functionId).toBeDefined();
  });
});

describe('the document', () => {
  const template = templateOf((stack) => void rotation(stack));
  const { parameters } = propertiesOf(template, 'AWS::SSM::Document').Content as {
    parameters: { version: { allowedPattern: string } };
  };
  const pattern = new RegExp(parameters.version.allowedPattern);

  test.each(["x'; reboot; '", 'AWSPENDING', '$(id)', 'short', `${'a'.repeat(32)}\n`, 'a'.repeat(65)])(
    'does not take %j for a version',
    (version) => {
      expect(pattern.test(version)).toBe(false);
    },
  );

  test.each(['AWSCURRENT', '0b0e1f2a-1111-4222-8333-944445555666', 'A'.repeat(64)])('takes %s', (version) => {
    expect(pattern.test(version)).toBe(true);
  });
});

test('a rotation with everything alarms the topic at the first failed step, and is well without data', () => {
  const template = templateOf((stack) => {
    const topic = Topic.fromTopicArn(stack, 'Topic', `arn:aws:sns:${REGION}:${ACCOUNT}:alarms`);
    rotation(stack, { failureTopic: topic, hostTagKey: 'team', hostTagValue: 'lake', every: Duration.days(7) });
  });
  const { id } = resourceOf(template, 'AWS::Lambda::Function');
  expect(plain(template, propertiesOf(template, 'AWS::CloudWatch::Alarm'))).toMatchObject({
    Namespace: 'AWS/Lambda',
    MetricName: 'Errors',
    Dimensions: [{ Name: 'FunctionName', Value: `<${id}>` }],
    Statistic: 'Sum',
    Threshold: 1,
    EvaluationPeriods: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    TreatMissingData: 'notBreaching',
    AlarmActions: [`arn:aws:sns:${REGION}:${ACCOUNT}:alarms`],
  });
  expect(JSON.stringify(statementsOf(template))).toContain('"ssm:resourceTag/team":"lake"');
});
