import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  InstanceArchitecture,
  InstanceType,
  type ISecurityGroup,
  type ISubnet,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
} from 'aws-cdk-lib/aws-ec2';
import { Schedule } from 'aws-cdk-lib/aws-events';
import {
  CfnDistributionConfiguration,
  CfnImagePipeline,
  CfnInfrastructureConfiguration,
} from 'aws-cdk-lib/aws-imagebuilder';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ILogGroup, LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { fail, isKnown } from '../private/validate';
import { GizmoSqlRelease } from '../workbench/gizmosql-release';
import { HostBundle } from '../workbench/host-bundle';
import { HostImage } from '../workbench/host-image';
import { ImageBuildProfile } from './image-build-profile';
import { ImageCalls } from './image-calls';
import { ImageExpiry } from './image-expiry';
import { ImageRecipe } from './image-recipe';

export interface HostImagePipelineProps {
  /**
   * A name for the pipeline, one of its own in account and region; `HostImage.pipeline` names it. Up to 60 letters, digits
   * and dashes.
   */
  readonly pipelineName: string;

  /** The network that images are built and tested in. */
  readonly vpc: IVpc;

  /**
   * Where images are built and tested. An instance there needs a way out to the internet over HTTPS: a NAT gateway, or a
   * subnet that gives addresses by itself, because Image Builder asks for none.
   *
   * @default - the first private subnet with egress, else the first public one
   */
  readonly subnet?: ISubnet;

  /** Encrypts the log of builds; its policy must let CloudWatch Logs use it. */
  readonly encryptionKey: IKey;

  /**
   * The processor of hosts, and of the instances that build.
   *
   * @default - x86_64
   */
  readonly architecture?: InstanceArchitecture;

  /**
   * The GizmoSQL release in the image. A host that wants another one installs it when it boots.
   *
   * @default - the newest whose checksums this package knows
   */
  readonly gizmosql?: GizmoSqlRelease;

  /**
   * When an image is built beside the builds of new content, in UTC: the newest packages of Amazon Linux reach hosts that
   * way. A build takes about half an hour of two small instances, some cents.
   *
   * @default - every Sunday at 03:00
   */
  readonly schedule?: Schedule;

  /**
   * Other regions that each image is copied to, where a parameter of the same name holds the id that it has there. A
   * `HostImageDestination` makes that parameter before the first image has come.
   *
   * @default - images stay in the region of the stack
   */
  readonly regions?: string[];

  /**
   * When an image and its snapshots are deleted; the newest two are kept, however old they are, and so is every one that a
   * host was launched from within that time. A snapshot of 5 GB costs $0.25 a month.
   *
   * @default - 60 days
   */
  readonly keepFor?: Duration;

  /**
   * How long the log of builds is kept.
   *
   * @default - three months
   */
  readonly logRetention?: RetentionDays;
}

const WEEKLY = Schedule.cron({ weekDay: 'sun', hour: '3', minute: '0' });
const FIRST_BUILD_TYPES = { [InstanceArchitecture.X86_64]: 't3.medium', [InstanceArchitecture.ARM_64]: 't4g.medium' };

/**
 * Images of hosts with everything installed, made and tested by EC2 Image Builder: when their content changes, and every
 * week. No deployment waits for one. The id of the newest is in the parameter that `HostImage.pipeline` reads; before the
 * first build that is plain Amazon Linux, on which a host installs everything itself.
 */
export class HostImagePipeline extends Construct {
  /** The name of the parameter that holds the id of the newest image of a pipeline. */
  public static parameterNameOf(pipelineName: string, architecture: InstanceArchitecture): string {
    return HostImage.pipeline(pipelineName).parameterName(architecture);
  }

  /** The name of a pipeline's recipe, which its images and their events have. */
  public static recipeNameOf(pipelineName: string): string {
    return `tablesleuth-${pipelineName}`;
  }

  /** The pipeline itself: `aws imagebuilder start-image-pipeline-execution` builds an image now. */
  public readonly pipelineArn: string;

  /** The parameter that holds the id of the newest image. */
  public readonly parameterName: string;

  /** The version of what images are made of; the same for the same content. */
  public readonly contentVersion: string;

