import { block, listOf, text } from '../vocabulary';

/** What hosts may read. */
export const data = block({
  buckets: listOf(
    text(
      /^arn:aws[a-z-]*:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
      'the ARN of an S3 bucket such as arn:aws:s3:::my-lake',
    ),
    'a list of S3 bucket ARNs',
  )
    .default([])
    .meta({
      description: 'S3 buckets that the host may list and read, and nothing else in S3. With none it reads no bucket.',
    }),
  glueDatabases: listOf(
    text(/^[a-z0-9_-]{1,255}$/, 'the name of a Glue database, in lower case, such as sales'),
    'a list of Glue database names',
  )
    .default([])
    .meta({
      description: 'Glue databases, of the same account and region, whose tables the host may read from the catalog.',
    }),
  tableBuckets: listOf(
    text(
      /^arn:aws[a-z-]*:s3tables:[a-z0-9-]+:\d{12}:bucket\/[a-z0-9-]{3,63}$/,
      'the ARN of an S3 table bucket such as arn:aws:s3tables:us-east-2:123456789012:bucket/my-tables',
    ),
    'a list of S3 table bucket ARNs',
  )
    .default([])
    .meta({ description: 'S3 table buckets whose namespaces and tables the host may list and read.' }),
  kmsKeys: listOf(
    text(
      /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/,
      'the ARN of a KMS key (an alias will not do) such as arn:aws:kms:us-east-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    ),
    'a list of KMS key ARNs',
  )
    .default([])
    .meta({ description: 'KMS keys that the data above is encrypted with, which the host may decrypt with.' }),
});
