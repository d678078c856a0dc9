import type { Duration } from 'aws-cdk-lib';
import type { ILaunchTemplate, ISecurityGroup, IVpc, InstanceType, SelectedSubnets } from 'aws-cdk-lib/aws-ec2';
import type { IApplicationTargetGroup } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { IConstruct } from 'constructs';
import type { HostCall } from './host-call';

/** What every launcher of hosts is made from. */
export interface HostLauncherProps {
  /** The network that hosts run in. */
  readonly vpc: IVpc;
  /** Its subnets that hosts run in; at least one. */
  readonly subnets: SelectedSubnets;
  /** Whether a host gets a public address, because its subnet has no NAT gateway. */
  readonly publicAddress: boolean;
  /** How every host is launched; its version is the newest. */
  readonly launchTemplate: ILaunchTemplate;
  /** The security group of every host. */
  readonly securityGroup: ISecurityGroup;
  /** Instance types in order of preference; at least one. */
  readonly instanceTypes: InstanceType[];
  /** Changes whenever a host launched from the template would be a different one. */
  readonly fingerprint: string;
  /** How long a host may take until it is healthy; then the deployment fails. */
  readonly healthyWithin: Duration;
  /** Whether hours say when a host runs. Then a deployment launches none that was not there. */
  readonly hasHours: boolean;
  /**
   * Where a load balancer finds hosts.
   *
   * @default - no load balancer looks for any
   */
  readonly targetGroup?: IApplicationTargetGroup;
}

/** Something that launches hosts, and tells who waits for them and how to find them. */
export interface IHostLauncher extends IConstruct {
  /** The logical id of the resource that waits for the hosts' signals. */
  readonly signalLogicalId: string;
  /** What an output calls the launcher: `InstanceId`, `AutoScalingGroupName` or `FleetId`. */
  readonly outputName: string;
  /** Its physical id. */
  readonly physicalId: string;
  /** A word of shell that becomes the id of a running host. */
  readonly targetExpression: string;
  /** What starts a host. */
  readonly startCalls: HostCall[];
  /** What stops it, and every other one. */
  readonly stopCalls: HostCall[];
  /**
   * The group that may have several hosts, of which one can leave.
   *
   * @default - there is one host
   */
  readonly ofSeveral?: GroupOfSeveral;
}

/** A group that may have several hosts. */
export interface GroupOfSeveral {
  /** Its name. */
  readonly groupName: string;
  /** Its ARN, with a wildcard where its id is. */
  readonly groupArn: string;
  /** The fewest hosts that it may have. */
  readonly min: number;
}

/** A word of shell that becomes the id of the first running instance with a tag. */
export function runningInstanceWithTag(region: string, key: string, value: string): string {
  return (
    `$(aws ec2 describe-instances --region ${region} --filters Name=tag:${key},Values=${value} ` +
    `Name=instance-state-name,Values=running --query 'Reservations[0].Instances[0].InstanceId' --output text)`
  );
}
