import { type Duration } from 'aws-cdk-lib';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnLifecyclePolicy } from 'aws-cdk-lib/aws-imagebuilder';
import { Construct } from 'constructs';
import { acknowledge, Pack } from '../private/acknowledge';

export interface ImageExpiryProps {
  readonly name: string;
  /** A tag of the images that are meant, and of no others. */
  readonly imageTags: Record<string, string>;
  readonly keepFor: Duration;
}

/** However old they are: the newest is the one that hosts boot, and the one before it is the way back. */
const KEPT_ALWAYS = 2;

const DELETER = 'service-role/EC2ImageBuilderLifecycleExecutionPolicy';

/**
 * Deletes old images with their snapshots, in every region that they were copied to; never the newest two, and none that a
 * host was launched from within the same time.
 */
export class ImageExpiry extends Construct {
  constructor(scope: Construct, id: string, props: ImageExpiryProps) {
    super(scope, id);
    const role = new Role(this, 'Role', {
      description: 'Deletes old images of TableSleuth hosts',
      assumedBy: new ServicePrincipal('imagebuilder.amazonaws.com'),
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName(DELETER)],
    });
    acknowledge(
      role,
      [Pack.AWS_SOLUTIONS],
      `IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${DELETER}]`,
      'AWS keeps it for this purpose: it deletes nothing but what has the tag CreatedBy: EC2 Image Builder',
    );
    const days = { unit: 'DAYS', value: props.keepFor.toDays() };
    new CfnLifecyclePolicy(this, 'Resource', {
      name: props.name,
      description: 'Old images of TableSleuth hosts, with their snapshots',
      executionRole: role.roleArn,
      resourceType: 'AMI_IMAGE',
      status: 'ENABLED',
      resourceSelection: { tagMap: props.imageTags },
      policyDetails: [
        {
          action: { type: 'DELETE', includeResources: { amis: true, snapshots: true } },
          filter: { type: 'AGE', ...days, retainAtLeast: KEPT_ALWAYS },
          exclusionRules: { amis: { lastLaunched: days } },
        },
      ],
    });
  }
}
