import { ArnFormat, Stack } from 'aws-cdk-lib';
import { InstanceProfile, ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledgeWildcardResources } from '../private/acknowledge';
import { writeLogStatement } from '../private/log-statement';
import type { HostBundle } from '../workbench/host-bundle';

export interface ImageBuildProfileProps {
  /** The name of component and recipe. */
  readonly name: string;
  readonly bundle: HostBundle;
  readonly logGroup: ILogGroup;
}

/**
 * What the instances that build and test an image may do: be driven by Image Builder through Systems Manager, read the
 * component and the bundle, and write the log. They read no table and no password.
 */
export class ImageBuildProfile extends Construct {
  public readonly instanceProfileName: string;

  constructor(scope: Construct, id: string, props: ImageBuildProfileProps) {
    super(scope, id);
    const statements = [...this.driven(), ...this.reads(props)];
    const policy = new ManagedPolicy(this, 'Policy', {
      description: 'Builds and tests an image of TableSleuth hosts',
      statements,
    });
    acknowledgeWildcardResources(
      policy,
      statements,
      "Systems Manager's channels have no resource types, and an instance cannot know its id before it exists; AWS's own " +
        'buckets with the orchestrator have a region in their name; each content of the component is a version of its own; ' +
        'streams of one log group',
    );
    const role = new Role(this, 'Role', {
      description: 'Builds and tests an image of TableSleuth hosts',
      assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
      managedPolicies: [policy],
    });
    this.instanceProfileName = new InstanceProfile(this, 'Resource', { role }).instanceProfileName;
  }

  /** Image Builder runs its commands by Run Command, and its program comes from a bucket of AWS's. */
  private driven(): PolicyStatement[] {
    const { partition } = Stack.of(this);
    return [
      new PolicyStatement({
        sid: 'RegisterWithSystemsManager',
        actions: ['ssm:UpdateInstanceInformation'],
        resources: [Stack.of(this).formatArn({ service: 'ec2', resource: 'instance', resourceName: '*' })],
      }),
      new PolicyStatement({
        sid: 'CommandChannels',
        actions: [
          'ssmmessages:CreateControlChannel',
          'ssmmessages:CreateDataChannel',
          'ssmmessages:OpenControlChannel',
          'ssmmessages:OpenDataChannel',
          'ec2messages:AcknowledgeMessage',
          'ec2messages:DeleteMessage',
          'ec2messages:FailMessage',
          'ec2messages:GetEndpoint',
          'ec2messages:GetMessages',
          'ec2messages:SendReply',
        ],
        resources: ['*'],
      }),
      new PolicyStatement({
        sid: 'TaskOrchestrator',
        actions: ['s3:GetObject'],
        resources: [`arn:${partition}:s3:::ec2imagebuilder*`],
      }),
    ];
  }

  private reads({ name, bundle, logGroup }: ImageBuildProfileProps): PolicyStatement[] {
    const component = { service: 'imagebuilder', resource: 'component', arnFormat: ArnFormat.SLASH_RESOURCE_NAME };
    return [
      new PolicyStatement({
        sid: 'OwnComponent',
        actions: ['imagebuilder:GetComponent'],
        resources: [Stack.of(this).formatArn({ ...component, resourceName: `${name.toLowerCase()}/*` })],
      }),
      bundle.readStatement(),
      writeLogStatement(logGroup),
    ];
  }
}
