import { type Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { describe, expect, test } from 'vitest';
import { AlertTopic } from '../../../src';
import { ACCOUNT, inStack, REGION, templateOf } from '../../support/synthesis';
import { plain, propertiesOf, resourcesOf, type TemplateDocument } from '../../support/template';

interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Principal: unknown;
  readonly Action: unknown;
  readonly Condition?: unknown;
}

const ALARMS = {
  StringEquals: { 'aws:SourceAccount': ACCOUNT },
  ArnLike: { 'aws:SourceArn': `arn:aws:cloudwatch:${REGION}:${ACCOUNT}:alarm:*` },
};

function statements(template: TemplateDocument, type: string, member: string): Statement[] {
  const document = plain(template, propertiesOf(template, type)[member]) as { Statement: Statement[] };
  return document.Statement;
}

const topicPolicy = (template: TemplateDocument) => statements(template, 'AWS::SNS::TopicPolicy', 'PolicyDocument');
const keyPolicy = (template: TemplateDocument) => statements(template, 'AWS::KMS::Key', 'KeyPolicy');

const existingKey = (stack: Stack) =>
  Key.fromKeyArn(stack, 'Key', `arn:aws:kms:${REGION}:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`);

test.each(['nobody', 'a@b@c', 'a b@c', ''])('fails on the address %j', (email) => {
  expect(() => inStack((stack) => new AlertTopic(stack, 'Alerts', { emails: ['good@example.com', email] }))).toThrow(
    `Test/Alerts: got ${JSON.stringify(email)} as an e-mail address, wants one such as data-team@example.com`,
  );
});

describe('with nothing said', () => {
  const template = templateOf((stack) => void new AlertTopic(stack, 'Alerts'));

  test('is encrypted with a key of its own that rotates', () => {
    expect(propertiesOf(template, 'AWS::KMS::Key')).toMatchObject({ EnableKeyRotation: true });
    expect(propertiesOf(template, 'AWS::SNS::Topic')).toHaveProperty('KmsMasterKeyId');
  });

  test('lets alarms of this account and region publish and use the key, and no other service', () => {
    const publishers = topicPolicy(template).filter(({ Effect }) => Effect === 'Allow');
    expect(publishers).toMatchObject([
      { Principal: { Service: 'cloudwatch.amazonaws.com' }, Action: 'sns:Publish', Condition: ALARMS },
    ]);
    const users = keyPolicy(template).filter(({ Principal }) => JSON.stringify(Principal).includes('Service'));
    expect(users).toMatchObject([
      {
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Condition: ALARMS,
      },
    ]);
  });

  test('refuses whoever publishes without TLS', () => {
    expect(topicPolicy(template)).toContainEqual(
      expect.objectContaining({
        Effect: 'Deny',
        Action: 'sns:Publish',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    );
  });

  test('tells nobody', () => {
    expect(resourcesOf(template, 'AWS::SNS::Subscription')).toEqual([]);
  });
});

describe('with everything said', () => {
  const template = templateOf((stack) => {
    const encryptionKey = existingKey(stack);
    new AlertTopic(stack, 'Alerts', { encryptionKey, emails: ['a@example.com', 'b@example.com'], displayName: 'Lake' });
  });

  test('uses the key that is given and makes none', () => {
    expect(resourcesOf(template, 'AWS::KMS::Key')).toEqual([]);
    expect(propertiesOf(template, 'AWS::SNS::Topic')).toMatchObject({
      DisplayName: 'Lake',
      KmsMasterKeyId: expect.stringContaining(':key/1234abcd') as unknown,
    });
  });

  test('tells each address', () => {
    const told = resourcesOf(template, 'AWS::SNS::Subscription').map(({ Properties }) => Properties);
    expect(told).toMatchObject([
      { Protocol: 'email', Endpoint: 'a@example.com' },
      { Protocol: 'email', Endpoint: 'b@example.com' },
    ]);
  });
});
