import type { Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { describe, expect, test } from 'vitest';
import { AccountSettings, ComplianceRules, ConfigurationHistory, ConfigurationRecorder } from '../../../src';
import { statementsOf } from '../../support/iam';
import { templateOf } from '../../support/synthesis';
import { plain, propertiesOf, resourceOf, resourcesOf } from '../../support/template';

const settings = (stack: Stack, configRole?: boolean) =>
  new AccountSettings(stack, 'Settings', { logGroup: LogGroup.fromLogGroupName(stack, 'Logs', 'logs'), configRole });

describe('the rules', () => {
  const rules = resourcesOf(
    templateOf((stack) => new ComplianceRules(stack, 'Rules')),
    'AWS::Config::ConfigRule',
  );

  test('are five of AWS’s own, and each says what it wants', () => {
    expect(
      rules.map(({ Properties }) => (Properties?.Source as { SourceIdentifier: string }).SourceIdentifier),
    ).toEqual([
      'EC2_EBS_ENCRYPTION_BY_DEFAULT',
      'VPC_FLOW_LOGS_ENABLED',
      'EC2_IMDSV2_CHECK',
      'S3_BUCKET_PUBLIC_READ_PROHIBITED',
      'S3_BUCKET_PUBLIC_WRITE_PROHIBITED',
    ]);
    for (const { Properties } of rules) expect(Properties?.Description).toMatch(/\w+ \w+/);
  });
});

describe('the recorder', () => {
  const template = templateOf((stack) => {
    new ConfigurationRecorder(stack, 'Recorder', { bucket: Bucket.fromBucketName(stack, 'History', 'history') });
  });

  test('records what the rules judge alone: each change costs', () => {
    expect(plain(template, propertiesOf(template, 'AWS::Config::ConfigurationRecorder'))).toEqual({
      RoleARN: 'arn:aws:iam::111122223333:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig',
      RecordingGroup: {
        AllSupported: false,
        IncludeGlobalResourceTypes: false,
        ResourceTypes: ['AWS::EC2::Instance', 'AWS::EC2::VPC', 'AWS::S3::Bucket'],
      },
    });
  });

  test('waits for no delivery channel, nor that for it: CloudFormation starts the recorder when both are there', () => {
    expect(propertiesOf(template, 'AWS::Config::DeliveryChannel')).toEqual({ S3BucketName: 'history' });
    for (const { DependsOn } of resourcesOf(template)) expect(DependsOn).toBeUndefined();
  });
});

describe('the history', () => {
  const template = templateOf((stack) => {
    new ConfigurationHistory(stack, 'History', { encryptionKey: new Key(stack, 'Key') });
  });

  test('stays when its stack goes, encrypted and closed to the public', () => {
    const { DeletionPolicy, UpdateReplacePolicy, Properties } = resourceOf(template, 'AWS::S3::Bucket');
    expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
    expect(Properties).toMatchObject({
      VersioningConfiguration: { Status: 'Enabled' },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
    });
    expect(JSON.stringify(Properties?.BucketEncryption)).toContain('aws:kms');
  });

  test('is written by AWS Config of this account, below its own prefix, over TLS alone', () => {
    const { PolicyDocument } = plain(template, propertiesOf(template, 'AWS::S3::BucketPolicy')) as {
      readonly PolicyDocument: { readonly Statement: ReadonlyArray<Record<string, unknown>> };
    };
    const [tls, ...delivery] = PolicyDocument.Statement;
    expect(tls).toMatchObject({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } });
    for (const statement of delivery) {
      expect(statement).toMatchObject({
        Principal: { Service: 'config.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': '111122223333' } },
      });
    }
    expect(delivery.map(({ Action, Resource }) => [Action, Resource])).toEqual([
      [['s3:GetBucketAcl', 's3:ListBucket'], expect.stringMatching(/^<\w+\.Arn>$/)],
      ['s3:PutObject', expect.stringMatching(/^<\w+\.Arn>\/AWSLogs\/111122223333\/Config\/\*$/)],
    ]);
  });

  test('lets AWS Config of this account use its key', () => {
    const text = JSON.stringify(propertiesOf(template, 'AWS::KMS::Key').KeyPolicy);
    expect(text).toMatch(/"kms:Decrypt","kms:GenerateDataKey"\],"Condition":\{"StringEquals":\{"aws:SourceAccount"/);
  });
});

describe('the settings of the account', () => {
  test('are switched on and never off', () => {
    const template = templateOf((stack) => settings(stack, true));
    const calls = resourcesOf(template).filter(({ Type }) => Type.startsWith('Custom::'));
    expect(calls.map(({ Type }) => Type)).toEqual(['Custom::EbsEncryptionByDefault', 'Custom::ConfigRole']);
    for (const { Properties } of calls) {
      expect(Properties?.Create).toBeDefined();
      expect(Properties?.Delete).toBeUndefined();
    }
  });

  test('take one permission each, and the log of the function', () => {
    const actions = (configRole: boolean) =>
      statementsOf(templateOf((stack) => settings(stack, configRole))).map((each) => each.actions.join());
    const always = ['ec2:EnableEbsEncryptionByDefault', 'logs:CreateLogStream,logs:PutLogEvents'];
    expect(actions(false)).toEqual(always);
    expect(actions(true)).toEqual([...always, 'iam:CreateServiceLinkedRole']);
  });
});
