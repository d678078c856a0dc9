import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, type CfnBucket, type LifecycleRule } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { allowLogs } from '../private/logs-key';
import { acknowledge, acknowledgeCheckov, COMPLIANCE_PACKS, Pack } from '../private/acknowledge';
import { privateBucketWith } from '../private/private-bucket';
import { allowGrantsByServicesAlone } from '../private/service-grants';

/**
 * How long what passed through a pipeline is kept: a rollback goes back to the delivery before.
 *
 * @internal
 */
export const ARTIFACT_LIFECYCLE: LifecycleRule = {
  expiration: Duration.days(90),
  noncurrentVersionExpiration: Duration.days(1),
  abortIncompleteMultipartUploadAfter: Duration.days(1),
};

/**
 * What a pipeline hands from step to step: encrypted with a key of its own, which the accounts that are delivered to may
 * use, and deleted after 90 days. The bucket stays when its stack is destroyed, and empties itself.
 *
 * @internal
 */
export class ArtifactStore extends Construct {
  /** The bucket. */
  public readonly bucket: Bucket;

  /** Its key, which the log groups of this account may be encrypted with as well. */
  public readonly encryptionKey: Key;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.encryptionKey = new Key(this, 'Key', {
      description: 'What passes through the pipeline of TableSleuth',
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    allowLogs(this.encryptionKey);
    allowGrantsByServicesAlone(this.encryptionKey);
    this.bucket = new Bucket(this, 'Bucket', {
      ...privateBucketWith(this.encryptionKey),
      lifecycleRules: [ARTIFACT_LIFECYCLE],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    acceptBucketFindings(this.bucket);
  }
}

/**
 * What is accepted of a bucket that only a pipeline uses.
 *
 * @internal
 */
export function acceptBucketFindings(bucket: Construct): void {
  const log = 'Only the pipeline reads and writes here, and its history says which execution did';
  const copy =
    'What is in it is made anew from the repository by the next execution; a copy elsewhere is worth nothing';
  acknowledge(bucket, [Pack.AWS_SOLUTIONS], 'S1', log);
  acknowledge(bucket, COMPLIANCE_PACKS, 'S3BucketLoggingEnabled', log);
  acknowledge(bucket, COMPLIANCE_PACKS, 'S3BucketReplicationEnabled', copy);
  acknowledgeCheckov(bucket.node.defaultChild as CfnBucket, ['CKV_AWS_18'], log);
}
