import { Stack } from 'aws-cdk-lib';
import type { IVpc, SelectedSubnets, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { fail } from '../private/validate';
import { accessPointArn, fileSystemArn, type IWorkspaceFileSystem } from './workspace-file-system';
import { WorkspaceMountTargets } from './workspace-mount-targets';
import type { IWorkspaceVolume } from './workspace-volume';

/** The tag of the instances that may have a volume attached; its value is the volume's id. */
const HOST_TAG = 'tablesleuth:workspace-volume';

/** The tag of a volume by which a new host asks the old one to let go; its value is the new host's id. */
const WANTED_TAG = 'tablesleuth:wanted-by';

/** What a workspace gives to the workbench. */
export interface WorkspaceConfig {
  /** What the host's role needs for it. */
  readonly hostStatements: PolicyStatement[];
  /** Lines of the host's settings. */
  readonly hostSettings: Record<string, string>;
  /** Tags of every host. */
  readonly hostTags: Record<string, string>;
  /** The subnets, of those given, that hosts can run in. */
  readonly subnets: SelectedSubnets;

  /**
   * Where hosts reach it over the network; they wait for it, and their security group is let in.
   *
   * @default - it is on the host itself
   */
  readonly mountTargets?: WorkspaceMountTargets;

  /**
   * Whether one host alone can have it, so that there may never be several.
   *
   * @default - hosts share it, or each has its own
   */
  readonly isForOneHost?: boolean;
}

/** Where hosts keep what must survive them: GizmoSQL's database, the local catalog, results and shell history. */
export abstract class Workspace {
  /** On the host's own disk: it survives a stop of a single instance, and is lost with the host. */
  public static none(): Workspace {
    return new NoWorkspace();
  }

  /**
   * On a volume that the running host attaches, and that its successor takes over, whatever became of the host. Hosts then
   * run in the volume's Availability Zone alone.
   */
  public static volume(volume: IWorkspaceVolume): Workspace {
    return new VolumeWorkspace(volume);
  }

  /**
   * On a file system that all hosts use at once, and find again, whatever became of the one before. Hosts run in every
   * Availability Zone that has one of their subnets. What only one program can have open, GizmoSQL's database, is in a
   * folder of each host's own, which its successor takes over; the history of shells stays on the host's own disk,
   * because everybody on a host could read it on the file system.
   *
   * Mount targets cost nothing; traffic from another zone than the host's does not arise.
   */
  public static shared(fileSystem: IWorkspaceFileSystem): Workspace {
    return new SharedWorkspace(fileSystem);
  }

  /**
   * Says what hosts need.
   *
   * @param scope the workbench
   * @param vpc the network of the hosts
   * @param selection its subnets that hosts could run in
   */
  public abstract bind(scope: Construct, vpc: IVpc, selection: SubnetSelection): WorkspaceConfig;
}

class NoWorkspace extends Workspace {
  public bind(_scope: Construct, vpc: IVpc, selection: SubnetSelection): WorkspaceConfig {
    return { hostStatements: [], hostSettings: {}, hostTags: {}, subnets: vpc.selectSubnets(selection) };
  }
}

class VolumeWorkspace extends Workspace {
  constructor(private readonly volume: IWorkspaceVolume) {
    super();
  }

  public bind(scope: Construct, vpc: IVpc, selection: SubnetSelection): WorkspaceConfig {
    const { volumeId } = this.volume;
    return {
      hostStatements: [...this.attachStatements(scope), this.grantStatement(scope)],
      hostSettings: { WORKSPACE_VOLUME_ID: volumeId },
      hostTags: { [HOST_TAG]: volumeId },
      subnets: this.subnetsOfItsZone(scope, vpc, selection),
      isForOneHost: true,
    };
  }

  private attachStatements(scope: Construct): PolicyStatement[] {
    const { volumeId } = this.volume;
    const arn = (resource: string, resourceName: string) =>
      Stack.of(scope).formatArn({ service: 'ec2', resource, resourceName });
    return [
      new PolicyStatement({
        sid: 'FindWorkspace',
        actions: ['ec2:DescribeInstances', 'ec2:DescribeVolumes'],
        resources: ['*'],
      }),
      new PolicyStatement({
        sid: 'AttachWorkspace',
        actions: ['ec2:AttachVolume', 'ec2:DetachVolume'],
        resources: [arn('volume', volumeId)],
      }),
      new PolicyStatement({
        sid: 'AttachWorkspaceToHosts',
        actions: ['ec2:AttachVolume', 'ec2:DetachVolume'],
        resources: [arn('instance', '*')],
        conditions: { StringEquals: { [`aws:ResourceTag/${HOST_TAG}`]: volumeId } },
      }),
      new PolicyStatement({
        sid: 'AskForWorkspace',
        actions: ['ec2:CreateTags'],
        resources: [arn('volume', volumeId)],
        conditions: { 'ForAllValues:StringEquals': { 'aws:TagKeys': [WANTED_TAG] } },
      }),
    ];
  }

  /**
   * Whoever attaches an encrypted volume lets EC2 use its key, by a grant in EC2's name and for this purpose alone:
   * https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html
   */
  private grantStatement(scope: Construct): PolicyStatement {
    return new PolicyStatement({
      sid: 'LetEc2DecryptWorkspace',
      actions: ['kms:CreateGrant'],
      resources: [this.volume.encryptionKey.keyArn],
      conditions: {
        Bool: { 'kms:GrantIsForAWSResource': 'true' },
        StringEquals: {
          'kms:ViaService': `ec2.${Stack.of(scope).region}.amazonaws.com`,
          'kms:GrantConstraintType': 'EncryptionContextSubset',
        },
      },
    });
  }

  private subnetsOfItsZone(scope: Construct, vpc: IVpc, selection: SubnetSelection): SelectedSubnets {
    // A zone may be known at deployment only; then two texts are the same zone when they become the same in the template.
    const inTemplate = (zone: string) => JSON.stringify(Stack.of(scope).resolve(zone));
    const wanted = inTemplate(this.volume.availabilityZone);
    const { subnets, availabilityZones } = vpc.selectSubnets(selection);
    const own = subnets.filter(({ availabilityZone }) => inTemplate(availabilityZone) === wanted);
    if (own.length === 0) {
      const zones = availabilityZones.map(inTemplate).join(', ');
      fail(scope, `no subnet of the hosts is in the workspace's Availability Zone ${wanted}, they are in ${zones}`);
    }
    return vpc.selectSubnets({ subnets: own });
  }
}

class SharedWorkspace extends Workspace {
  constructor(private readonly fileSystem: IWorkspaceFileSystem) {
    super();
  }

  public bind(scope: Construct, vpc: IVpc, selection: SubnetSelection): WorkspaceConfig {
    const { fileSystemId, accessPointId } = this.fileSystem;
    const subnets = vpc.selectSubnets(selection);
    return {
      hostStatements: this.mountStatements(scope),
      hostSettings: { WORKSPACE_FILE_SYSTEM_ID: fileSystemId, WORKSPACE_ACCESS_POINT_ID: accessPointId },
      hostTags: {},
      subnets,
      mountTargets: new WorkspaceMountTargets(scope, 'Workspace', { vpc, subnets, fileSystemId }),
    };
  }

  private mountStatements(scope: Construct): PolicyStatement[] {
    const { fileSystemId, accessPointId } = this.fileSystem;
    return [
      new PolicyStatement({
        sid: 'MountWorkspace',
        actions: ['elasticfilesystem:ClientMount', 'elasticfilesystem:ClientWrite'],
        resources: [fileSystemArn(scope, fileSystemId)],
        conditions: { StringEquals: { 'elasticfilesystem:AccessPointArn': accessPointArn(scope, accessPointId) } },
      }),
      new PolicyStatement({
        sid: 'FindOtherHosts',
        actions: ['ec2:DescribeInstances'],
        resources: ['*'],
      }),
    ];
  }
}
