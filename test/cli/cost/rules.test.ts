import { describe, expect, test } from 'vitest';
import type { TemplateResource } from '../../../cli/cost/template';
import { charged, chargesOfOne, linesOfOne, of, template } from './priced-templates';
import { chargesOf } from '../../../cli/cost/estimate';
import { assume } from '../../../cli/cost/assumptions';

describe('every type of resource', () => {
  test('that nobody has thought of is listed with its reason, and not as zero', () => {
    expect(linesOfOne(of('AWS::DynamoDB::Table'))).toEqual([
      { stack: 'Some', resource: 'Some', type: 'AWS::DynamoDB::Table', what: 'AWS::DynamoDB::Table', usd: undefined },
    ]);
  });
});

describe('a host', () => {
  const disk = { BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 30, VolumeType: 'gp3' } }] };
  const launchTemplate = (data: object) => of('AWS::EC2::LaunchTemplate', { LaunchTemplateData: { ...disk, ...data } });
  const launched = { LaunchTemplate: { LaunchTemplateId: { Ref: 'Template' } } };
  const small = launchTemplate({ InstanceType: 't3.small' });

  test('without a type has an unknown price', () => {
    expect(charged(of('AWS::EC2::Instance', disk))).toContainEqual(expect.objectContaining({ kind: 'unknown' }));
  });

  test('whose disk nobody describes has a disk of unknown price', () => {
    expect(charged(of('AWS::EC2::Instance', { InstanceType: 't3.small' }))).toContainEqual({
      kind: 'unknown',
      what: 'disk',
      why: 'the image decides its size',
    });
  });

  test('that is an instance keeps its disk while it is stopped; one of a group does not', () => {
    const billedDisk = (resource: TemplateResource) =>
      chargesOfOne(resource, { Template: small }).flatMap(({ charge }) =>
        charge.kind === 'rate' && charge.rate === 'gp3Gb' ? [charge.billed] : [],
      );
    expect(billedDisk(of('AWS::EC2::Instance', launched))).toEqual(['always']);
    expect(billedDisk(of('AWS::AutoScaling::AutoScalingGroup', launched))).toEqual(['running']);
  });

  test.each<[string, object, number]>([
    ['all spot', { OnDemandPercentageAboveBaseCapacity: 0 }, 1],
    ['none without a percentage, as AWS has it', {}, 0],
    ['half above a base', { OnDemandBaseCapacity: 2, OnDemandPercentageAboveBaseCapacity: 50 }, 0.25],
  ])('of a group is spot as its policy says: %s', (_name, InstancesDistribution, spotShare) => {
    const group = of('AWS::AutoScaling::AutoScalingGroup', {
      DesiredCapacity: '4',
      MixedInstancesPolicy: {
        InstancesDistribution,
        LaunchTemplate: {
          LaunchTemplateSpecification: { LaunchTemplateId: { Ref: 'Template' } },
          Overrides: [{ InstanceType: 't3.small' }, { InstanceType: 't3a.small' }],
        },
      },
    });
    expect(charged(group, { Template: small })[0]).toEqual({
      kind: 'host',
      hosts: 4,
      instanceTypes: ['t3.small', 't3a.small'],
      onDemand: 'first',
      spotShare,
    });
  });

  test('of a group that scales is counted as often as there must be one, and says how many there may be', () => {
    const Template = launchTemplate({ InstanceType: 't3.small', Monitoring: { Enabled: true } });
    const group = of('AWS::AutoScaling::AutoScalingGroup', { ...launched, MinSize: '2', MaxSize: '5' });
    expect(charged(group, { Template })[0]).toMatchObject({ kind: 'host', hosts: 2, most: 5 });
    expect(charged(group, { Template })).toContainEqual(['customMetric', 14]);
  });

  test('of a group with hours is counted as often as its schedule starts one, and not by another group’s', () => {
    const Template = launchTemplate({ InstanceType: 't3.small' });
    const group = of('AWS::AutoScaling::AutoScalingGroup', { ...launched, MinSize: '0', MaxSize: '4' });
    const schedule = (Ref: string, sizes: string) =>
      of('AWS::Scheduler::Schedule', {
        Target: { Input: { 'Fn::Join': ['', ['{"AutoScalingGroupName":"', { Ref }, `",${sizes}}`]] } },
      });
    const stop = schedule('Some', '"MinSize":0,"DesiredCapacity":0');
    const hosts = (start: TemplateResource) => charged(group, { Template, start, stop })[0];
    expect(hosts(schedule('Some', '"MinSize":2'))).toMatchObject({ kind: 'host', hosts: 2, most: 4 });
    expect(hosts(schedule('Some', '"DesiredCapacity":1'))).toMatchObject({ kind: 'host', hosts: 1 });
    expect(hosts(schedule('Another', '"MinSize":3'))).toMatchObject({ kind: 'host', hosts: 1 });
  });

  test('of a spot launch template is spot', () => {
    const Template = launchTemplate({ InstanceType: 't3.small', InstanceMarketOptions: { MarketType: 'spot' } });
    expect(charged(of('AWS::AutoScaling::AutoScalingGroup', launched), { Template })[0]).toMatchObject({
      spotShare: 1,
    });
  });

  test('of a fleet is bought as its target says, one type named once for all subnets', () => {
    const fleet = of('AWS::EC2::EC2Fleet', {
      TargetCapacitySpecification: { TotalTargetCapacity: 2, DefaultTargetCapacityType: 'spot' },
      LaunchTemplateConfigs: [
        {
          LaunchTemplateSpecification: { LaunchTemplateId: { Ref: 'Template' } },
          Overrides: [
            { InstanceType: 't3.small', SubnetId: 'a' },
            { InstanceType: 't3.small', SubnetId: 'b' },
          ],
        },
      ],
    });
    expect(charged(fleet, { Template: small })).toEqual([
      { kind: 'host', hosts: 2, instanceTypes: ['t3.small'], onDemand: 'cheapest', spotShare: 1 },
      ['gp3Gb', 60],
    ]);
  });

  test('has a public address when it asks for one, or when its subnet gives one', () => {
    const asks = { InstanceType: 't3.small', ...disk, NetworkInterfaces: [{ AssociatePublicIpAddress: true }] };
    const isGiven = { InstanceType: 't3.small', ...disk, SubnetId: { Ref: 'Subnet' } };
    const Subnet = of('AWS::EC2::Subnet', { MapPublicIpOnLaunch: true });
    expect(charged(of('AWS::EC2::Instance', asks))).toContainEqual(['publicIpv4', 730]);
    expect(charged(of('AWS::EC2::Instance', isGiven), { Subnet })).toContainEqual(['publicIpv4', 730]);
    expect(charged(of('AWS::EC2::Instance', isGiven), { Subnet: of('AWS::EC2::Subnet') })).toHaveLength(2);
  });

  test('has custom metrics when its user data says that it sends them', () => {
    const group = of('AWS::AutoScaling::AutoScalingGroup', launched);
    const sending = (value: string) =>
      launchTemplate({ InstanceType: 't3.small', UserData: { 'Fn::Base64': `HOST_METRICS="${value}"` } });
    expect(charged(group, { Template: sending('true') })).toContainEqual(['customMetric', 12]);
    expect(charged(group, { Template: sending('false') })).not.toContainEqual(['customMetric', 12]);
  });
});

