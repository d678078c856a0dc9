import { join } from 'node:path';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { pullStatements } from '../private/pull-statements';

const SWEEP_DIRECTORY = join(__dirname, '..', '..', 'sweep');

/**
 * The container image that the sweep runs in. Its Dockerfile is an asset: synthesis copies a folder, and only a deployment
 * builds the image, with whatever `docker` or `CDK_DOCKER` is there.
 */
export class SweepImage extends Construct {
  /** The image with its tag, which is the digest of the folder. */
  public readonly uri: string;

  private readonly asset: DockerImageAsset;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.asset = new DockerImageAsset(this, 'Resource', {
      directory: SWEEP_DIRECTORY,
      // AWS Batch runs no ARM on Fargate Spot, and a laptop with an ARM processor would build for itself.
      platform: Platform.LINUX_AMD64,
    });
    this.uri = this.asset.imageUri;
  }

  /** Pulling it. */
  public pullStatements(): PolicyStatement[] {
    return pullStatements(this.asset);
  }
}
