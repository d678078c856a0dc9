import type { InstanceArchitecture } from 'aws-cdk-lib/aws-ec2';

/**
 * The machine image that a host boots, always named by a Systems Manager parameter, so that a template never holds
 * an image id of one region. The parameter is read when a machine is launched, not at each deployment: a new image
 * reaches new machines and replaces none.
 */
export abstract class HostImage {
  /**
   * The newest standard Amazon Linux 2023 for the processor of the instance types; the first boot installs
   * everything, which takes minutes.
   */
  public static amazonLinux(): HostImage {
    return new AmazonLinuxImage();
  }

  /**
   * An image of your own, Amazon Linux 2023 or made from it, whose id a parameter of your account holds.
   *
   * @param parameterName as in `/images/tablesleuth`; its data type should be `aws:ec2:image`
   */
  public static fromParameter(parameterName: string): HostImage {
    return new ParameterImage(parameterName);
  }

  /**
   * The newest image of a `HostImagePipeline` of the same account and region, whichever stack it is in. Everything is
   * installed in it, so that a host is healthy within seconds; while there is no image yet, plain Amazon Linux.
   *
   * @param pipelineName the name that the pipeline has
   */
  public static pipeline(pipelineName: string): HostImage {
    return new PipelineImage(pipelineName);
  }

  /**
   * Whether images are deleted some time after there are newer ones. What launches hosts then has to read the parameter
   * at each launch.
   */
  public readonly expires: boolean = false;

  /** The name of the parameter that holds the image id for this architecture. */
  public abstract parameterName(architecture: InstanceArchitecture): string;
}

class AmazonLinuxImage extends HostImage {
  public parameterName(architecture: InstanceArchitecture): string {
    return `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${architecture}`;
  }
}

class ParameterImage extends HostImage {
  constructor(private readonly name: string) {
    super();
    if (!name.startsWith('/')) {
      throw new Error(
        `image parameter "${name}" must be a full name that starts with a slash, as in /images/tablesleuth`,
      );
    }
  }

  public parameterName(): string {
    return this.name;
  }
}

/** Below a name that Image Builder's own role may write to. */
class PipelineImage extends HostImage {
  public override readonly expires = true;

  constructor(private readonly pipelineName: string) {
    super();
  }

  public parameterName(architecture: InstanceArchitecture): string {
    return `/imagebuilder/tablesleuth/${this.pipelineName}/${architecture}`;
  }
}