  constructor(scope: Construct, id: string, props: HostImagePipelineProps) {
    super(scope, id);
    checkName(this, props.pipelineName);
    const name = HostImagePipeline.recipeNameOf(props.pipelineName);
    const architecture = props.architecture ?? InstanceArchitecture.X86_64;
    const gizmosql = props.gizmosql ?? GizmoSqlRelease.known(GizmoSqlRelease.DEFAULT_VERSION);
    const imageTags = { 'tablesleuth:image-pipeline': props.pipelineName };
    const bundle = new HostBundle(this, 'HostBundle');
    const logGroup = this.log(name, props);
    const recipe = new ImageRecipe(this, 'Recipe', { name, architecture, bundle, gizmosql });
    const infrastructure = this.infrastructure(name, props, bundle, logGroup);
    this.parameterName = HostImagePipeline.parameterNameOf(props.pipelineName, architecture);
    const pipeline = new CfnImagePipeline(this, 'Resource', {
      name,
      description: 'Images of TableSleuth hosts',
      imageRecipeArn: recipe.recipeArn,
      infrastructureConfigurationArn: infrastructure.attrArn,
      distributionConfigurationArn: this.distribution(name, props, imageTags).attrArn,
      imageTestsConfiguration: { imageTestsEnabled: true },
      imageTags,
      schedule: {
        scheduleExpression: (props.schedule ?? WEEKLY).expressionString,
        // Packages are newer every week, which Image Builder does not see.
        pipelineExecutionStartCondition: 'EXPRESSION_MATCH_ONLY',
      },
      status: 'ENABLED',
    });
    new ImageExpiry(this, 'Expiry', { name, imageTags, keepFor: checkedAge(this, props.keepFor ?? Duration.days(60)) });
    new ImageCalls(this, 'Calls', {
      parameterName: this.parameterName,
      firstImageParameter: HostImage.amazonLinux().parameterName(architecture),
      built: { pipelineArn: pipeline.attrArn, version: recipe.version },
      logGroup,
    });
    this.pipelineArn = pipeline.attrArn;
    this.contentVersion = recipe.version;
  }

  /** Image Builder writes to a group of this name, and would make one that is kept for ever. */
  private log(name: string, { encryptionKey, logRetention }: HostImagePipelineProps): ILogGroup {
    return new LogGroup(this, 'Log', {
      logGroupName: `/aws/imagebuilder/${name}`,
      encryptionKey,
      retention: logRetention ?? RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }

  private infrastructure(
    name: string,
    { architecture, ...props }: HostImagePipelineProps,
    bundle: HostBundle,
    logGroup: ILogGroup,
  ): CfnInfrastructureConfiguration {
    const { instanceProfileName } = new ImageBuildProfile(this, 'BuildProfile', { name, bundle, logGroup });
    return new CfnInfrastructureConfiguration(this, 'Infrastructure', {
      name,
      description: 'Where images of TableSleuth hosts are built and tested',
      instanceProfileName,
      instanceTypes: [new InstanceType(FIRST_BUILD_TYPES[architecture ?? InstanceArchitecture.X86_64]).toString()],
      subnetId: (props.subnet ?? firstSubnet(this, props.vpc)).subnetId,
      securityGroupIds: [this.closedSecurityGroup(props.vpc).securityGroupId],
      instanceMetadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 1 },
      terminateInstanceOnFailure: true,
      resourceTags: { 'tablesleuth:image-pipeline': props.pipelineName },
    });
  }

  private closedSecurityGroup(vpc: IVpc): ISecurityGroup {
    const group = new SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'Builds of TableSleuth images: nothing comes in, HTTPS goes out',
      allowAllOutbound: false,
    });
    group.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'AWS APIs, package repositories and the GizmoSQL release');
    return group;
  }

  private distribution(
    name: string,
    { regions }: HostImagePipelineProps,
    amiTags: Record<string, string>,
  ): CfnDistributionConfiguration {
    const parameter = { parameterName: this.parameterName, dataType: 'aws:ec2:image' };
    return new CfnDistributionConfiguration(this, 'Distribution', {
      name,
      description: 'Where images of TableSleuth hosts go, and the parameter that names the newest',
      distributions: [Stack.of(this).region, ...(regions ?? [])].map((region) => ({
        region,
        // Written as CloudFormation does: CDK takes it as it is.
        amiDistributionConfiguration: {
          Name: `${name}-{{ imagebuilder:buildDate }}`,
          Description: 'A TableSleuth host without anything of one host',
          AmiTags: amiTags,
        },
        ssmParameterConfigurations: [parameter],
      })),
    });
  }
}

function checkName(scope: Construct, name: string): void {
  if (isKnown(name) && !/^[A-Za-z0-9][A-Za-z0-9-]{0,58}[A-Za-z0-9]$/.test(name)) {
    fail(scope, `pipelineName is "${name}", expected 2 to 60 letters, digits and dashes, such as dev`);
  }
}

function checkedAge(scope: Construct, keepFor: Duration): Duration {
  const days = keepFor.toDays({ integral: false });
  if (days < 14 || days > 365 || !Number.isInteger(days)) {
    fail(scope, `keepFor is ${days} days, expected whole days from 14, two builds, to 365`);
  }
  return keepFor;
}

function firstSubnet(scope: Construct, { privateSubnets, publicSubnets }: IVpc): ISubnet {
  const [first] = privateSubnets.length > 0 ? privateSubnets : publicSubnets;
  return first ?? fail(scope, 'the network has no subnet with a way out, expected a private or a public one');
}
