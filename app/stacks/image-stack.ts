import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { InstanceType } from 'aws-cdk-lib/aws-ec2';
import { Schedule } from 'aws-cdk-lib/aws-events';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { HostImageDestination, HostImagePipeline } from '../../src';
import { buildsImages, type Settings } from '../settings';
import { releaseOf } from './gizmosql';
import { importedBuildNetwork } from './network-stack';
import { PublishedValues } from './published';

/**
 * The images of hosts: what builds them, in the first region, and what receives them in the others. Destroying this stack
 * leaves hosts alone; its images stay until they are deleted.
 */
export class ImageStack extends Stack {
  /** Whether the settings want images to be built; without it there is no stack. */
  public static isNeeded(settings: Settings): boolean {
    return settings.image.kind === 'pipeline';
  }

  constructor(scope: Construct, id: string, settings: Settings, props: StackProps) {
    super(scope, id, props);
    const { parameterName } = buildsImages(settings) ? this.pipeline(settings) : this.destination(settings);
    new CfnOutput(this, 'NewestImageCommand', {
      value: `aws ssm get-parameter --region ${this.region} --name ${parameterName}`,
      description: 'The image that new hosts boot, and since when',
    });
  }

  private pipeline(settings: Settings): HostImagePipeline {
    const { gizmosql, image, region, regions } = settings;
    const pipeline = new HostImagePipeline(this, 'Image', {
      ...this.common(settings),
      vpc: importedBuildNetwork(this, settings),
      gizmosql: releaseOf(gizmosql),
      schedule: scheduleOf(image),
      regions: regions.filter((each) => each !== region),
    });
    new CfnOutput(this, 'BuildImageCommand', {
      value: `aws imagebuilder start-image-pipeline-execution --region ${this.region} --image-pipeline-arn ${pipeline.pipelineArn}`,
      description: 'Build an image now',
    });
    return pipeline;
  }

  private destination(settings: Settings): HostImageDestination {
    return new HostImageDestination(this, 'Image', this.common(settings));
  }

  private common({ capacity, environment, logRetentionDays }: Settings) {
    const keyArn = new PublishedValues(environment).refer('data/key-arn');
    return {
      pipelineName: environment,
      encryptionKey: Key.fromKeyArn(this, 'DataKey', keyArn),
      architecture: new InstanceType(capacity.instanceTypes[0]!).architecture,
      logRetention: logRetentionDays,
    };
  }
}

function scheduleOf(image: Settings['image']): Schedule | undefined {
  return image.kind === 'pipeline' && image.schedule !== undefined ? Schedule.expression(image.schedule) : undefined;
}
