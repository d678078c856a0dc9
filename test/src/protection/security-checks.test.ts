import { Aspects, CfnMapping, CfnParameter, Size, Stack, Token } from 'aws-cdk-lib';
import { CfnLaunchConfiguration } from 'aws-cdk-lib/aws-autoscaling';
import {
  BlockDeviceVolume,
  CfnInstance,
  CfnLaunchTemplate,
  CfnSecurityGroup,
  CfnSecurityGroupIngress,
  CfnVolume,
  Instance,
  type IPeer,
  InstanceType,
  LaunchTemplate,
  MachineImage,
  Peer,
  Port,
  SecurityGroup,
  Volume,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Bucket, BucketEncryption, CfnBucket } from 'aws-cdk-lib/aws-s3';
import { describe, expect, test } from 'vitest';
import { SecurityChecks } from '../../../src';
import { newApp } from '../../support/synthesis';

/** What the aspect says about each resource of a stack that `build` fills. */
function findings(build: (stack: Stack) => void): string[] {
  const stack = new Stack(newApp(), 'Test');
  build(stack);
  const checks = new SecurityChecks();
  const nodes = stack.node.findAll();
  nodes.forEach((node) => checks.visit(node));
  return nodes
    .flatMap((node) => node.node.metadata)
    .filter(({ type }) => type === 'aws:cdk:error')
    .map(({ data }) => data as string);
}

test('a finding stops the synthesis of an app, and says where it is', () => {
  const app = newApp();
  new CfnVolume(new Stack(app, 'Disks'), 'Open', { availabilityZone: 'a', size: 1 });
  Aspects.of(app).add(new SecurityChecks());
  expect(() => app.synth()).toThrow(/the volume is not encrypted[^]*Disks\/Open/);
});

type Rule = CfnSecurityGroup.IngressProperty;

const NO_ENCRYPTION = 'the bucket has no encryption: set its encryption property';
const OPEN_VOLUME = 'the volume is not encrypted: set encrypted to true';
const IMAGE_DISKS = 'the disks are those of the image, encrypted or not: name them with encrypted set to true';
const openDisk = (name: string) => `disk ${name} is not encrypted: set encrypted to true`;
const openTo = (cidr: string) => `SSH (port 22) is open to ${cidr}: remove the rule and connect with Session Manager`;

const disk = (encrypted?: boolean) => ({ deviceName: '/dev/xvda', ebs: { volumeSize: 8, encrypted } });
const rule = (given: Partial<Rule>): Rule => ({ ipProtocol: 'tcp', cidrIp: '0.0.0.0/0', ...given });

describe('fails a bucket', () => {
  test.each<[string, (stack: Stack) => void]>([
    ['that names no encryption', (stack) => new CfnBucket(stack, 'Bucket')],
    ['of the construct library that leaves it to AWS', (stack) => new Bucket(stack, 'Bucket')],
  ])('%s', (_name, build) => {
    expect(findings(build)).toEqual([NO_ENCRYPTION]);
  });
});

describe('fails a disk', () => {
  test.each<[string, string[], (stack: Stack) => void]>([
    ['a volume', [OPEN_VOLUME], (stack) => new CfnVolume(stack, 'V', { availabilityZone: 'a', size: 1 })],
    [
      'a volume of the construct library',
      [OPEN_VOLUME],
      (stack) => new Volume(stack, 'V', { availabilityZone: 'a', size: Size.gibibytes(1) }),
    ],
    [
      'a volume whose encryption is known only at deployment',
      [OPEN_VOLUME],
      (stack) => {
        const parameter = new CfnParameter(stack, 'Encrypted');
        new CfnVolume(stack, 'V', { availabilityZone: 'a', size: 1, encrypted: Token.asAny(parameter.value) });
      },
    ],
    [
      'an instance with one open disk of two',
      [openDisk('/dev/xvda')],
      (stack) =>
        new CfnInstance(stack, 'I', {
          blockDeviceMappings: [disk(false), { deviceName: '/dev/xvdb', ebs: { encrypted: true } }],
        }),
    ],
    ['an instance whose disks are not named', [IMAGE_DISKS], (stack) => new CfnInstance(stack, 'I')],
    [
      'an instance of the construct library',
      [IMAGE_DISKS],
      (stack) =>
        new Instance(stack, 'I', {
          vpc: new Vpc(stack, 'Vpc'),
          instanceType: new InstanceType('t3.small'),
          machineImage: MachineImage.latestAmazonLinux2023(),
        }),
    ],
    [
      'an instance that replaces the disk of its launch template',
      [openDisk('/dev/xvda')],
      (stack) =>
        new CfnInstance(stack, 'I', {
          launchTemplate: { launchTemplateId: 'lt-1', version: '1' },
          blockDeviceMappings: [disk()],
        }),
    ],
    [
      'a launch template',
      [openDisk('/dev/xvda')],
      (stack) => new CfnLaunchTemplate(stack, 'T', { launchTemplateData: { blockDeviceMappings: [disk()] } }),
    ],
    ['a launch template without disks', [IMAGE_DISKS], (stack) => new LaunchTemplate(stack, 'T')],
    [
      'a launch template of the construct library',
      [openDisk('/dev/xvda')],
      (stack) =>
        new LaunchTemplate(stack, 'T', {
          blockDevices: [{ deviceName: '/dev/xvda', volume: BlockDeviceVolume.ebs(8) }],
        }),
    ],
    [
      'a launch configuration',
      [openDisk('/dev/xvda')],
      (stack) =>
        new CfnLaunchConfiguration(stack, 'C', {
          imageId: 'ami-1',
          instanceType: 't3.small',
          blockDeviceMappings: [disk(false)],
        }),
    ],
  ])('of %s', (_name, expected, build) => {
    expect(findings(build)).toEqual(expected);
  });
});

