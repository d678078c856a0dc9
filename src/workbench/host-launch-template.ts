import { Size } from 'aws-cdk-lib';
import {
  BlockDeviceVolume,
  type CfnLaunchTemplate,
  EbsDeviceVolumeType,
  type InstanceType,
  type ISecurityGroup,
  type IVpc,
  LaunchTemplate,
  LaunchTemplateHttpTokens,
  OperatingSystemType,
  Peer,
  Port,
  SecurityGroup,
  UserData,
} from 'aws-cdk-lib/aws-ec2';
import type { Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledgeCheckov } from '../private/acknowledge';

/** Amazon Linux itself takes 2 GiB, TableSleuth and GizmoSQL 1 GiB; the rest is for logs and spilled queries. */
const ROOT_VOLUME = Size.gibibytes(30);

/** Why a host may have a public address. */
export const PUBLIC_ADDRESS =
  'Without a NAT gateway ($33 a month) the address is the only way out; the security group lets nothing in';

export interface HostLaunchTemplateProps {
  readonly vpc: IVpc;
  readonly role: Role;
  readonly instanceType: InstanceType;
  /** An image id, or how EC2 or CloudFormation finds it. */
  readonly imageId: string;
  readonly userData: string;
  /** Whether a host needs a public address of its own, because its subnet has no NAT gateway. */
  readonly publicAddress: boolean;
  /** Whether EC2 gives figures of every minute, which scaling needs, and not only of every five. */
  readonly detailedMonitoring: boolean;
}

/** How every host of a workbench is launched, whichever service launches it. */
export class HostLaunchTemplate extends Construct {
  public readonly launchTemplate: LaunchTemplate;
  public readonly securityGroup: ISecurityGroup;

  constructor(scope: Construct, id: string, props: HostLaunchTemplateProps) {
    super(scope, id);
    this.securityGroup = this.closedSecurityGroup(props.vpc);
    this.launchTemplate = new LaunchTemplate(this, 'Resource', {
      instanceType: props.instanceType,
      machineImage: {
        getImage: () => ({
          imageId: props.imageId,
          osType: OperatingSystemType.LINUX,
          userData: UserData.forLinux(),
        }),
      },
      userData: UserData.custom(props.userData),
      role: props.role.withoutPolicyUpdates(),
      securityGroup: this.securityGroup,
      associatePublicIpAddress: props.publicAddress || undefined,
      httpTokens: LaunchTemplateHttpTokens.REQUIRED,
      httpPutResponseHopLimit: 1,
      ebsOptimized: true,
      detailedMonitoring: props.detailedMonitoring || undefined,
      blockDevices: [
        {
          deviceName: '/dev/xvda',
          volume: BlockDeviceVolume.ebs(ROOT_VOLUME.toGibibytes(), {
            volumeType: EbsDeviceVolumeType.GP3,
            encrypted: true,
            deleteOnTermination: true,
          }),
        },
      ],
    });
    if (props.publicAddress) {
      const resource = this.launchTemplate.node.defaultChild as CfnLaunchTemplate;
      acknowledgeCheckov(resource, ['CKV_AWS_88'], PUBLIC_ADDRESS);
    }
  }

  private closedSecurityGroup(vpc: IVpc): SecurityGroup {
    const group = new SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'TableSleuth host: nothing comes in, HTTPS goes out',
      allowAllOutbound: false,
    });
    group.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'AWS APIs, package repositories and the GizmoSQL release');
    return group;
  }
}
