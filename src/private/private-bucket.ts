import type { IKey } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, BucketEncryption, type BucketProps, ObjectOwnership } from 'aws-cdk-lib/aws-s3';

/** What every bucket has: nothing of it is public, requests come over TLS alone, and versions keep what is overwritten. */
export const PRIVATE_BUCKET = {
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
  enforceSSL: true,
  versioned: true,
} satisfies BucketProps;

/** A private bucket that is encrypted with a key of ours, asked for once for many objects. */
export function privateBucketWith(encryptionKey: IKey): BucketProps {
  return { ...PRIVATE_BUCKET, encryption: BucketEncryption.KMS, encryptionKey, bucketKeyEnabled: true };
}
