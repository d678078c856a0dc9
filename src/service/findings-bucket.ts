import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Bucket, type CfnBucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeCheckov, COMPLIANCE_PACKS, Pack } from '../private/acknowledge';
import { privateBucketWith } from '../private/private-bucket';
import { fail, isKnown } from '../private/validate';

/** Properties of `FindingsBucket`. */
export interface FindingsBucketProps {
  /** Encrypts the findings. Who reads or writes them needs its permission as well. */
  readonly encryptionKey: IKey;

  /**
   * How long a finding is kept after a newer one of the same table took its place: a whole number of days, at least one.
   *
   * @default - one year
   */
  readonly previousVersionExpiration?: Duration;

  /**
   * What happens to the bucket when its stack is destroyed. CloudFormation deletes an empty bucket alone.
   *
   * @default - it stays, with the findings in it
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** A run is begun again for as long as its job is tried, hours at most; then its plan says what it was to read. */
const PLANS_KEPT = Duration.days(30);

/**
 * Where sweeps put what they found: one object for each table, below `findings/`, whose versions are its history. Each
 * new one is an event on the account's default event bus. Costs cents a month.
 */
export class FindingsBucket extends Construct {
  /** What the keys of findings begin with. */
  public static readonly PREFIX = 'findings/';

  /** What the keys of a sweep's plan begin with: its shares, and the job that reads them. They are gone after a month. */
  public static readonly RUNS_PREFIX = 'runs/';

  /** The bucket: nothing of it is public, and requests come over TLS alone. */
  public readonly bucket: IBucket;

  constructor(scope: Construct, id: string, props: FindingsBucketProps) {
    super(scope, id);
    const expiration = props.previousVersionExpiration ?? Duration.days(365);
    validateExpiration(this, expiration);
    const bucket = new Bucket(this, 'Bucket', {
      ...privateBucketWith(props.encryptionKey),
      lifecycleRules: [
        {
          id: 'forget-previous-versions',
          noncurrentVersionExpiration: expiration,
          abortIncompleteMultipartUploadAfter: Duration.days(1),
          expiredObjectDeleteMarker: true,
        },
        {
          id: 'forget-plans',
          prefix: FindingsBucket.RUNS_PREFIX,
          expiration: PLANS_KEPT,
          noncurrentVersionExpiration: Duration.days(1),
        },
      ],
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    });
    const resource = bucket.node.defaultChild as CfnBucket;
    // CDK's own way to the event bus is a function with permission on every bucket of the account.
    resource.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
    acknowledgeBucket(bucket, resource);
    this.bucket = bucket;
  }
}

function validateExpiration(scope: Construct, expiration: Duration): void {
  if (expiration.isUnresolved()) return;
  const days = expiration.toDays({ integral: false });
  if (isKnown(days) && (!Number.isInteger(days) || days < 1)) {
    fail(scope, `\`previousVersionExpiration\` is ${days} days, expected a whole number of them, at least 1`);
  }
}

function acknowledgeBucket(bucket: Bucket, resource: CfnBucket): void {
  const logging =
    'One role writes here and two read, each with a permission of its own; each version says when it was written, and ' +
    'each arrival is an event';
  acknowledge(bucket, [Pack.AWS_SOLUTIONS], 'S1', logging);
  acknowledge(bucket, COMPLIANCE_PACKS, 'S3BucketLoggingEnabled', logging);
  acknowledgeCheckov(resource, ['CKV_AWS_18'], logging);
  const replication =
    'The next sweep finds again what is true of the tables of this region; history is in the database as well';
  acknowledge(bucket, COMPLIANCE_PACKS, 'S3BucketReplicationEnabled', replication);
}
