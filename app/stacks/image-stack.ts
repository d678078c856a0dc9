import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { InstanceType } from 'aws-cdk-lib/aws-ec2';
import { Schedule } from 'aws-cdk-lib/aws-events';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { HostImagePipeline } from '../../src';
import type { Settings } from '../settings';
import { releaseOf } from './gizmosql';
import { importedBuildNetwork } from './network-stack';
import { PublishedValues } from './published';

/** What builds the images of hosts. Destroying this stack leaves hosts alone; its images stay until they are deleted. */
export class ImageStack extends Stack {
  /** Whether the settings want images to be built; without it there is no stack. */
  public static isNeeded(settings: Settings): boolean {
    return settings.image.kind === 'pipeline';
  }

  constructor(scope: Construct, id: string, settings: Settings, props: StackProps) {
    super(scope, id, props);
    const { capacity, environment, gizmosql, image, logRetentionDays } = settings;
    const keyArn = new PublishedValues(environment).refer('data/key-arn');
    const pipeline = new HostImagePipeline(this, 'Image', {
      pipelineName: environment,
      vpc: importedBuildNetwork(this, settings),
      encryptionKey: Key.fromKeyArn(this, 'DataKey', keyArn),
      architecture: new InstanceType(capacity.instanceTypes[0]!).architecture,
      gizmosql: releaseOf(gizmosql),
      schedule: scheduleOf(image),
      logRetention: logRetentionDays,
    });
    const { region } = this;
    new CfnOutput(this, 'BuildImageCommand', {
      value: `aws imagebuilder start-image-pipeline-execution --region ${region} --image-pipeline-arn ${pipeline.pipelineArn}`,
      description: 'Build an image now',
    });
    new CfnOutput(this, 'NewestImageCommand', {
      value: `aws ssm get-parameter --region ${region} --name ${pipeline.parameterName}`,
      description: 'The image that new hosts boot, and since when',
    });
  }
}

function scheduleOf(image: Settings['image']): Schedule | undefined {
  return image.kind === 'pipeline' && image.schedule !== undefined ? Schedule.expression(image.schedule) : undefined;
}
