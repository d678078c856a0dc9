import { ArnFormat, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { HostImagePipeline } from '../delivery/host-image-pipeline';
import { addAlertRule } from '../private/alert-rule';
import type { AlertTopic } from './alert-topic';

export interface ImageNoticesProps {
  /** Where people are told. */
  readonly alerts: AlertTopic;

  /** The name of the `HostImagePipeline`. */
  readonly pipelineName: string;
}

/** Tells people that an image could not be built or failed its test; hosts go on with the one before. Free. */
export class ImageNotices extends Construct {
  constructor(scope: Construct, id: string, props: ImageNoticesProps) {
    super(scope, id);
    const { alerts, pipelineName } = props;
    const name = HostImagePipeline.recipeNameOf(pipelineName);
    const images = Stack.of(this).formatArn({
      service: 'imagebuilder',
      resource: 'image',
      resourceName: `${name.toLowerCase()}/`,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
    addAlertRule(this, {
      alerts,
      description: 'TableSleuth: an image of hosts could not be built',
      roleDescription: 'Tells people that an image could not be built',
      eventPattern: {
        source: ['aws.imagebuilder'],
        'detail-type': ['EC2 Image Builder Image State Change'],
        resources: [{ prefix: images }],
        detail: { state: { status: ['FAILED'] } },
      },
      text: {
        inputPathsMap: {
          after: '$.detail.previous-state.status',
          reason: '$.detail.state.reason',
          region: '$.region',
        },
        inputTemplate:
          `"A build of the image of tablesleuth-${pipelineName} in <region> failed after <after>: <reason>. ` +
          `Hosts go on with the image before. Its log group is /aws/imagebuilder/${name}"`,
      },
      noQueue:
        'EventBridge tries for a day by itself; the next build, a week later, tells again, and hosts have the image before',
    });
  }
}
