import { Annotations, type IAspect, Stack } from 'aws-cdk-lib';
import { CfnLaunchConfiguration } from 'aws-cdk-lib/aws-autoscaling';
import {
  CfnInstance,
  CfnLaunchTemplate,
  CfnSecurityGroup,
  CfnSecurityGroupIngress,
  CfnVolume,
} from 'aws-cdk-lib/aws-ec2';
import { CfnBucket } from 'aws-cdk-lib/aws-s3';
import type { IConstruct } from 'constructs';

const SSH_PORT = 22;
const LAST_PORT = 65535;

/** A rule as the template will have it: what is known only at deployment is an object. */
interface IngressRule {
  readonly ipProtocol?: unknown;
  readonly fromPort?: unknown;
  readonly toPort?: unknown;
  readonly cidrIp?: unknown;
  readonly cidrIpv6?: unknown;
}

interface BlockDevice {
  readonly deviceName?: string;
  readonly ebs?: unknown;
}

/**
 * Three errors that stop a synthesis, wherever in the tree the resource is and however it was made: a bucket without
 * encryption, a disk without encryption, and SSH open to the world by a single rule, a range of ports or all protocols.
 *
 * Add it to an app with `Aspects.of(app).add(new SecurityChecks())`.
 */
export class SecurityChecks implements IAspect {
  public visit(node: IConstruct): void {
    for (const problem of problemsOf(node)) {
      Annotations.of(node).addError(problem);
    }
  }
}

function problemsOf(node: IConstruct): string[] {
  if (node instanceof CfnBucket) {
    return node.bucketEncryption === undefined ? ['the bucket has no encryption: set its encryption property'] : [];
  }
  if (node instanceof CfnVolume) {
    return node.encrypted === true ? [] : ['the volume is not encrypted: set encrypted to true'];
  }
  if (node instanceof CfnInstance || node instanceof CfnLaunchConfiguration) {
    return diskProblems(node, node.blockDeviceMappings, hasTemplate(node));
  }
  if (node instanceof CfnLaunchTemplate) {
    return diskProblems(
      node,
      resolved<CfnLaunchTemplate.LaunchTemplateDataProperty>(node, node.launchTemplateData)?.blockDeviceMappings,
      false,
    );
  }
  return ingressRules(node).flatMap(sshProblems);
}

/** An instance launched from a template takes the template's disks, which are checked where the template is. */
function hasTemplate(node: CfnInstance | CfnLaunchConfiguration): boolean {
  return node instanceof CfnInstance && node.launchTemplate !== undefined;
}

function diskProblems(node: IConstruct, mappings: unknown, fromTemplate: boolean): string[] {
  const devices = resolved<BlockDevice[]>(node, mappings) ?? [];
  if (devices.length === 0) {
    return fromTemplate
      ? []
      : ['the disks are those of the image, encrypted or not: name them with encrypted set to true'];
  }
  return devices
    .filter(isPlainDisk)
    .map((device) => `disk ${device.deviceName} is not encrypted: set encrypted to true`);
}

function isPlainDisk(device: BlockDevice): boolean {
  return device.ebs !== undefined && (device.ebs as { encrypted?: unknown }).encrypted !== true;
}

function ingressRules(node: IConstruct): IngressRule[] {
  if (node instanceof CfnSecurityGroup) {
    return resolved<IngressRule[]>(node, node.securityGroupIngress) ?? [];
  }
  if (node instanceof CfnSecurityGroupIngress) {
    const { ipProtocol, fromPort, toPort, cidrIp, cidrIpv6 } = node;
    return [resolved<IngressRule>(node, { ipProtocol, fromPort, toPort, cidrIp, cidrIpv6 }) ?? {}];
  }
  return [];
}

function sshProblems(rule: IngressRule): string[] {
  const source = [rule.cidrIp, rule.cidrIpv6].find((cidr) => typeof cidr === 'string' && cidr.endsWith('/0'));
  return typeof source === 'string' && mayAllowSsh(rule)
    ? [`SSH (port ${SSH_PORT}) is open to ${source}: remove the rule and connect with Session Manager`]
    : [];
}

/** Protocols and ports that are known only at deployment, and -1 and missing ones, stand for all. */
function mayAllowSsh({ ipProtocol, fromPort, toPort }: IngressRule): boolean {
  const isOther = typeof ipProtocol === 'string' && !['-1', '6', 'tcp'].includes(ipProtocol.toLowerCase());
  const everyPort = ipProtocol === '-1';
  return !isOther && (everyPort || (portOf(fromPort, 0) <= SSH_PORT && SSH_PORT <= portOf(toPort, LAST_PORT)));
}

function portOf(value: unknown, otherwise: number): number {
  const port = Number(value ?? -1);
  return port >= 0 ? port : otherwise;
}

/** A property as the template will have it. */
function resolved<T>(node: IConstruct, value: unknown): T | undefined {
  return Stack.of(node).resolve(value) as T | undefined;
}