test('a fleet takes the cheapest of its types on demand, a group the first one', () => {
  const types = { Overrides: [{ InstanceType: 't3.small' }, { InstanceType: 't3a.small' }] };
  const launched = (resource: TemplateResource) => linesOfOne(resource)[0]?.usd;
  const target = { TotalTargetCapacity: 1, DefaultTargetCapacityType: 'on-demand' };
  const fleet = of('AWS::EC2::EC2Fleet', { TargetCapacitySpecification: target, LaunchTemplateConfigs: [types] });
  const group = of('AWS::AutoScaling::AutoScalingGroup', {
    MixedInstancesPolicy: { InstancesDistribution: {}, LaunchTemplate: types },
  });
  expect(launched(fleet)).toBeCloseTo(0.0188 * 730, 5);
  expect(launched(group)).toBeCloseTo(0.0208 * 730, 5);
});

describe('what is billed by use that no template tells is never zero:', () => {
  test.each<[string, string, object]>([
    ['builds', 'AWS::CodeBuild::Project', { Environment: { ComputeType: 'BUILD_GENERAL1_LARGE' } }],
    ['images', 'AWS::ImageBuilder::ImagePipeline', {}],
    ['people of a user pool', 'AWS::Cognito::UserPool', {}],
    ['requests through a web ACL', 'AWS::WAFv2::WebACLAssociation', {}],
    ['a web ACL', 'AWS::WAFv2::WebACL', {}],
    ['a pipeline of the old type', 'AWS::CodePipeline::Pipeline', {}],
  ])('%s', (_name, type, properties) => {
    const lines = linesOfOne(of(type, properties as TemplateResource['Properties']));
    expect(lines.map(({ usd }) => usd)).toEqual([undefined]);
  });

  test('a pipeline is billed by the minutes of its actions', () => {
    expect(charged(of('AWS::CodePipeline::Pipeline', { PipelineType: 'V2' }))).toEqual([['pipelineMinutes', 500]]);
  });
});

describe('a disk', () => {
  test('of gp3 costs more above 3,000 IOPS and 125 MB/s', () => {
    expect(charged(of('AWS::EC2::Volume', { Size: 50, VolumeType: 'gp3', Iops: 4000, Throughput: 250 }))).toEqual([
      ['gp3Gb', 50],
      ['gp3Iops', 1000],
      ['gp3Throughput', 125],
    ]);
  });

  test('without a type is gp2, as CloudFormation has it', () => {
    expect(charged(of('AWS::EC2::Volume', { Size: 50 }))).toEqual([['gp2Gb', 50]]);
  });

  test('of another type has an unknown price', () => {
    expect(linesOfOne(of('AWS::EC2::Volume', { Size: 50, VolumeType: 'io2' }))[0]?.usd).toBeUndefined();
  });
});

