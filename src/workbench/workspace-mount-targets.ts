import {
  type ISecurityGroup,
  type ISubnet,
  type IVpc,
  Port,
  SecurityGroup,
  type SelectedSubnets,
} from 'aws-cdk-lib/aws-ec2';
import { CfnMountTarget } from 'aws-cdk-lib/aws-efs';
import { Stack } from 'aws-cdk-lib';
import { Construct, type IConstruct } from 'constructs';
import { GroupToGroup } from '../private/group-to-group';

/** NFS's own. */
const NFS = Port.tcp(2049);

export interface WorkspaceMountTargetsProps {
  /** The network that hosts run in. It must have DNS resolution and DNS host names on. */
  readonly vpc: IVpc;
  /** The subnets that hosts run in. */
  readonly subnets: SelectedSubnets;
  /** The file system that they reach. */
  readonly fileSystemId: string;
}

/**
 * The ways from hosts to a file system: a mount target in each Availability Zone that hosts run in, closed to all others.
 * They hold nothing, and can be made again at any time. They cost nothing.
 */
export class WorkspaceMountTargets extends Construct {
  /** Closed until hosts are let in. */
  public readonly securityGroup: ISecurityGroup;

  constructor(scope: Construct, id: string, props: WorkspaceMountTargetsProps) {
    super(scope, id);
    this.securityGroup = new SecurityGroup(this, 'SecurityGroup', {
      vpc: props.vpc,
      description: 'TableSleuth workspace: NFS from hosts, and nothing else',
      allowAllOutbound: false,
    });
    for (const [index, { subnetId }] of this.firstOfEachZone(props.subnets).entries()) {
      new CfnMountTarget(this, `MountTarget${index + 1}`, {
        fileSystemId: props.fileSystemId,
        subnetId,
        securityGroups: [this.securityGroup.securityGroupId],
      });
    }
  }

  /** Lets the members of a security group in, and has their launcher wait until they can come. */
  public letIn(hosts: ISecurityGroup, launcher: IConstruct): void {
    const description = 'Hosts mount the workspace';
    new GroupToGroup(this, 'Hosts', { from: hosts, to: this.securityGroup, port: NFS, description });
    launcher.node.addDependency(this);
  }

  /** A file system has at most one target in a zone. Zones may be known at deployment only. */
  private firstOfEachZone({ subnets }: SelectedSubnets): ISubnet[] {
    const zones = subnets.map(({ availabilityZone }) => JSON.stringify(Stack.of(this).resolve(availabilityZone)));
    return subnets.filter((_subnet, index) => zones.indexOf(zones[index]!) === index);
  }
}
