import { Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { AwsCustomResource, type AwsCustomResourceProps, PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { acknowledgeWildcardResources } from '../private/acknowledge';
import { acknowledgeSdkCaller } from '../private/sdk-caller';

export interface ImageCallsProps {
  /** The parameter that holds the newest image's id. */
  readonly parameterName: string;
  /** The public parameter that holds the id of an image which hosts can boot before there is one. */
  readonly firstImageParameter: string;
  readonly logGroup: ILogGroup;
  /** What is built in this region; nothing where images are copied to. */
  readonly built?: BuiltContent;
}

export interface BuiltContent {
  readonly pipelineArn: string;
  /** The version of the content; with another one a build begins. */
  readonly version: string;
}

/**
 * The two calls that CloudFormation has no resource for. When the pipeline is made, the parameter gets the id of plain
 * Amazon Linux, so that hosts can boot at once; no later deployment writes it again. When the content is new, a build
 * begins, and nothing waits for it.
 */
export class ImageCalls extends Construct {
  constructor(scope: Construct, id: string, props: ImageCallsProps) {
    super(scope, id);
    const common = { role: this.role(props), logGroup: props.logGroup };
    this.firstImage(common, props);
    if (props.built !== undefined) this.build(common, props.built);
    acknowledgeSdkCaller(this);
  }

  private firstImage(common: Pick<AwsCustomResourceProps, 'role' | 'logGroup'>, props: ImageCallsProps): void {
    const { parameterName: Name, firstImageParameter } = props;
    new AwsCustomResource(this, `FirstImage${Name}`, {
      ...common,
      resourceType: 'Custom::FirstImage',
      onCreate: {
        service: 'SSM',
        action: 'PutParameter',
        parameters: {
          Name,
          Type: 'String',
          DataType: 'aws:ec2:image',
          // Read when the resource is made: an update has no call, whatever the parameter holds by then.
          Value: `{{resolve:ssm:${firstImageParameter}}}`,
          Description: 'The newest image of TableSleuth hosts; EC2 Image Builder writes it after each build',
        },
        physicalResourceId: PhysicalResourceId.of(Name),
        ignoreErrorCodesMatching: 'ParameterAlreadyExists',
      },
      onDelete: {
        service: 'SSM',
        action: 'DeleteParameter',
        parameters: { Name },
        ignoreErrorCodesMatching: 'ParameterNotFound',
      },
      installLatestAwsSdk: false,
      memorySize: 256,
    });
  }

  private build(common: Pick<AwsCustomResourceProps, 'role' | 'logGroup'>, built: BuiltContent): void {
    new AwsCustomResource(this, 'Build', {
      ...common,
      resourceType: 'Custom::ImageBuild',
      onUpdate: {
        service: 'imagebuilder',
        action: 'StartImagePipelineExecution',
        parameters: { imagePipelineArn: built.pipelineArn },
        // Only another version makes this resource another one.
        physicalResourceId: PhysicalResourceId.of(`build-of-${built.version}`),
      },
      installLatestAwsSdk: false,
      memorySize: 256,
    });
  }

  private role({ parameterName, built, logGroup }: ImageCallsProps): Role {
    const parameter = new PolicyStatement({
      actions: ['ssm:PutParameter', 'ssm:DeleteParameter'],
      resources: [
        Stack.of(this).formatArn({ service: 'ssm', resource: 'parameter', resourceName: parameterName.slice(1) }),
      ],
    });
    // Systems Manager looks with the caller's rights whether the image exists.
    const image = new PolicyStatement({ actions: ['ec2:DescribeImages'], resources: ['*'] });
    const log = new PolicyStatement({
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [logGroup.logGroupArn],
    });
    const description = 'Names a first image, and begins builds of new ones';
    const statements = [parameter, image, ...(built === undefined ? [] : [startStatement(built)]), log];
    const policy = new ManagedPolicy(this, 'Policy', { description, statements });
    acknowledgeWildcardResources(policy, [image], 'EC2 knows no narrower resource for descriptions of images');
    acknowledgeWildcardResources(policy, [log], 'Streams of one log group');
    return new Role(this, 'Role', {
      description,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      managedPolicies: [policy],
    });
  }
}

function startStatement({ pipelineArn }: BuiltContent): PolicyStatement {
  return new PolicyStatement({
    actions: ['imagebuilder:GetImagePipeline', 'imagebuilder:StartImagePipelineExecution'],
    resources: [pipelineArn],
  });
}
