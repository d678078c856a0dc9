import { join } from 'node:path';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

const SWEEP_DIRECTORY = join(__dirname, '..', '..', 'sweep');

/**
 * The container image that the sweep runs in. Its Dockerfile is an asset: synthesis copies a folder, and only a deployment
 * builds the image, with whatever `docker` or `CDK_DOCKER` is there.
 */
export class SweepImage extends Construct {
  /** The image with its tag, which is the digest of the folder. */
  public readonly uri: string;

  private readonly repositoryArn: string;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const asset = new DockerImageAsset(this, 'Resource', {
      directory: SWEEP_DIRECTORY,
      // AWS Batch runs no ARM on Fargate Spot, and a laptop with an ARM processor would build for itself.
      platform: Platform.LINUX_AMD64,
    });
    this.uri = asset.imageUri;
    this.repositoryArn = asset.repository.repositoryArn;
  }

  /** Pulling from the one repository that all image assets of the account share. */
  public pullStatements(): PolicyStatement[] {
    return [
      new PolicyStatement({
        sid: 'PullImage',
        actions: ['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage'],
        resources: [this.repositoryArn],
      }),
      // A token is one for the whole registry, and this action knows no narrower resource.
      new PolicyStatement({ sid: 'LogInToRegistry', actions: ['ecr:GetAuthorizationToken'], resources: ['*'] }),
    ];
  }
}
