import { InstanceArchitecture, InstanceType } from 'aws-cdk-lib/aws-ec2';
import { Duration } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { Capacity, HostImage } from '../../../src';
import { plain, propertiesOf, resourceOf, resourcesOf, type TemplateDocument } from '../../support/template';
import { hostTemplate, workbenchTemplate } from '../../support/workbench';

const types = (...names: string[]) => names.map((name) => new InstanceType(name));
const templateWith = (capacity: Capacity, healthyWithin?: Duration) => hostTemplate({ capacity, healthyWithin });

const GROUP = 'AWS::AutoScaling::AutoScalingGroup';
const FLEET = 'AWS::EC2::EC2Fleet';
const LAUNCHERS = ['AWS::EC2::Instance', GROUP, FLEET];

function launchTemplateData(template: TemplateDocument): Record<string, unknown> {
  return plain(template, propertiesOf(template, 'AWS::EC2::LaunchTemplate').LaunchTemplateData) as Record<
    string,
    unknown
  >;
}

describe('fails', () => {
  test.each<[string, () => Capacity, string]>([
    [
      'an Auto Scaling group without instance types',
      () => Capacity.autoScaling({ instanceTypes: [] }),
      'a capacity needs at least one instance type',
    ],
    [
      'a fleet without instance types',
      () => Capacity.fleet({ instanceTypes: [] }),
      'a capacity needs at least one instance type',
    ],
    [
      'types of two architectures',
      () => Capacity.autoScaling({ instanceTypes: types('t3.small', 't3a.small', 't4g.small') }),
      'instance types t3.small (x86_64) and t4g.small (arm64) cannot share an image: name types of one processor ' +
        'architecture',
    ],
    [
      'types of two architectures in a fleet',
      () => Capacity.fleet({ instanceTypes: types('m7g.large', 'm7i.large') }),
      'instance types m7g.large (arm64) and m7i.large (x86_64) cannot share an image: name types of one processor ' +
        'architecture',
    ],
    [
      'a maximum price without spot',
      () => Capacity.autoScaling({ maxPrice: 0.05 }),
      'maxPrice 0.05 bounds spot prices only: set spot, or leave maxPrice out',
    ],
    [
      'a maximum price without spot in a fleet',
      () => Capacity.fleet({ spot: false, maxPrice: 0.05 }),
      'maxPrice 0.05 bounds spot prices only: set spot, or leave maxPrice out',
    ],
    [
      'a price of nothing',
      () => Capacity.autoScaling({ spot: true, maxPrice: 0 }),
      'maxPrice 0 must be above 0 USD an hour',
    ],
    [
      'a price below nothing',
      () => Capacity.fleet({ spot: true, maxPrice: -1 }),
      'maxPrice -1 must be above 0 USD an hour',
    ],
    [
      'a fallback to on-demand without spot',
      () => Capacity.autoScaling({ onDemandFallback: true }),
      'onDemandFallback is for spot instances: set spot, or leave onDemandFallback out',
    ],
  ])('%s', (_name, make, message) => {
    expect(make).toThrow(message);
  });
});

describe('on demand', () => {
  const template = templateWith(Capacity.onDemand());

  test('is one instance and nothing that replaces it', () => {
    expect(resourcesOf(template, ...LAUNCHERS).map(({ Type }) => Type)).toEqual(['AWS::EC2::Instance']);
    expect(launchTemplateData(template).InstanceType).toBe('t3.small');
    expect(launchTemplateData(template).InstanceMarketOptions).toBeUndefined();
  });

  test('launches from the newest version of its template', () => {
    const { id } = resourceOf(template, 'AWS::EC2::LaunchTemplate');
    expect(plain(template, propertiesOf(template, 'AWS::EC2::Instance').LaunchTemplate)).toEqual({
      LaunchTemplateId: `<${id}>`,
      Version: `<${id}.LatestVersionNumber>`,
    });
  });

  test('takes another type', () => {
    const [type] = types('m7i.large');
    expect(launchTemplateData(templateWith(Capacity.onDemand({ instanceType: type }))).InstanceType).toBe('m7i.large');
  });

  test('asks for an address in a public subnet, where EC2 wants subnet and group in one place', () => {
    const properties = propertiesOf(template, 'AWS::EC2::Instance');
    expect(properties.SubnetId).toBeUndefined();
    expect(plain(template, properties.NetworkInterfaces)).toEqual([
      {
        DeviceIndex: '0',
        AssociatePublicIpAddress: true,
        SubnetId: 'subnet-a',
        GroupSet: [`<${resourceOf(template, 'AWS::EC2::SecurityGroup').id}.GroupId>`],
      },
    ]);
  });

  test('asks for no address in a private subnet', () => {
    const closed = workbenchTemplate({ natGateways: 1 });
    const properties = plain(closed, propertiesOf(closed, 'AWS::EC2::Instance')) as Record<string, unknown>;
    expect(properties.SubnetId).toMatch(/PrivateSubnet1/);
    expect(properties.NetworkInterfaces).toBeUndefined();
    expect(JSON.stringify(closed.Resources)).not.toContain('AssociatePublicIpAddress');
  });
});

