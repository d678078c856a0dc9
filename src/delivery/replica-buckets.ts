import type { pipelines } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, type CfnBucket } from 'aws-cdk-lib/aws-s3';
import { allowGrantsByServicesAlone } from '../private/service-grants';
import { acceptBucketFindings, ARTIFACT_LIFECYCLE } from './artifact-store';

/**
 * Keeps what a pipeline hands on in other regions as it keeps it in its own. CDK Pipelines makes those buckets and keys by
 * itself, without an option for it, and they would grow for ever.
 *
 * @internal
 */
export function keepReplicasLikeArtifacts({ pipeline }: pipelines.CodePipeline): void {
  for (const { stack } of Object.values(pipeline.crossRegionSupport)) {
    for (const construct of stack.node.findAll()) {
      if (construct instanceof Key) allowGrantsByServicesAlone(construct);
      if (construct instanceof Bucket) keep(construct);
    }
  }
}

function keep(bucket: Bucket): void {
  const resource = bucket.node.defaultChild as CfnBucket;
  resource.versioningConfiguration = { status: 'Enabled' };
  bucket.addLifecycleRule(ARTIFACT_LIFECYCLE);
  acceptBucketFindings(bucket);
}
