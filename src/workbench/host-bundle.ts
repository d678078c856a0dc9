import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';

const HOST_DIRECTORY = join(__dirname, '..', '..', 'host');

/** What Python leaves beside the programs that it ran: it differs from machine to machine. */
const LEFTOVERS = '__pycache__';

/**
 * The scripts and units that make a machine a TableSleuth host, as an asset in S3. User data is limited to 16 KiB
 * and shown to anybody who may describe the instance; an asset is neither.
 */
export class HostBundle extends Construct {
  /** Where the zip is, as `s3://bucket/key`. */
  public readonly s3Url: string;

  /**
   * sha256 over the list of the files' own sha256 sums. The host makes the same list of what it unpacked and stops
   * when it differs, whatever happened to the object on its way.
   */
  public readonly digest: string;

  private readonly asset: Asset;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.asset = new Asset(this, 'Resource', { path: HOST_DIRECTORY, exclude: [LEFTOVERS] });
    this.s3Url = this.asset.s3ObjectUrl;
    this.digest = digestOf(HOST_DIRECTORY);
  }

  /** Reading this one object, and no other of the bucket that all assets of the account share. */
  public readStatement(): PolicyStatement {
    return new PolicyStatement({
      sid: 'HostBundle',
      actions: ['s3:GetObject'],
      resources: [
        Stack.of(this).formatArn({
          service: 's3',
          region: '',
          account: '',
          resource: this.asset.s3BucketName,
          resourceName: this.asset.s3ObjectKey,
        }),
      ],
    });
  }
}

/** The output of `find . -type f | LC_ALL=C sort | xargs sha256sum | sha256sum` in a folder without leftovers. */
export function digestOf(directory: string): string {
  const paths = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(directory.length + 1)
        .replaceAll('\\', '/'),
    )
    .filter((path) => !path.split('/').includes(LEFTOVERS))
    .map((path) => `./${path}`)
    .sort();
  const sums = paths.map((path) => `${sha256(readFileSync(join(directory, path)))}  ${path}\n`);
  return sha256(sums.join(''));
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