const OPEN_RULES: Array<[string, Rule, string]> = [
  ['port 22', rule({ fromPort: 22, toPort: 22 }), '0.0.0.0/0'],
  ['port 22 over IPv6', { ipProtocol: 'tcp', cidrIpv6: '::/0', fromPort: 22, toPort: 22 }, '::/0'],
  ['all addresses in other words', rule({ cidrIp: '10.0.0.0/0', fromPort: 22, toPort: 22 }), '10.0.0.0/0'],
  ['a range that begins at 22', rule({ fromPort: 22, toPort: 80 }), '0.0.0.0/0'],
  ['a range that ends at 22', rule({ fromPort: 1, toPort: 22 }), '0.0.0.0/0'],
  ['every port', rule({ fromPort: 0, toPort: 65535 }), '0.0.0.0/0'],
  ['every port, written as -1', rule({ fromPort: -1, toPort: -1 }), '0.0.0.0/0'],
  ['no ports', rule({}), '0.0.0.0/0'],
  ['every protocol', rule({ ipProtocol: '-1' }), '0.0.0.0/0'],
  ['every protocol over IPv6', { ipProtocol: '-1', cidrIpv6: '::/0' }, '::/0'],
  ['TCP by its number', rule({ ipProtocol: '6', fromPort: 22, toPort: 22 }), '0.0.0.0/0'],
  ['TCP in capitals', rule({ ipProtocol: 'TCP', fromPort: 22, toPort: 22 }), '0.0.0.0/0'],
];

const CLOSED_RULES: Array<[string, Rule]> = [
  ['port 22 from one network', rule({ cidrIp: '10.10.0.0/16', fromPort: 22, toPort: 22 })],
  ['port 22 from one address', rule({ cidrIp: '203.0.113.7/32', fromPort: 22, toPort: 22 })],
  ['port 22 from a group', { ipProtocol: 'tcp', sourceSecurityGroupId: 'sg-1', fromPort: 22, toPort: 22 }],
  ['every protocol from a group', { ipProtocol: '-1', sourceSecurityGroupId: 'sg-1' }],
  ['port 443', rule({ fromPort: 443, toPort: 443 })],
  ['a range below 22', rule({ fromPort: 0, toPort: 21 })],
  ['a range above 22', rule({ fromPort: 23, toPort: 65535 })],
  ['UDP on port 22', rule({ ipProtocol: 'udp', fromPort: 22, toPort: 22 })],
  ['ICMP of every type', rule({ ipProtocol: 'icmp', fromPort: -1, toPort: -1 })],
];

describe('a rule that opens SSH to the world', () => {
  test.each(OPEN_RULES)('fails inline: %s', (_name, ingress, cidr) => {
    const build = (stack: Stack) =>
      new CfnSecurityGroup(stack, 'Group', { groupDescription: 'g', securityGroupIngress: [ingress] });
    expect(findings(build)).toEqual([openTo(cidr)]);
  });

  test.each(OPEN_RULES)('fails as a resource of its own: %s', (_name, ingress, cidr) => {
    expect(findings((stack) => new CfnSecurityGroupIngress(stack, 'Rule', ingress))).toEqual([openTo(cidr)]);
  });

  test.each<[string, IPeer, Port, string]>([
    ['one port', Peer.anyIpv4(), Port.SSH, '0.0.0.0/0'],
    ['one port over IPv6', Peer.anyIpv6(), Port.SSH, '::/0'],
    ['a range', Peer.anyIpv4(), Port.tcpRange(20, 25), '0.0.0.0/0'],
    ['all TCP', Peer.anyIpv4(), Port.allTcp(), '0.0.0.0/0'],
    ['all traffic', Peer.anyIpv6(), Port.allTraffic(), '::/0'],
  ])('fails in the construct library: %s', (_name, peer, port, cidr) => {
    const build = (stack: Stack) =>
      new SecurityGroup(stack, 'Group', { vpc: new Vpc(stack, 'Vpc') }).addIngressRule(peer, port);
    expect(findings(build)).toEqual([openTo(cidr)]);
  });

  test('fails once for each of several rules', () => {
    const build = (stack: Stack) =>
      new CfnSecurityGroup(stack, 'Group', {
        groupDescription: 'g',
        securityGroupIngress: [
          rule({ fromPort: 22, toPort: 22 }),
          rule({ fromPort: 443, toPort: 443 }),
          { ipProtocol: '-1', cidrIpv6: '::/0' },
        ],
      });
    expect(findings(build)).toEqual([openTo('0.0.0.0/0'), openTo('::/0')]);
  });
});

