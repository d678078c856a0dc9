import { Duration, type RemovalPolicy, type Stack } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { FindingsBucket } from '../../src';
import type { Settings } from '../settings';
import { PublishedValues } from './published';

/** The key of the bucket's name; its ARN follows from it. */
const FINDINGS_BUCKET = 'data/findings-bucket-name';

/** Makes the bucket of findings in the stack of the data, where something writes or reads them. */
export function addFindingsBucket(
  stack: Stack,
  settings: Settings,
  { encryptionKey, removalPolicy }: { readonly encryptionKey: IKey; readonly removalPolicy: RemovalPolicy },
): void {
  if (!needsFindings(settings)) return;
  const days = settings.service?.previousFindingsDays;
  const { bucket } = new FindingsBucket(stack, 'Findings', {
    encryptionKey,
    previousVersionExpiration: days === undefined ? undefined : Duration.days(days),
    removalPolicy,
  });
  new PublishedValues(settings.environment).publish(stack, FINDINGS_BUCKET, bucket.bucketName);
}

/** The bucket of findings as another stack sees it. */
export function importedFindingsBucket(scope: Construct, settings: Settings): IBucket {
  const name = new PublishedValues(settings.environment).read(scope, FINDINGS_BUCKET);
  return Bucket.fromBucketName(scope, 'Findings', name);
}

function needsFindings({ service, sweep }: Settings): boolean {
  return service !== undefined || sweep !== undefined;
}
