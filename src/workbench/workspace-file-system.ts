import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnAccessPoint, CfnFileSystem } from 'aws-cdk-lib/aws-efs';
import { AnyPrincipal, Effect, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { acknowledge, Pack } from '../private/acknowledge';
import { WORKSPACE_TAG } from './workspace-volume';

/** The user and group that owns every file, whoever wrote it. A host gives its own user this number where it is free. */
const OWNER = '631';

/** The folder of the file system that hosts see; nothing above it. */
const FOLDER = '/tablesleuth';

export interface WorkspaceFileSystemProps {
  /** Encrypts the file system. */
  readonly encryptionKey: IKey;

  /**
   * What the file system's tag calls it, as in `dev`.
   *
   * @default - default
   */
  readonly workspaceName?: string;

  /**
   * What happens to the file system when its stack is destroyed. AWS deletes none that still has mount targets.
   *
   * @default - it stays, and costs what it cost
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** What `WorkspaceFileSystem.fromWorkspaceFileSystemAttributes` needs to know. */
export interface WorkspaceFileSystemAttributes {
  readonly fileSystemId: string;
  readonly accessPointId: string;
  readonly encryptionKeyArn: string;

  /**
   * What the file system's tag calls it.
   *
   * @default - default
   */
  readonly workspaceName?: string;
}

/** A file system with a workspace, as somebody sees it who does not mount it. */
export interface IWorkspaceFiles {
  /** The file system's id. */
  readonly fileSystemId: string;
  /** Encrypts it. */
  readonly encryptionKey: IKey;
  /** The value of its tag. */
  readonly workspaceName: string;
}

/** A file system that several hosts keep their work on at once. */
export interface IWorkspaceFileSystem extends IWorkspaceFiles {
  /** The id of the access point that hosts come through. */
  readonly accessPointId: string;
}

/**
 * An encrypted EFS file system that outlives hosts, and that any number of them use at once, in whichever Availability
 * Zone. It belongs into a stack with other data; the ways to it from a network belong to the hosts, and
 * `Workspace.shared()` makes them.
 *
 * Nobody comes in without TLS, and nobody without a permission of IAM: the file system's own policy gives none.
 *
 * Costs about $0.30 a GB and month, less for what nobody has used for 30 days, $0.03 for each GB read and $0.06 for each
 * GB written (us-east-1).
 */
export class WorkspaceFileSystem extends Construct implements IWorkspaceFileSystem {
  /** A file system made elsewhere, or in another stack. */
  public static fromWorkspaceFileSystemAttributes(
    scope: Construct,
    id: string,
    attributes: WorkspaceFileSystemAttributes,
  ): IWorkspaceFileSystem {
    const { fileSystemId, accessPointId, encryptionKeyArn, workspaceName } = attributes;
    return {
      fileSystemId,
      accessPointId,
      encryptionKey: Key.fromKeyArn(new Construct(scope, id), 'Key', encryptionKeyArn),
      workspaceName: workspaceName ?? 'default',
    };
  }

  /** The file system's id. */
  public readonly fileSystemId: string;

  /** The id of the access point that hosts come through. */
  public readonly accessPointId: string;

  /** Encrypts it. */
  public readonly encryptionKey: IKey;

  /** The value of its tag. */
  public readonly workspaceName: string;

  constructor(scope: Construct, id: string, props: WorkspaceFileSystemProps) {
    super(scope, id);
    this.encryptionKey = props.encryptionKey;
    this.workspaceName = props.workspaceName ?? 'default';
    this.fileSystemId = this.fileSystem(props.removalPolicy ?? RemovalPolicy.RETAIN).attrFileSystemId;
    this.accessPointId = this.accessPoint().attrAccessPointId;
  }

  private fileSystem(removalPolicy: RemovalPolicy): CfnFileSystem {
    const fileSystem = new CfnFileSystem(this, 'Resource', {
      encrypted: true,
      kmsKeyId: this.encryptionKey.keyArn,
      throughputMode: 'elastic',
      lifecyclePolicies: [{ transitionToIa: 'AFTER_30_DAYS' }, { transitionToPrimaryStorageClass: 'AFTER_1_ACCESS' }],
      // The plan of a backup selects by the tag; AWS's own automatic one would be a second, which nobody asked for.
      backupPolicy: { status: 'DISABLED' },
      fileSystemPolicy: onlyEncrypted(),
      fileSystemTags: [
        { key: 'Name', value: `tablesleuth-${this.workspaceName}` },
        { key: WORKSPACE_TAG, value: this.workspaceName },
      ],
    });
    fileSystem.applyRemovalPolicy(removalPolicy);
    acknowledge(
      fileSystem,
      [Pack.HIPAA, Pack.NIST],
      'EFSInBackupPlan',
      'The rule looks for a plan in the same stack; where backups are on, the plan is in a stack of its own, so that it can ' +
        'be switched off without touching what holds data, and selects this file system by its tag',
    );
    return fileSystem;
  }

  private accessPoint(): CfnAccessPoint {
    return new CfnAccessPoint(this, 'AccessPoint', {
      fileSystemId: this.fileSystemId,
      posixUser: { uid: OWNER, gid: OWNER },
      rootDirectory: {
        path: FOLDER,
        creationInfo: { ownerUid: OWNER, ownerGid: OWNER, permissions: '0750' },
      },
      accessPointTags: [{ key: 'Name', value: `tablesleuth-${this.workspaceName}` }],
    });
  }
}

/**
 * Refuses whoever comes without TLS. That there is a policy, and none of its statements allows anything, shuts anonymous
 * clients out: https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html
 */
function onlyEncrypted(): PolicyDocument {
  return new PolicyDocument({
    statements: [
      new PolicyStatement({
        sid: 'OnlyEncrypted',
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: CLIENT_ACTIONS,
        conditions: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    ],
  });
}

/** Everything that a client of a file system can do. */
const CLIENT_ACTIONS = [
  'elasticfilesystem:ClientMount',
  'elasticfilesystem:ClientRootAccess',
  'elasticfilesystem:ClientWrite',
];

/** The ARN of an access point of this account. */
export function accessPointArn(scope: Construct, accessPointId: string): string {
  return Stack.of(scope).formatArn({
    service: 'elasticfilesystem',
    resource: 'access-point',
    resourceName: accessPointId,
  });
}

/** The ARN of a file system of this account. */
export function fileSystemArn(scope: Construct, fileSystemId: string): string {
  return Stack.of(scope).formatArn({
    service: 'elasticfilesystem',
    resource: 'file-system',
    resourceName: fileSystemId,
  });
}