describe('a rule of which something is known only at deployment', () => {
  const withParameter = (ingress: (parameter: CfnParameter) => Rule) => (stack: Stack) => {
    const parameter = new CfnParameter(stack, 'Value', { type: 'Number' });
    const given = ingress(parameter);
    new CfnSecurityGroup(stack, 'Group', { groupDescription: 'g', securityGroupIngress: [given] });
    new CfnSecurityGroupIngress(stack, 'Rule', given);
  };

  test.each<[string, (parameter: CfnParameter) => Rule]>([
    ['the first port', (value) => rule({ fromPort: value.valueAsNumber, toPort: 443 })],
    ['the last port', (value) => rule({ fromPort: 22, toPort: value.valueAsNumber })],
    ['both ports', (value) => rule({ fromPort: value.valueAsNumber, toPort: value.valueAsNumber })],
    ['the protocol', (value) => rule({ ipProtocol: Token.asString(value.value), fromPort: 22, toPort: 22 })],
  ])('fails when it is %s, because that may be 22', (_name, ingress) => {
    expect(findings(withParameter(ingress))).toEqual([openTo('0.0.0.0/0'), openTo('0.0.0.0/0')]);
  });

  test.each<[string, (parameter: CfnParameter) => Rule]>([
    ['the source', (value) => rule({ cidrIp: Token.asString(value.value), fromPort: 22, toPort: 22 })],
    ['the last port of a range above 22', (value) => rule({ fromPort: 443, toPort: value.valueAsNumber })],
  ])('passes when it is %s', (_name, ingress) => {
    expect(findings(withParameter(ingress))).toEqual([]);
  });
});

describe('passes', () => {
  test.each(CLOSED_RULES)('inline: %s', (_name, ingress) => {
    const build = (stack: Stack) =>
      new CfnSecurityGroup(stack, 'Group', { groupDescription: 'g', securityGroupIngress: [ingress] });
    expect(findings(build)).toEqual([]);
  });

  test.each(CLOSED_RULES)('as a resource of its own: %s', (_name, ingress) => {
    expect(findings((stack) => new CfnSecurityGroupIngress(stack, 'Rule', ingress))).toEqual([]);
  });

  test.each<[string, (stack: Stack) => void]>([
    [
      'a bucket of the construct library with encryption',
      (stack) => new Bucket(stack, 'Bucket', { encryption: BucketEncryption.S3_MANAGED }),
    ],
    ['an encrypted volume', (stack) => new CfnVolume(stack, 'V', { availabilityZone: 'a', encrypted: true })],
    [
      'an instance with an encrypted disk',
      (stack) => new CfnInstance(stack, 'I', { blockDeviceMappings: [disk(true)] }),
    ],
    [
      'an instance with a disk of its host, which is always encrypted',
      (stack) => new CfnInstance(stack, 'I', { blockDeviceMappings: [{ deviceName: 'b', virtualName: 'ephemeral0' }] }),
    ],
    [
      "an instance with its launch template's disks",
      (stack) => new CfnInstance(stack, 'I', { launchTemplate: { launchTemplateId: 'lt-1', version: '1' } }),
    ],
    [
      'a launch template with an encrypted disk',
      (stack) =>
        new LaunchTemplate(stack, 'T', {
          blockDevices: [{ deviceName: '/dev/xvda', volume: BlockDeviceVolume.ebs(8, { encrypted: true }) }],
        }),
    ],
    ['a security group without rules', (stack) => new SecurityGroup(stack, 'G', { vpc: new Vpc(stack, 'Vpc') })],
    ['what is no resource', (stack) => new CfnMapping(stack, 'Mapping', { mapping: { a: { b: 'c' } } })],
  ])('%s', (_name, build) => {
    expect(findings(build)).toEqual([]);
  });
});
