import { ArnFormat, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

/**
 * Something that a host may read. Each one grants named read actions on named resources, and nothing else does:
 * a host without any can read no table.
 */
export abstract class DataAccess {
  /** Every object of a bucket: listed, located and read. */
  public static bucket(bucket: IBucket): DataAccess {
    return new BucketAccess(bucket);
  }

  /** A database of the Glue Data Catalog and the definitions of its tables; the files need their own `bucket()`. */
  public static glueDatabase(databaseName: string): DataAccess {
    return new GlueDatabaseAccess(databaseName);
  }

  /** An S3 table bucket with all its tables, metadata and data. */
  public static tableBucket(tableBucketArn: string): DataAccess {
    return new TableBucketAccess(tableBucketArn);
  }

  /** Decryption with a key that data is encrypted with. The key's own policy must let the account's IAM decide. */
  public static key(key: IKey): DataAccess {
    return new KeyAccess(key);
  }

  /** The ARN of the table bucket, where this is one: the host writes a catalog for it. */
  public readonly tableBucketArn?: string;

  /** The name of the Glue database, where this is one: the host writes a catalog for it. */
  public readonly glueDatabaseName?: string;

  /** The statements that let a role read this. */
  public abstract statements(scope: Construct): PolicyStatement[];
}

class BucketAccess extends DataAccess {
  constructor(private readonly bucket: IBucket) {
    super();
  }

  public statements(): PolicyStatement[] {
    return [
      new PolicyStatement({
        actions: ['s3:ListBucket', 's3:GetBucketLocation'],
        resources: [this.bucket.bucketArn],
      }),
      new PolicyStatement({ actions: ['s3:GetObject'], resources: [this.bucket.arnForObjects('*')] }),
    ];
  }
}

class GlueDatabaseAccess extends DataAccess {
  public override readonly glueDatabaseName: string;

  constructor(databaseName: string) {
    super();
    if (!/^[a-z0-9_-]{1,255}$/.test(databaseName)) {
      throw new Error(
        `Glue database "${databaseName}" must be 1 to 255 lower-case letters, digits, underscores or hyphens`,
      );
    }
    this.glueDatabaseName = databaseName;
  }

  public statements(scope: Construct): PolicyStatement[] {
    const arn = (resource: string, resourceName?: string) =>
      Stack.of(scope).formatArn({
        service: 'glue',
        resource,
        resourceName,
        arnFormat: resourceName === undefined ? ArnFormat.NO_RESOURCE_NAME : ArnFormat.SLASH_RESOURCE_NAME,
      });
    return [
      new PolicyStatement({
        actions: [
          'glue:GetDatabase',
          'glue:GetDatabases',
          'glue:GetTable',
          'glue:GetTables',
          'glue:GetPartition',
          'glue:GetPartitions',
        ],
        resources: [arn('catalog'), arn('database', this.glueDatabaseName), arn('table', `${this.glueDatabaseName}/*`)],
      }),
    ];
  }
}

class TableBucketAccess extends DataAccess {
  public override readonly tableBucketArn: string;

  constructor(tableBucketArn: string) {
    super();
    this.tableBucketArn = tableBucketArn;
  }

  public statements(): PolicyStatement[] {
    return [
      new PolicyStatement({
        actions: ['s3tables:GetTableBucket', 's3tables:ListNamespaces', 's3tables:GetNamespace', 's3tables:ListTables'],
        resources: [this.tableBucketArn],
      }),
      new PolicyStatement({
        actions: ['s3tables:GetTable', 's3tables:GetTableMetadataLocation', 's3tables:GetTableData'],
        resources: [`${this.tableBucketArn}/table/*`],
      }),
    ];
  }
}

class KeyAccess extends DataAccess {
  constructor(private readonly key: IKey) {
    super();
  }

  public statements(): PolicyStatement[] {
    return [new PolicyStatement({ actions: ['kms:Decrypt'], resources: [this.key.keyArn] })];
  }
}
