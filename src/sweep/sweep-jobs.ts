import { type Duration, Stack } from 'aws-cdk-lib';
import { CfnComputeEnvironment, CfnJobDefinition, CfnJobQueue } from 'aws-cdk-lib/aws-batch';
import { type IVpc, Peer, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { fail } from '../private/validate';
import type { SweepImage } from './sweep-image';

/** The exit code of an attempt that was told to end; the program's own word for "try again". */
const TOLD_TO_END = '75';
/** A volume of the task's own: everything else of the file system is read-only. */
const SCRATCH = 'scratch';

export interface SweepJobsProps {
  readonly vpc: IVpc;
  readonly spot: boolean;
  readonly maxVcpus: number;
  readonly image: SweepImage;
  readonly executionRole: Role;
  readonly logGroup: ILogGroup;
}

/** What runs in a job, and how much of a machine it has. */
export interface SweepProgram {
  readonly command: string[];
  readonly role: Role;
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly attempts: number;
  readonly timeout: Duration;
}

/** Where the jobs of a sweep wait and run: Fargate, which costs nothing while nothing runs. */
export class SweepJobs extends Construct {
  /** Where jobs wait for their turn. */
  public readonly queueArn: string;

  private readonly props: SweepJobsProps;
  private readonly publicIp: 'ENABLED' | 'DISABLED';

  constructor(scope: Construct, id: string, props: SweepJobsProps) {
    super(scope, id);
    this.props = props;
    const { privateSubnets, publicSubnets } = props.vpc;
    const subnets = privateSubnets.length > 0 ? privateSubnets : publicSubnets;
    if (subnets.length === 0) {
      fail(this, 'the network has no subnet with a way out, expected a private or a public one');
    }
    this.publicIp = privateSubnets.length > 0 ? 'DISABLED' : 'ENABLED';
    const environment = new CfnComputeEnvironment(this, 'Resource', {
      type: 'MANAGED',
      state: 'ENABLED',
      computeResources: {
        type: props.spot ? 'FARGATE_SPOT' : 'FARGATE',
        maxvCpus: props.maxVcpus,
        subnets: subnets.map(({ subnetId }) => subnetId),
        securityGroupIds: [this.closedSecurityGroup(props.vpc).securityGroupId],
      },
      // The queue names it: a new one under a new name would need the queue to let go of it first.
      replaceComputeEnvironment: false,
    });
    const queue = new CfnJobQueue(this, 'Queue', {
      priority: 1,
      state: 'ENABLED',
      computeEnvironmentOrder: [{ order: 1, computeEnvironment: environment.attrComputeEnvironmentArn }],
    });
    this.queueArn = queue.attrJobQueueArn;
  }

  /** A job definition for a program; its ARN names this revision of it. */
  public define(id: string, program: SweepProgram): string {
    const { executionRole, image } = this.props;
    return new CfnJobDefinition(this, id, {
      type: 'container',
      platformCapabilities: ['FARGATE'],
      propagateTags: true,
      retryStrategy: retries(program.attempts),
      timeout: { attemptDurationSeconds: program.timeout.toSeconds() },
      containerProperties: {
        image: image.uri,
        command: program.command,
        jobRoleArn: program.role.roleArn,
        executionRoleArn: executionRole.roleArn,
        resourceRequirements: [
          { type: 'VCPU', value: String(program.vcpus) },
          { type: 'MEMORY', value: String(program.memoryMiB) },
        ],
        networkConfiguration: { assignPublicIp: this.publicIp },
        fargatePlatformConfiguration: { platformVersion: 'LATEST' },
        runtimePlatform: { cpuArchitecture: 'X86_64', operatingSystemFamily: 'LINUX' },
        readonlyRootFilesystem: true,
        // The first process of a container hears no signal that it has not asked for, and takes in others' children.
        linuxParameters: { initProcessEnabled: true },
        volumes: [{ name: SCRATCH }],
        mountPoints: [{ sourceVolume: SCRATCH, containerPath: '/tmp', readOnly: false }],
        logConfiguration: this.log(id),
      },
    }).ref;
  }

  private log(id: string): CfnJobDefinition.LogConfigurationProperty {
    const { logGroup } = this.props;
    return {
      logDriver: 'awslogs',
      options: {
        'awslogs-group': logGroup.logGroupName,
        'awslogs-region': Stack.of(this).region,
        'awslogs-stream-prefix': id.toLowerCase(),
      },
    };
  }

  private closedSecurityGroup(vpc: IVpc): SecurityGroup {
    const group = new SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'TableSleuth sweep: nothing comes in, HTTPS goes out',
      allowAllOutbound: false,
    });
    group.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'S3, catalogs, the image and logs');
    return group;
  }
}

/**
 * An interruption is tried again and goes on where it was; a program that failed would fail again. What is in none of the
 * conditions is tried again by AWS, which is why the last one is there.
 */
function retries(attempts: number): CfnJobDefinition.RetryStrategyProperty {
  return {
    attempts,
    evaluateOnExit: [
      { action: 'retry', onStatusReason: 'Your Spot Task was interrupted*' },
      { action: 'retry', onExitCode: TOLD_TO_END },
      // The image could not be pulled, or the log not be opened: the program has not begun.
      { action: 'retry', onStatusReason: 'Task failed to start*' },
      { action: 'exit', onReason: '*' },
    ],
  };
}
