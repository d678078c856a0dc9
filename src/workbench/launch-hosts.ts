import { createHash } from 'node:crypto';
import { type Duration, Lazy, Stack } from 'aws-cdk-lib';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { ISecurityGroup, IVpc, SelectedSubnets } from 'aws-cdk-lib/aws-ec2';
import type { IApplicationTargetGroup } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct } from 'constructs';
import type { Capacity } from './capacity';
import { HostLaunchTemplate } from './host-launch-template';
import type { IHostLauncher } from './host-launcher';

/** What hosts of any capacity are launched with. */
export interface LaunchedHosts {
  readonly vpc: IVpc;
  readonly subnets: SelectedSubnets;
  readonly role: Role;
  /** The parameter that names the image. */
  readonly image: string;
  /** The user data of hosts that signal to a resource. */
  readonly userData: (signalLogicalId: string) => string;
  readonly healthyWithin: Duration;
  readonly hasHours: boolean;
  readonly targetGroup?: IApplicationTargetGroup;
}

/**
 * Makes the launch template of a workbench's hosts, and what launches them from it.
 *
 * @internal
 */
export function launchHosts(
  scope: Construct,
  capacity: Capacity,
  { role, image, userData, ...hosts }: LaunchedHosts,
): { readonly launcher: IHostLauncher; readonly securityGroup: ISecurityGroup } {
  const { instanceTypes } = capacity;
  const publicAddress = hosts.subnets.hasPublic;
  const { launchTemplate, securityGroup } = new HostLaunchTemplate(scope, 'LaunchTemplate', {
    vpc: hosts.vpc,
    role,
    imageId: capacity.imageReference(image),
    publicAddress,
    userData: userData(Lazy.string({ produce: () => launcher.signalLogicalId })),
    instanceType: instanceTypes[0]!,
    detailedMonitoring: capacity.maxHosts > 1,
  });
  const launcher: IHostLauncher = capacity.bind(scope, {
    ...hosts,
    publicAddress,
    launchTemplate,
    securityGroup,
    instanceTypes,
    fingerprint: fingerprint(Stack.of(scope).resolve([userData('the launcher'), image, instanceTypes])),
  });
  return { launcher, securityGroup };
}

function fingerprint(resolved: unknown): string {
  return createHash('sha256').update(JSON.stringify(resolved)).digest('hex').slice(0, 8);
}