describe('an Auto Scaling group', () => {
  const distribution = (capacity: Capacity) => {
    const { MixedInstancesPolicy } = propertiesOf(templateWith(capacity), GROUP);
    return (MixedInstancesPolicy as { InstancesDistribution: unknown }).InstancesDistribution;
  };

  test('keeps exactly one host', () => {
    const group = propertiesOf(templateWith(Capacity.autoScaling()), GROUP);
    expect(group).toMatchObject({ MinSize: '1', MaxSize: '1' });
    expect(group.DesiredCapacity).toBeUndefined();
  });

  test('is on demand unless spot is asked for', () => {
    expect(distribution(Capacity.autoScaling())).toMatchObject({ OnDemandPercentageAboveBaseCapacity: 100 });
  });

  test('really is spot when spot is asked for: no instance is bought on demand', () => {
    expect(distribution(Capacity.autoScaling({ spot: true }))).toEqual({
      OnDemandAllocationStrategy: 'prioritized',
      OnDemandPercentageAboveBaseCapacity: 0,
      SpotAllocationStrategy: 'price-capacity-optimized',
    });
  });

  test('pays no more than the maximum price', () => {
    expect(distribution(Capacity.autoScaling({ spot: true, maxPrice: 0.05 }))).toMatchObject({ SpotMaxPrice: '0.05' });
  });

  test('chooses among all its types, in all subnets', () => {
    const capacity = Capacity.autoScaling({ instanceTypes: types('t3.small', 't3a.small') });
    const template = templateWith(capacity);
    const { LaunchTemplate } = propertiesOf(template, GROUP).MixedInstancesPolicy as { LaunchTemplate: unknown };
    expect(LaunchTemplate).toMatchObject({ Overrides: [{ InstanceType: 't3.small' }, { InstanceType: 't3a.small' }] });
    expect(propertiesOf(template, GROUP).VPCZoneIdentifier).toHaveLength(2);
  });

  test('replaces the host only after the old one is gone, and rolls back when the new one sends no signal', () => {
    const template = templateWith(Capacity.autoScaling(), Duration.minutes(10));
    expect(resourceOf(template, GROUP).UpdatePolicy).toMatchObject({
      AutoScalingRollingUpdate: {
        MinInstancesInService: 0,
        MaxBatchSize: 1,
        WaitOnResourceSignals: true,
        PauseTime: 'PT10M',
      },
    });
  });
});

describe('the fallback of a spot group to on demand', () => {
  const fallback = (capacity: Capacity) =>
    resourcesOf(templateWith(capacity), 'AWS::StepFunctions::StateMachine', 'AWS::Events::Rule').length > 0;

  test.each<[string, boolean, Capacity]>([
    ['there with spot', true, Capacity.autoScaling({ spot: true })],
    [
      'there with spot and a price, when asked for',
      true,
      Capacity.autoScaling({ spot: true, maxPrice: 1, onDemandFallback: true }),
    ],
    ['not there with a maximum price', false, Capacity.autoScaling({ spot: true, maxPrice: 1 })],
    ['not there when declined', false, Capacity.autoScaling({ spot: true, onDemandFallback: false })],
    ['not there on demand', false, Capacity.autoScaling()],
  ])('is %s', (_name, expected, capacity) => {
    expect(fallback(capacity)).toBe(expected);
  });

  test('listens for failed spot launches of this group before the group launches anything', () => {
    const template = templateWith(Capacity.autoScaling({ spot: true }));
    const group = resourceOf(template, GROUP);
    const rule = resourceOf(template, 'AWS::Events::Rule');
    expect(rule.Properties?.EventPattern).toEqual({
      source: ['aws.autoscaling'],
      'detail-type': ['EC2 Instance Launch Unsuccessful'],
      detail: { AutoScalingGroupName: [{ prefix: `Test-${group.id}` }], StatusMessage: [{ wildcard: '*Spot*' }] },
    });
    expect(group.DependsOn).toContain(rule.id);
  });
});

