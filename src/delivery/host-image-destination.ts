import { RemovalPolicy } from 'aws-cdk-lib';
import { InstanceArchitecture } from 'aws-cdk-lib/aws-ec2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { HostImage } from '../workbench/host-image';
import { ImageCalls } from './image-calls';

export interface HostImageDestinationProps {
  /** The name of the `HostImagePipeline`, which names this region among its `regions`. */
  readonly pipelineName: string;

  /** Encrypts the log of the calls that are made in deployments; its policy must let CloudWatch Logs use it. */
  readonly encryptionKey: IKey;

  /**
   * The processor of hosts.
   *
   * @default - x86_64
   */
  readonly architecture?: InstanceArchitecture;

  /**
   * How long that log is kept.
   *
   * @default - three months
   */
  readonly logRetention?: RetentionDays;
}

/**
 * What lets hosts of one region boot the images that a `HostImagePipeline` builds in another one: the parameter that
 * `HostImage.pipeline` reads, with plain Amazon Linux in it until the first copy has come. Neither region has to be there
 * before the other. Costs nothing; a copy's snapshot of 5 GB costs $0.25 a month.
 */
export class HostImageDestination extends Construct {
  /** The parameter that holds the id of the newest image in this region. */
  public readonly parameterName: string;

  constructor(scope: Construct, id: string, props: HostImageDestinationProps) {
    super(scope, id);
    const architecture = props.architecture ?? InstanceArchitecture.X86_64;
    this.parameterName = HostImage.pipeline(props.pipelineName).parameterName(architecture);
    // The id is that of a pipeline: where the two change places, the parameter stays the same resource.
    new ImageCalls(this, 'Calls', {
      parameterName: this.parameterName,
      firstImageParameter: HostImage.amazonLinux().parameterName(architecture),
      logGroup: new LogGroup(this, 'Log', {
        encryptionKey: props.encryptionKey,
        retention: props.logRetention ?? RetentionDays.THREE_MONTHS,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
    });
  }
}
