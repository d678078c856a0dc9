import { RemovalPolicy } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { describe, expect, test } from 'vitest';
import { WorkbenchData, type WorkbenchDataProps } from '../../../src';
import { inStack, templateOf } from '../../support/synthesis';
import { plain, propertiesOf, resourceOf, resourcesOf, type TemplateDocument } from '../../support/template';

interface KeyStatement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Principal: unknown;
}

function keyStatements(template: TemplateDocument): KeyStatement[] {
  const { KeyPolicy } = plain(template, propertiesOf(template, 'AWS::KMS::Key')) as {
    KeyPolicy: { Statement: KeyStatement[] };
  };
  return KeyPolicy.Statement;
}

const dataTemplate = (props?: WorkbenchDataProps) => templateOf((stack) => new WorkbenchData(stack, 'Data', props));

describe('by default', () => {
  const template = dataTemplate();

  test('the password has 32 generated letters and digits, encrypted with the key', () => {
    expect(plain(template, propertiesOf(template, 'AWS::SecretsManager::Secret'))).toEqual({
      Description: 'Password of GizmoSQL on the TableSleuth host',
      GenerateSecretString: { PasswordLength: 32, ExcludePunctuation: true },
      KmsKeyId: `<${resourceOf(template, 'AWS::KMS::Key').id}.Arn>`,
    });
  });

  test('the key is renewed every year', () => {
    expect(propertiesOf(template, 'AWS::KMS::Key').EnableKeyRotation).toBe(true);
  });

  test('CloudWatch Logs may use the key for log groups of this account and region alone', () => {
    expect(keyStatements(template).find(({ Sid }) => Sid === 'LogsOfThisAccount')).toEqual({
      Sid: 'LogsOfThisAccount',
      Effect: 'Allow',
      Principal: { Service: 'logs.us-east-2.amazonaws.com' },
      Action: [
        'kms:Decrypt',
        'kms:DescribeKey',
        'kms:Encrypt',
        'kms:GenerateDataKey',
        'kms:ReEncryptFrom',
        'kms:ReEncryptTo',
      ],
      Resource: '*',
      Condition: {
        ArnLike: { 'kms:EncryptionContext:aws:logs:arn': 'arn:aws:logs:us-east-2:111122223333:log-group:*' },
      },
    });
  });

  test('the key lets only this account and CloudWatch Logs in', () => {
    const allowed = keyStatements(template).filter(({ Effect }) => Effect === 'Allow');
    expect(new Set(allowed.map(({ Principal }) => JSON.stringify(Principal)))).toEqual(
      new Set(['{"AWS":"arn:aws:iam::111122223333:root"}', '{"Service":"logs.us-east-2.amazonaws.com"}']),
    );
  });

  test('nobody hands the key on: only services of AWS make grants', () => {
    expect(keyStatements(template).filter(({ Effect }) => Effect === 'Deny')).toEqual([
      {
        Sid: 'GrantsOnlyByServices',
        Effect: 'Deny',
        Principal: { AWS: '*' },
        Action: 'kms:CreateGrant',
        Resource: '*',
        Condition: { BoolIfExists: { 'kms:GrantIsForAWSResource': 'false', 'aws:PrincipalIsAWSService': 'false' } },
      },
    ]);
  });

  test('every log group is encrypted with the key and kept for 90 days', () => {
    const groups = resourcesOf(template, 'AWS::Logs::LogGroup');
    expect(groups.map(({ id }) => id.replace(/[0-9A-F]{8}$/, ''))).toEqual([
      'DataHostLogs',
      'DataSessionLogs',
      'DataFlowLogs',
    ]);
    const key = `<${resourceOf(template, 'AWS::KMS::Key').id}.Arn>`;
    for (const { Properties } of groups) {
      expect(plain(template, Properties)).toEqual({ KmsKeyId: key, RetentionInDays: 90 });
    }
  });

  test('everything stays when the stack goes', () => {
    for (const resource of resourcesOf(template)) {
      expect([resource.id, resource.DeletionPolicy, resource.UpdateReplacePolicy]).toEqual([
        resource.id,
        'Retain',
        'Retain',
      ]);
    }
  });
});

test('everything goes with the stack when that is asked for', () => {
  for (const resource of resourcesOf(dataTemplate({ removalPolicy: RemovalPolicy.DESTROY }))) {
    expect([resource.id, resource.DeletionPolicy]).toEqual([resource.id, 'Delete']);
  }
});

test.each([RetentionDays.ONE_DAY, RetentionDays.TEN_YEARS])('logs may be kept for %i days', (logRetention) => {
  for (const { Properties } of resourcesOf(dataTemplate({ logRetention }), 'AWS::Logs::LogGroup')) {
    expect(Properties?.RetentionInDays).toBe(logRetention);
  }
});

describe('data made elsewhere', () => {
  const attributes = {
    encryptionKeyArn: 'arn:aws:kms:us-east-2:111122223333:key/1234abcd',
    gizmosqlSecretArn: 'arn:aws:secretsmanager:us-east-2:111122223333:secret:gizmosql-AbCdEf',
    hostLogGroupName: 'hosts',
    sessionLogGroupName: 'sessions',
  };

  test('is used under its own names, and nothing is made', () => {
    const template = templateOf((stack) => {
      const data = WorkbenchData.fromWorkbenchDataAttributes(stack, 'Data', attributes);
      expect(data.encryptionKey.keyArn).toBe(attributes.encryptionKeyArn);
      expect(data.gizmosqlSecret.secretArn).toBe(attributes.gizmosqlSecretArn);
      expect(data.hostLogGroup.logGroupName).toBe('hosts');
      expect(data.sessionLogGroup.logGroupName).toBe('sessions');
    });
    expect(resourcesOf(template)).toEqual([]);
  });

  test('fails with a secret that is named without its six last letters, because no policy would match it', () => {
    const partial = {
      ...attributes,
      gizmosqlSecretArn: 'arn:aws:secretsmanager:us-east-2:111122223333:secret:gizmosql',
    };
    expect(() => inStack((stack) => WorkbenchData.fromWorkbenchDataAttributes(stack, 'Data', partial))).toThrow(
      'does not appear to be complete',
    );
  });
});