describe('a fleet', () => {
  const template = templateWith(
    Capacity.fleet({ spot: true, instanceTypes: types('t3.small', 't3a.small'), maxPrice: 0.05 }),
  );

  test('maintains one spot host, of the type and subnet with the best price and capacity', () => {
    expect(propertiesOf(template, FLEET)).toMatchObject({
      Type: 'maintain',
      TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: 'spot' },
      SpotOptions: { AllocationStrategy: 'price-capacity-optimized', InstanceInterruptionBehavior: 'terminate' },
      ReplaceUnhealthyInstances: true,
    });
    expect(propertiesOf(template, FLEET).OnDemandOptions).toBeUndefined();
  });

  test('names every type in every subnet, each with the maximum price', () => {
    const { LaunchTemplateConfigs } = plain(template, propertiesOf(template, FLEET)) as {
      LaunchTemplateConfigs: Array<{ Overrides: Array<Record<string, string>> }>;
    };
    const overrides = LaunchTemplateConfigs.flatMap(({ Overrides }) => Overrides);
    expect(overrides.map(({ InstanceType, MaxPrice }) => [InstanceType, MaxPrice])).toEqual([
      ['t3.small', '0.05'],
      ['t3.small', '0.05'],
      ['t3a.small', '0.05'],
      ['t3a.small', '0.05'],
    ]);
    expect(new Set(overrides.map(({ SubnetId }) => SubnetId)).size).toBe(2);
  });

  test('is on demand unless spot is asked for', () => {
    const properties = propertiesOf(templateWith(Capacity.fleet()), FLEET);
    expect(properties).toMatchObject({
      TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: 'on-demand' },
      OnDemandOptions: { AllocationStrategy: 'lowest-price' },
    });
    expect(properties.SpotOptions).toBeUndefined();
    expect(JSON.stringify(properties)).not.toContain('MaxPrice');
  });

  test('that a changed host replaces is waited for by a new condition', () => {
    const conditionOf = (image: HostImage) =>
      resourceOf(hostTemplate({ capacity: Capacity.fleet(), image }), 'AWS::CloudFormation::WaitCondition').id;
    const [before, after] = [HostImage.amazonLinux(), HostImage.fromParameter('/images/own')].map(conditionOf);
    expect(after).not.toBe(before);
    expect(conditionOf(HostImage.amazonLinux())).toBe(before);
  });
});

describe('the image', () => {
  const AMAZON_LINUX = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default';

  test.each<[string, Capacity, string]>([
    ['an instance', Capacity.onDemand(), `resolve:ssm:${AMAZON_LINUX}-x86_64`],
    [
      'an arm64 instance',
      Capacity.onDemand({ instanceType: types('t4g.small')[0] }),
      `resolve:ssm:${AMAZON_LINUX}-arm64`,
    ],
    ['a group', Capacity.autoScaling(), `resolve:ssm:${AMAZON_LINUX}-x86_64`],
    ['a fleet, which cannot read it itself', Capacity.fleet(), `{{resolve:ssm:${AMAZON_LINUX}-x86_64}}`],
    [
      'an arm64 fleet',
      Capacity.fleet({ instanceTypes: types('m7g.large', 'r8g.large') }),
      `{{resolve:ssm:${AMAZON_LINUX}-arm64}}`,
    ],
  ])('of %s is read from the parameter of its architecture', (_name, capacity, expected) => {
    expect(launchTemplateData(templateWith(capacity)).ImageId).toBe(expected);
  });

  test('of the user is read from the parameter that they name', () => {
    const template = hostTemplate({ image: HostImage.fromParameter('/images/own') });
    expect(launchTemplateData(template).ImageId).toBe('resolve:ssm:/images/own');
  });

  test.each(['images/own', 'ami-0123456789abcdef0', ''])('fails with "%s", which is no full name', (name) => {
    expect(() => HostImage.fromParameter(name)).toThrow(
      `image parameter "${name}" must be a full name that starts with a slash, as in /images/tablesleuth`,
    );
  });
});

test('a capacity knows the architecture of its types', () => {
  expect(Capacity.fleet({ instanceTypes: types('m7g.large', 'r8g.large') }).architecture).toBe(
    InstanceArchitecture.ARM_64,
  );
  expect(Capacity.onDemand().architecture).toBe(InstanceArchitecture.X86_64);
});
