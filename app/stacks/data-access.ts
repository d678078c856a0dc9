import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { DataAccess } from '../../src';
import type { Settings } from '../settings';

/** What hosts may read, and what the sweep may. */
export function dataAccessOf(scope: Construct, data: Settings['data']): DataAccess[] {
  return [
    ...data.buckets.map((arn, index) => DataAccess.bucket(Bucket.fromBucketArn(scope, `Bucket${index}`, arn))),
    ...data.glueDatabases.map((name) => DataAccess.glueDatabase(name)),
    ...data.tableBuckets.map((arn) => DataAccess.tableBucket(arn)),
    ...data.kmsKeys.map((arn, index) => DataAccess.key(Key.fromKeyArn(scope, `Key${index}`, arn))),
  ];
}
