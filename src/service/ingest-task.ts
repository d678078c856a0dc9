import { join } from 'node:path';
import { type Duration, Stack } from 'aws-cdk-lib';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import {
  ContainerImage,
  CpuArchitecture,
  FargateTaskDefinition,
  LogDriver,
  OperatingSystemFamily,
} from 'aws-cdk-lib/aws-ecs';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeWildcardResources, Pack } from '../private/acknowledge';
import { writeLogStatement } from '../private/log-statement';
import { pullStatements } from '../private/pull-statements';
import { FindingsBucket } from './findings-bucket';
import type { FindingsDatabase } from './findings-database';

interface IngestTaskProps {
  readonly bucket: IBucket;
  readonly database: FindingsDatabase;
  readonly encryptionKey: IKey;
  readonly logGroup: ILogGroup;
  readonly queue: IQueue;
  /** How long a worker has to end the batch that it has. */
  readonly stopTimeout: Duration;
}

const MEMORY_MIB = 512;

/**
 * One worker: a container whose file system is read-only, with a role that reads findings and signs in to the database, and
 * another one, of Fargate's own, that pulls the image and writes the log.
 */
export class IngestTask extends Construct {
  public readonly definition: FargateTaskDefinition;

  constructor(scope: Construct, id: string, props: IngestTaskProps) {
    super(scope, id);
    const { bucket, database, logGroup, queue } = props;
    // Nothing runs while it is built, so that any computer can build it.
    const image = new DockerImageAsset(this, 'Image', {
      directory: join(__dirname, '..', '..', 'assets', 'findings-ingest'),
      platform: Platform.LINUX_ARM64,
    });
    this.definition = new FargateTaskDefinition(this, 'Resource', {
      family: `${Stack.of(this).stackName}-ingest`,
      cpu: 256,
      memoryLimitMiB: MEMORY_MIB,
      runtimePlatform: { cpuArchitecture: CpuArchitecture.ARM64, operatingSystemFamily: OperatingSystemFamily.LINUX },
      taskRole: this.role('Role', 'Takes findings in', workerStatements(props)).withoutPolicyUpdates(),
      executionRole: this.role('Starter', 'Starts workers', [
        ...pullStatements(image),
        writeLogStatement(logGroup),
      ]).withoutPolicyUpdates(),
    });
    this.definition.addContainer('Worker', {
      image: ContainerImage.fromDockerImageAsset(image),
      environment: {
        ...database.environment('findings_ingest'),
        LOG_BUCKET: bucket.bucketName,
        QUEUE_URL: queue.queueUrl,
      },
      logging: LogDriver.awsLogs({ logGroup, streamPrefix: 'worker' }),
      memoryLimitMiB: MEMORY_MIB,
      // As the image says already, which nothing that reads a template can see.
      user: 'node',
      readonlyRootFilesystem: true,
      stopTimeout: props.stopTimeout,
    });
    const names = 'Names of the queue, the bucket and the database: no secret is among them';
    acknowledge(this.definition, [Pack.AWS_SOLUTIONS], 'ECS2', names);
  }

  private role(id: string, description: string, statements: PolicyStatement[]): Role {
    const policy = new ManagedPolicy(this, `${id}Policy`, { description, statements });
    acknowledgeWildcardResources(
      policy,
      statements,
      'All findings, of any table, and nothing else in the bucket; streams of one log group; a token for the registry, which ' +
        'there is one of for all of it',
    );
    return new Role(this, id, {
      description,
      assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'),
      managedPolicies: [policy],
    });
  }
}

function workerStatements({ bucket, database, encryptionKey, queue }: IngestTaskProps): PolicyStatement[] {
  return [
    new PolicyStatement({
      sid: 'TakeMessages',
      actions: ['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:ReceiveMessage'],
      resources: [queue.queueArn],
    }),
    new PolicyStatement({
      sid: 'ReadFindings',
      actions: ['s3:GetObject', 's3:GetObjectVersion'],
      resources: [bucket.arnForObjects(`${FindingsBucket.PREFIX}*`)],
    }),
    new PolicyStatement({ sid: 'DecryptThem', actions: ['kms:Decrypt'], resources: [encryptionKey.keyArn] }),
    database.signInStatement('findings_ingest'),
  ];
}