describe('what is around a host', () => {
  test.each<[string, TemplateResource, unknown[]]>([
    [
      'a NAT gateway, by the hour and by the GB',
      of('AWS::EC2::NatGateway'),
      [
        ['natGateway', 730],
        ['natGatewayData', 10],
      ],
    ],
    ['an address, whether or not it is used', of('AWS::EC2::EIP'), [['publicIpv4', 730]]],
    ['no gateway endpoint', of('AWS::EC2::VPCEndpoint', { VpcEndpointType: 'Gateway' }), []],
    [
      'an interface endpoint in each zone',
      of('AWS::EC2::VPCEndpoint', { VpcEndpointType: 'Interface', SubnetIds: ['a', 'b'] }),
      [
        ['interfaceEndpoint', 1460],
        ['interfaceEndpointData', 1],
      ],
    ],
    [
      'a key and its requests',
      of('AWS::KMS::Key'),
      [
        ['kmsKey', 1],
        ['kmsRequests', 0.5],
      ],
    ],
    [
      'a secret in each region',
      of('AWS::SecretsManager::Secret', { ReplicaRegions: [{ Region: 'eu-west-1' }] }),
      [
        ['secret', 2],
        ['secretRequests', 0.01],
      ],
    ],
    ['no standard parameter', of('AWS::SSM::Parameter', { Type: 'String' }), []],
    [
      'an advanced parameter, whose price is unknown',
      of('AWS::SSM::Parameter', { Tier: 'Advanced' }),
      [expect.objectContaining({ kind: 'unknown' })],
    ],
    ['an alarm', of('AWS::CloudWatch::Alarm', { Period: 300 }), [['alarm', 1]]],
    ['an alarm of high resolution', of('AWS::CloudWatch::Alarm', { Period: 10 }), [['fastAlarm', 1]]],
    [
      'an alarm over two metrics',
      of('AWS::CloudWatch::Alarm', {
        Metrics: [{ MetricStat: { Period: 60 } }, { MetricStat: { Period: 60 } }, { Expression: 'a/b' }],
      }),
      [['alarm', 2]],
    ],
    [
      'the two alarms that target tracking makes',
      of('AWS::AutoScaling::ScalingPolicy', { PolicyType: 'TargetTrackingScaling' }),
      [['alarm', 2]],
    ],
    ['no other scaling policy', of('AWS::AutoScaling::ScalingPolicy', { PolicyType: 'StepScaling' }), []],
    ['a dashboard', of('AWS::CloudWatch::Dashboard'), [['dashboard', 1]]],
    ['snapshots of a backup plan', of('AWS::Backup::BackupPlan'), [['snapshotGb', 20]]],
    ['files', of('AWS::EFS::FileSystem'), [['efsGb', 10]]],
    [
      'files, and what is read and written where throughput is elastic',
      of('AWS::EFS::FileSystem', { ThroughputMode: 'elastic' }),
      [
        ['efsGb', 10],
        ['efsReadGb', 20],
        ['efsWrittenGb', 5],
      ],
    ],
    [
      'provisioned throughput of a file system, whose price is unknown',
      of('AWS::EFS::FileSystem', { ThroughputMode: 'provisioned' }),
      [['efsGb', 10], expect.objectContaining({ kind: 'unknown' })],
    ],
    [
      'a function by its memory',
      of('AWS::Lambda::Function', { MemorySize: 512 }),
      [
        ['lambdaRequests', 0.0001],
        ['lambdaGbSeconds', 50],
      ],
    ],
    [
      'a load balancer and its addresses',
      of('AWS::ElasticLoadBalancingV2::LoadBalancer', { Subnets: ['a', 'b'] }),
      [
        ['loadBalancer', 730],
        ['loadBalancerCapacity', 73],
        ['publicIpv4', 1460],
      ],
    ],
  ])('is charged: %s', (_name, resource, expected) => {
    expect(charged(resource)).toEqual(expected);
  });

  test('takes the assumptions that are given', () => {
    const charges = chargesOf([template({ Nat: of('AWS::EC2::NatGateway') })], assume(['natGb=100']));
    expect(charges).toContainEqual(
      expect.objectContaining({ charge: expect.objectContaining({ amount: 100 }) as unknown }),
    );
  });

  test('logs are stored for as long as they are kept', () => {
    const stored = (days: number) => linesOfOne(of('AWS::Logs::LogGroup', { RetentionInDays: days }))[0]?.usd ?? 0;
    expect(stored(365)).toBeCloseTo(0.1 * 0.5 + 1.2 * 0.03, 5);
    expect(stored(30)).toBeLessThan(stored(365));
  });
});
