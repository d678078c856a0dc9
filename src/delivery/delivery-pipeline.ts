import {
  Arn,
  aws_codebuild as codebuild,
  aws_codepipeline as codepipeline,
  Duration,
  pipelines,
  Stack,
  type Stage,
} from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { fail } from '../private/validate';
import { ArtifactStore } from './artifact-store';
import { narrowRoles } from './narrow-roles';
import { acceptPipelineFindings } from './pipeline-findings';
import { probeCommands, probeRoles } from './probe-commands';
import { keepReplicasLikeArtifacts } from './replica-buckets';
import { reviewCommands, REVIEWED } from './review-commands';

/** An environment that a pipeline delivers to. */
export interface DeliveredEnvironment {
  /** The stacks of the environment; each region's has a `HostProbe` that lets `DeliveryPipeline.proberArn` in. */
  readonly stage: Stage;

  /** The name of its workbench. */
  readonly environmentName: string;

  /** The account that it is in. */
  readonly account: string;

  /** The regions that it is in. */
  readonly regions: string[];

  /**
   * Whether a person is shown what will change and what it will cost, and asked, before it is delivered to.
   *
   * @default - it is delivered to without asking
   */
  readonly approval?: boolean;

  /**
   * Whether it is well when no host runs: one with hours, or one that stops when it is idle.
   *
   * @default - a host has to run and be healthy, or the delivery is taken back
   */
  readonly mayBeStopped?: boolean;
}

export interface DeliveryPipelineProps {
  /** The repository, `owner/name`. */
  readonly repository: string;

  /** The ARN of the connection to where the repository is; somebody has to confirm a new one in the console. */
  readonly connectionArn: string;

  /**
   * The branch that is delivered.
   *
   * @default - main
   */
  readonly branch?: string;

  /** The version of Node that everything runs on, as CodeBuild's images name it: `20`. */
  readonly nodeVersion: string;

  /** The version of the package `aws-cdk` that changes the pipeline itself: the one that the app is synthesized with. */
  readonly cliVersion: string;

  /** What tests a commit, in a clean clone; as root, in a container that may boot machines. */
  readonly testCommands: string[];

  /** What synthesizes the app to `cdk.out`. */
  readonly synthCommands: string[];

  /** What the pipeline delivers to, one after the other. */
  readonly environments: DeliveredEnvironment[];

  /**
   * How long alarms are watched after a delivery. The longest of the hosts' alarms takes 15 minutes to come on.
   *
   * @default - 15 minutes
   */
  readonly watchAlarms?: Duration;
}

/** The version of CDK's own publisher of assets. */
const ASSETS_CLI_VERSION = '4.7.3';
const SOURCE_MINUTES = 60;

/**
 * A pipeline that changes itself, tests each commit of a branch, and delivers it to one environment after the other:
 * where `approval` is asked for, a person is first shown the difference and the cost. After each delivery hosts are asked
 * for their health and alarms are watched; when that fails, the stage is taken back to the delivery before.
 *
 * Everything that is built is encrypted, and roles may do what their step does. Costs $1 a month for the key, and what
 * CodePipeline and CodeBuild cost by the minute.
 */
export class DeliveryPipeline extends Construct {
  /**
   * The ARN of the role that probes an environment: what `HostProbe` lets in.
   *
   * @param account the account that the pipeline is in
   */
  public static proberArn(scope: Construct, account: string, environmentName: string): string {
    const { partition } = Stack.of(scope);
    const resourceName = proberName(environmentName);
    return Arn.format({ partition, service: 'iam', region: '', account, resource: 'role', resourceName });
  }

  /** The pipeline of CDK Pipelines; it is complete, and takes no more stages. */
  public readonly pipeline: pipelines.CodePipeline;

  private readonly source: pipelines.CodePipelineSource;
  private readonly synth: pipelines.CodeBuildStep;

  constructor(scope: Construct, id: string, props: DeliveryPipelineProps) {
    super(scope, id);
    const { environments, repository, branch = 'main', connectionArn, watchAlarms = Duration.minutes(15) } = props;
    if (environments.length === 0) {
      fail(this, 'got no environments, wants one or more to deliver to');
    }
    this.source = pipelines.CodePipelineSource.connection(repository, branch, { connectionArn });
    this.synth = this.synthStep(props);
    const store = new ArtifactStore(this, 'Artifacts');
    this.pipeline = this.emptyPipeline(props, store);
    for (const environment of environments) {
      this.deliver(environment, watchAlarms);
    }
    this.pipeline.buildPipeline();
    this.rollBack(environments.map(({ stage }) => stage.stageName));
    keepReplicasLikeArtifacts(this.pipeline);
    narrowRoles(this.pipeline, store.encryptionKey);
    acceptPipelineFindings(this.pipeline, this);
  }

