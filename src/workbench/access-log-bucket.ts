import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Bucket, BucketEncryption, type CfnBucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeCheckov, COMPLIANCE_PACKS, Pack } from '../private/acknowledge';
import { PRIVATE_BUCKET } from '../private/private-bucket';

export interface AccessLogBucketProps {
  /**
   * How long the logs are kept.
   *
   * @default - 90 days
   */
  readonly expiration?: Duration;

  /**
   * What happens to the bucket when its stack is destroyed. CloudFormation deletes an empty bucket alone.
   *
   * @default - it stays, with the logs in it
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * Where load balancers of this account write who asked for what. It holds URLs and addresses, so only load balancers write
 * here, and nobody without TLS reads. Costs cents a month.
 */
export class AccessLogBucket extends Construct {
  /** The bucket; its policy lets Elastic Load Balancing write to `AWSLogs/<account>/`. */
  public readonly bucket: IBucket;

  constructor(scope: Construct, id: string, props: AccessLogBucketProps = {}) {
    super(scope, id);
    const bucket = new Bucket(this, 'Bucket', {
      ...PRIVATE_BUCKET,
      // Load balancers write to buckets with this encryption alone.
      encryption: BucketEncryption.S3_MANAGED,
      lifecycleRules: [
        {
          id: 'forget',
          expiration: props.expiration ?? Duration.days(90),
          noncurrentVersionExpiration: Duration.days(30),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
      ],
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    });
    const stack = Stack.of(this);
    bucket.addToResourcePolicy(
      new PolicyStatement({
        sid: 'LogsOfLoadBalancers',
        principals: [new ServicePrincipal('logdelivery.elasticloadbalancing.amazonaws.com')],
        actions: ['s3:PutObject'],
        resources: [bucket.arnForObjects(`AWSLogs/${stack.account}/*`)],
        conditions: {
          StringEquals: { 'aws:SourceAccount': stack.account },
          ArnLike: {
            'aws:SourceArn': stack.formatArn({ service: 'elasticloadbalancing', resource: 'loadbalancer/*' }),
          },
        },
      }),
    );
    acknowledgeBucket(bucket);
    this.bucket = bucket;
  }
}

function acknowledgeBucket(bucket: Bucket): void {
  const logging = 'It is itself a bucket of access logs, which nobody but Elastic Load Balancing writes to';
  acknowledge(bucket, [Pack.AWS_SOLUTIONS], 'S1', logging);
  acknowledge(bucket, COMPLIANCE_PACKS, 'S3BucketLoggingEnabled', logging);
  acknowledgeCheckov(bucket.node.defaultChild as CfnBucket, ['CKV_AWS_18'], logging);
  const replication = 'Logs of the load balancer of one region, kept for days';
  acknowledge(bucket, COMPLIANCE_PACKS, 'S3BucketReplicationEnabled', replication);
  const encryption = 'Elastic Load Balancing writes access logs to buckets that are encrypted with keys of S3 alone';
  acknowledge(bucket, [Pack.HIPAA, Pack.NIST, Pack.PCI], 'S3DefaultEncryptionKMS', encryption);
}
