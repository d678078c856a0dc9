import { Duration, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { describe, expect, test } from 'vitest';
import { FindingsBucket, type FindingsBucketProps } from '../../../src';
import { templateOf } from '../../support/synthesis';
import { propertiesOf, resourceOf } from '../../support/template';

const bucketIn = (stack: Stack, props: Partial<FindingsBucketProps> = {}) =>
  new FindingsBucket(stack, 'Findings', { encryptionKey: new Key(stack, 'Key'), ...props });
const templateWith = (props?: Partial<FindingsBucketProps>) => templateOf((stack) => void bucketIn(stack, props));

describe('the bucket of findings', () => {
  const template = templateWith();

  test('stays when its stack is destroyed', () => {
    expect(resourceOf(template, 'AWS::S3::Bucket')).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
    });
  });

  test('is encrypted with the key, versioned, and not public', () => {
    expect(propertiesOf(template, 'AWS::S3::Bucket')).toMatchObject({
      VersioningConfiguration: { Status: 'Enabled' },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } },
        ],
      },
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    });
  });

  test('refuses requests without TLS', () => {
    expect(propertiesOf(template, 'AWS::S3::BucketPolicy')).toMatchObject({
      PolicyDocument: {
        Statement: [{ Effect: 'Deny', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }],
      },
    });
  });

  test('tells the event bus of each finding, without a function', () => {
    expect(propertiesOf(template, 'AWS::S3::Bucket')).toMatchObject({
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
    });
    expect(Object.values(template.Resources ?? {}).map(({ Type }) => Type)).not.toContain('AWS::Lambda::Function');
  });

  test.each([
    [undefined, 365],
    [Duration.days(30), 30],
  ])('forgets previous versions after %s', (previousVersionExpiration, days) => {
    expect(propertiesOf(templateWith({ previousVersionExpiration }), 'AWS::S3::Bucket')).toMatchObject({
      LifecycleConfiguration: { Rules: [{ NoncurrentVersionExpiration: { NoncurrentDays: days } }, {}] },
    });
  });

  test('forgets the plans of sweeps after a month, and no finding that is the newest of its table', () => {
    const { LifecycleConfiguration } = propertiesOf(template, 'AWS::S3::Bucket') as {
      LifecycleConfiguration: { Rules: ReadonlyArray<Readonly<Record<string, unknown>>> };
    };
    const expiring = LifecycleConfiguration.Rules.filter(({ ExpirationInDays }) => ExpirationInDays !== undefined);
    expect(expiring).toEqual([
      {
        ...{ Id: 'forget-plans', Status: 'Enabled', Prefix: 'runs/', ExpirationInDays: 30 },
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
      },
    ]);
  });

  test('goes with its stack where that is wanted', () => {
    const bucket = resourceOf(templateWith({ removalPolicy: RemovalPolicy.DESTROY }), 'AWS::S3::Bucket');
    expect(bucket.DeletionPolicy).toBe('Delete');
  });

  test.each([Duration.hours(12), Duration.days(0)])('fails with previous versions kept for %s', (expiration) => {
    expect(() => templateWith({ previousVersionExpiration: expiration })).toThrow(
      /Findings: `previousVersionExpiration` is/,
    );
  });
});
