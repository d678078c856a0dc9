import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Bucket, type CfnBucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeCheckov, COMPLIANCE_PACKS, Pack } from '../private/acknowledge';
import { privateBucketWith } from '../private/private-bucket';

/** Properties of `ConfigurationHistory`. */
export interface ConfigurationHistoryProps {
  /** Encrypts the history; AWS Config is allowed to use it. */
  readonly encryptionKey: IKey;

  /**
   * How long the history is kept.
   *
   * @default - one year
   */
  readonly expiration?: Duration;
}

/**
 * The bucket that AWS Config delivers what it recorded to. It outlives its stack, because it tells who opened what and
 * when: nobody who destroys a stack should take that along. Costs cents a month.
 */
export class ConfigurationHistory extends Construct {
  /** The bucket, which only AWS Config of this account writes to. */
  public readonly bucket: IBucket;

  constructor(scope: Construct, id: string, props: ConfigurationHistoryProps) {
    super(scope, id);
    const bucket = new Bucket(this, 'Bucket', {
      ...privateBucketWith(props.encryptionKey),
      lifecycleRules: [
        {
          id: 'forget',
          expiration: props.expiration ?? Duration.days(365),
          noncurrentVersionExpiration: Duration.days(30),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
      ],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.bucket = bucket;
    for (const statement of deliveries(bucket)) {
      bucket.addToResourcePolicy(statement);
    }
    props.encryptionKey.addToResourcePolicy(
      allowed(this, 'ConfigurationHistory', ['kms:Decrypt', 'kms:GenerateDataKey'], ['*']),
    );
    acknowledgeBucket(bucket);
  }
}

/** What AWS Config needs with its service-linked role, by its documentation. */
function deliveries(bucket: Bucket): PolicyStatement[] {
  const objects = bucket.arnForObjects(`AWSLogs/${Stack.of(bucket).account}/Config/*`);
  return [
    allowed(bucket, 'BucketIsThere', ['s3:GetBucketAcl', 's3:ListBucket'], [bucket.bucketArn]),
    allowed(bucket, 'Delivery', ['s3:PutObject'], [objects]),
  ];
}

function allowed(scope: Construct, sid: string, actions: string[], resources: string[]): PolicyStatement {
  return new PolicyStatement({
    sid,
    principals: [new ServicePrincipal('config.amazonaws.com')],
    actions,
    resources,
    conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
  });
}

function acknowledgeBucket(bucket: Bucket): void {
  const logging = 'Only AWS Config writes here, and its delivery status says what arrived and what did not';
  acknowledge(bucket, [Pack.AWS_SOLUTIONS], 'S1', logging);
  acknowledge(bucket, COMPLIANCE_PACKS, 'S3BucketLoggingEnabled', logging);
  const replication = 'A history of the region that it is in; AWS Config itself keeps it as well';
  acknowledge(bucket, COMPLIANCE_PACKS, 'S3BucketReplicationEnabled', replication);
  acknowledgeCheckov(bucket.node.defaultChild as CfnBucket, ['CKV_AWS_18'], logging);
}
