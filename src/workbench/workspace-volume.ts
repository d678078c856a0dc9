import { RemovalPolicy, Size } from 'aws-cdk-lib';
import { CfnVolume } from 'aws-cdk-lib/aws-ec2';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { acknowledge, Pack } from '../private/acknowledge';
import { fail, isKnown } from '../private/validate';

/** The tag that a workspace is found by; its value is the workspace's name. A backup plan selects by it. */
export const WORKSPACE_TAG = 'tablesleuth:workspace';

const DEFAULT_SIZE = Size.gibibytes(50);
const SMALLEST_GIB = 1;
const LARGEST_GIB = 16_384;

export interface WorkspaceVolumeProps {
  /** Encrypts the volume, its snapshots and its backups. */
  readonly encryptionKey: IKey;

  /**
   * The Availability Zone that the volume is in, and therefore every host that uses it. It must be one of the network's,
   * and cannot be changed later.
   */
  readonly availabilityZone: string;

  /**
   * How large the volume is: 1 GiB to 16 TiB, about $0.08 a GiB and month. A larger one is taken up by the running host;
   * a smaller one is refused by EBS.
   *
   * @default - 50 GiB, about $4 a month
   */
  readonly size?: Size;

  /**
   * What the volume's tag calls it, as in `dev`.
   *
   * @default - default
   */
  readonly workspaceName?: string;

  /**
   * What happens to the volume when its stack is destroyed.
   *
   * @default - it stays, and costs what it cost
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** What `WorkspaceVolume.fromWorkspaceVolumeAttributes` needs to know. */
export interface WorkspaceVolumeAttributes {
  readonly volumeId: string;
  readonly availabilityZone: string;
  readonly encryptionKeyArn: string;

  /**
   * What the volume's tag calls it.
   *
   * @default - default
   */
  readonly workspaceName?: string;
}

/** A volume that hosts keep their work on. */
export interface IWorkspaceVolume {
  /** The volume's id. */
  readonly volumeId: string;
  /** Where it is, and therefore every host that uses it. */
  readonly availabilityZone: string;
  /** Encrypts it. */
  readonly encryptionKey: IKey;
  /** The value of its tag. */
  readonly workspaceName: string;
}

/**
 * An encrypted volume that outlives hosts: the one that runs attaches it, and its successor finds everything again. It
 * belongs into a stack with other data. One host at a time can use it.
 */
export class WorkspaceVolume extends Construct implements IWorkspaceVolume {
  /** A volume made elsewhere, or in another stack. */
  public static fromWorkspaceVolumeAttributes(
    scope: Construct,
    id: string,
    attributes: WorkspaceVolumeAttributes,
  ): IWorkspaceVolume {
    const { volumeId, availabilityZone, encryptionKeyArn, workspaceName } = attributes;
    return {
      volumeId,
      availabilityZone,
      encryptionKey: Key.fromKeyArn(new Construct(scope, id), 'Key', encryptionKeyArn),
      workspaceName: workspaceName ?? 'default',
    };
  }

  /** The volume's id. */
  public readonly volumeId: string;

  /** Where it is, and therefore every host that uses it. */
  public readonly availabilityZone: string;

  /** Encrypts it. */
  public readonly encryptionKey: IKey;

  /** The value of its tag. */
  public readonly workspaceName: string;

  constructor(scope: Construct, id: string, props: WorkspaceVolumeProps) {
    super(scope, id);
    const sizeGib = (props.size ?? DEFAULT_SIZE).toGibibytes();
    validateSize(this, sizeGib);
    this.workspaceName = props.workspaceName ?? 'default';
    this.availabilityZone = props.availabilityZone;
    this.encryptionKey = props.encryptionKey;
    this.volumeId = this.volume(props, sizeGib).attrVolumeId;
  }

  private volume({ availabilityZone, removalPolicy }: WorkspaceVolumeProps, sizeGib: number): CfnVolume {
    const volume = new CfnVolume(this, 'Resource', {
      availabilityZone,
      size: sizeGib,
      volumeType: 'gp3',
      encrypted: true,
      kmsKeyId: this.encryptionKey.keyArn,
      tags: [
        { key: 'Name', value: `tablesleuth-${this.workspaceName}` },
        { key: WORKSPACE_TAG, value: this.workspaceName },
      ],
    });
    volume.applyRemovalPolicy(removalPolicy ?? RemovalPolicy.RETAIN);
    acknowledge(
      volume,
      [Pack.HIPAA, Pack.NIST],
      'EC2EBSInBackupPlan',
      'The rule looks for a plan in the same stack; where backups are on, the plan is in a stack of its own, so that it can ' +
        'be switched off without touching what holds data, and selects this volume by its tag',
    );
    return volume;
  }
}

function validateSize(scope: Construct, sizeGib: number): void {
  if (isKnown(sizeGib) && (sizeGib < SMALLEST_GIB || sizeGib > LARGEST_GIB)) {
    fail(scope, `size is ${sizeGib} GiB, expected ${SMALLEST_GIB} to ${LARGEST_GIB}`);
  }
}