  /** The commit is tested before anything is synthesized of it. */
  private synthStep({ testCommands, synthCommands }: DeliveryPipelineProps): pipelines.CodeBuildStep {
    const test = new pipelines.CodeBuildStep('Test', {
      input: this.source,
      commands: testCommands,
      // Machines boot in it, and mount and unmount.
      buildEnvironment: { privileged: true, computeType: codebuild.ComputeType.LARGE },
      timeout: Duration.minutes(SOURCE_MINUTES),
    });
    const synth = new pipelines.CodeBuildStep('Synth', { input: this.source, commands: synthCommands });
    synth.addStepDependency(test);
    return synth;
  }

  private emptyPipeline(props: DeliveryPipelineProps, store: ArtifactStore): pipelines.CodePipeline {
    const logGroup = new LogGroup(this, 'Log', {
      retention: RetentionDays.THREE_MONTHS,
      encryptionKey: store.encryptionKey,
    });
    return new pipelines.CodePipeline(this, 'Resource', {
      synth: this.synth,
      pipelineType: codepipeline.PipelineType.V2,
      artifactBucket: store.bucket,
      crossAccountKeys: true,
      enableKeyRotation: true,
      cliVersion: props.cliVersion,
      cdkAssetsCliVersion: ASSETS_CLI_VERSION,
      // One action for all assets: a changed asset leaves the structure alone, and with it the way back.
      publishAssetsInParallel: false,
      // What an approval shows is the difference itself, and nobody looks at a change set in between.
      useChangeSets: false,
      codeBuildDefaults: {
        buildEnvironment: { buildImage: codebuild.LinuxBuildImage.STANDARD_7_0 },
        partialBuildSpec: codebuild.BuildSpec.fromObject({
          version: '0.2',
          env: { shell: 'bash' },
          phases: { install: { 'runtime-versions': { nodejs: props.nodeVersion } } },
        }),
        logging: { cloudWatch: { logGroup } },
      },
    });
  }

  private deliver(environment: DeliveredEnvironment, watchAlarms: Duration): void {
    const { stage, approval = false } = environment;
    if (approval) {
      const review = this.reviewStep(environment);
      const [changes, cost, log] = [REVIEWED.changes, REVIEWED.cost, REVIEWED.log].map((each) =>
        review.exportedVariable(each),
      );
      // CDK finds the variables of a comment alone, and so the log stands in it as well.
      const comment = `${changes}. ${cost}. All of it: ${log}`;
      const approve = new pipelines.ManualApprovalStep('Approve', { comment, reviewUrl: log });
      approve.addStepDependency(review);
      // Apart from the delivery, because a refusal would otherwise be a failure to take back.
      this.pipeline.addWave(`${stage.stageName}-approval`, { post: [review, approve] });
    }
    this.pipeline.addStage(stage, { post: [this.probeStep(environment, watchAlarms)] });
  }

  /** Reads what is deployed with CDK's role for lookups, which may read and change nothing. */
  private reviewStep({ stage, environmentName, account, regions }: DeliveredEnvironment): pipelines.CodeBuildStep {
    const { partition } = Stack.of(this);
    const lookups = regions.map(
      (region) => `arn:${partition}:iam::${account}:role/cdk-hnb659fds-lookup-role-${account}-${region}`,
    );
    return new pipelines.CodeBuildStep('Review', {
      input: this.source,
      additionalInputs: { 'cdk.out': this.synth },
      commands: reviewCommands(environmentName, stage.artifactId),
      rolePolicyStatements: [new PolicyStatement({ actions: ['sts:AssumeRole'], resources: lookups })],
    });
  }

  private probeStep(environment: DeliveredEnvironment, watchAlarms: Duration): pipelines.CodeBuildStep {
    const { environmentName, account, regions, mayBeStopped = false } = environment;
    const { partition } = Stack.of(this);
    const probed = { environmentName, account, regions, mayBeStopped, alarmMinutes: watchAlarms.toMinutes() };
    const probes = probeRoles(probed, partition);
    return new pipelines.CodeBuildStep('Probe', {
      commands: [probeCommands(probed, partition)],
      role: new Role(this, `Prober-${environmentName}`, {
        roleName: proberName(environmentName),
        description: `Asks ${environmentName} for its health after a delivery`,
        assumedBy: new ServicePrincipal('codebuild.amazonaws.com'),
      }),
      rolePolicyStatements: [new PolicyStatement({ actions: ['sts:AssumeRole'], resources: probes })],
    });
  }

  /** CDK Pipelines has no option for it. An environment of many stacks may have more than one stage. */
  private rollBack(stageNames: string[]): void {
    const { pipeline } = this.pipeline;
    const resource = pipeline.node.defaultChild as codepipeline.CfnPipeline;
    pipeline.stages.forEach(({ stageName }, index) => {
      if (stageNames.includes(stageName.replace(/\.\d+$/, ''))) {
        resource.addPropertyOverride(`Stages.${index}.OnFailure`, { Result: 'ROLLBACK' });
      }
    });
  }
}

function proberName(environmentName: string): string {
  return `tablesleuth-pipeline-${environmentName}-probe`;
}
