import { Stack } from 'aws-cdk-lib';
import { AutoScalingGroup, InstanceRefreshStrategy, Signals, UpdatePolicy } from 'aws-cdk-lib/aws-autoscaling';
import { CfnInstance, CfnSecurityGroup, InstanceType, MachineImage, Vpc } from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnBucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, test } from 'vitest';
import type { Settings } from '../../app/settings';
import { addEnvironment } from '../../app/stacks/environment';
import { acknowledge, Pack } from '../../src/private/acknowledge';
import { VARIANTS } from '../support/variants';
import { inspect, staleAcknowledgements, untypedResources } from './inspection';

/** Warnings of CDK itself that may be acknowledged; whether one is still given cannot be seen in the app. */
const WARNINGS = [
  'Annotation::@aws-cdk/aws-ec2:noSubnetRouteTableId',
  'Annotation::@aws-cdk/aws-autoscaling:signalsNotUsedByInstanceRefresh',
];

const hasOwnNetwork = ({ service }: Settings) => service !== undefined && service.network !== 'shared';

describe.each(VARIANTS)('%s', (_name, settings) => {
  const inspection = inspect((app) => addEnvironment(app, settings));

  test('has no finding and no warning', () => {
    expect(inspection.findings).toEqual([]);
  });

  test('accepts findings one by one, each with a reason', () => {
    expect(inspection.acknowledgements.length).toBeGreaterThan(0);
    const poor = inspection.acknowledgements.filter(({ reason, blanket }) => blanket || reason.split(/\s+/).length < 5);
    expect(poor).toEqual([]);
  });

  test('accepts no finding that is not there', () => {
    expect(staleAcknowledgements(inspection)).toEqual([]);
  });

  test('accepts no warning of CDK that is not in the table', () => {
    const warnings = inspection.acknowledgements.filter(({ rule }) => rule.startsWith('Annotation::'));
    expect(warnings.filter(({ rule }) => !WARNINGS.includes(rule))).toEqual([]);
  });

  test('has nothing that the packs cannot see, but the function that empties default security groups', () => {
    const ofHosts = settings.network.vpcId === undefined ? settings.regions : [];
    const networks = [...ofHosts, ...(hasOwnNetwork(settings) ? settings.regions : [])];
    const own = ['AWS::IAM::Role', 'AWS::Lambda::Function'].flatMap((type) => networks.map(() => type));
    const hidden = untypedResources(inspection.synthesis.app).filter((type) => !type.startsWith('Custom::'));
    expect(hidden.sort()).toEqual(own);
  });
});

describe('the guardrails bite:', () => {
  const rulesIn = (build: (stack: Stack) => void) =>
    inspect((app) => build(new Stack(app, 'Bad'))).findings.map(({ rule }) => rule);

  test.each<[string, string, (stack: Stack) => void]>([
    [
      'AwsSolutions',
      'AwsSolutions-IAM5[Action::s3:*]',
      (stack) =>
        new ManagedPolicy(stack, 'Policy', {
          statements: [new PolicyStatement({ actions: ['s3:*'], resources: ['arn:aws:s3:::lake'] })],
        }),
    ],
    ['HIPAA Security', 'HIPAA.Security-S3BucketLoggingEnabled', (stack) => new CfnBucket(stack, 'Bucket')],
    ['NIST 800-53 R5', 'NIST.800.53.R5-S3BucketVersioningEnabled', (stack) => new CfnBucket(stack, 'Bucket')],
    ['PCI DSS', 'PCI.DSS.321-S3BucketLoggingEnabled', (stack) => new CfnBucket(stack, 'Bucket')],
    [
      "CDK's own validation",
      'F3002',
      (stack) => new CfnInstance(stack, 'I', { blockDeviceMappings: [] }).addPropertyOverride('NoSuchProperty', 1),
    ],
    ["the project's own checks", 'Annotation::error-annotation', (stack) => new CfnBucket(stack, 'Bucket')],
  ])('%s', (_name, rule, build) => {
    expect(rulesIn(build)).toContain(rule);
  });

  test('the warnings of CDK that are in the table are still given', () => {
    const rules = rulesIn((stack) => {
      const vpc = Vpc.fromVpcAttributes(stack, 'Vpc', {
        vpcId: 'vpc-0123456789abcdef0',
        availabilityZones: ['us-east-2a'],
        privateSubnetIds: ['subnet-0123456789abcdef0'],
      });
      expect(vpc.privateSubnets).toHaveLength(1);
      new AutoScalingGroup(stack, 'Group', {
        vpc,
        instanceType: new InstanceType('t3.small'),
        machineImage: MachineImage.genericLinux({ 'us-east-2': 'ami-0c2023a1b2c3d4e5f' }),
        signals: Signals.waitForMinCapacity(),
        updatePolicy: UpdatePolicy.instanceRefresh({
          strategy: InstanceRefreshStrategy.ROLLING,
          minHealthyPercentage: 100,
          maxHealthyPercentage: 110,
        }),
      });
    });
    expect(rules).toEqual(expect.arrayContaining(WARNINGS));
  });

  test('a finding that is acknowledged elsewhere is a finding still', () => {
    const rules = rulesIn((stack) => {
      acknowledge(new Topic(stack, 'Topic'), [Pack.AWS_SOLUTIONS], 'EC23', 'This is about something else entirely');
      new CfnSecurityGroup(stack, 'Group', {
        groupDescription: 'open',
        securityGroupIngress: [{ ipProtocol: 'tcp', fromPort: 80, toPort: 80, cidrIp: '0.0.0.0/0' }],
      });
    });
    expect(rules).toContain('AwsSolutions-EC23');
  });

  test('an acknowledgement of what is not there is stale', () => {
    const inspection = inspect((app) => {
      const topic = new Topic(new Stack(app, 'Stack'), 'Topic');
      acknowledge(topic, [Pack.AWS_SOLUTIONS], 'EC23', 'There is no security group here, so nothing is accepted');
    });
    expect(staleAcknowledgements(inspection).map(({ rule }) => rule)).toEqual(['AwsSolutions-EC23']);
  });

  test('an acknowledgement on a stack is seen as a blanket', () => {
    const { acknowledgements } = inspect((app) => {
      acknowledge(new Stack(app, 'Stack'), [Pack.AWS_SOLUTIONS], 'EC23', 'All of it, wherever it may turn up');
    });
    expect(acknowledgements.map(({ blanket }) => blanket)).toEqual([true]);
  });
});
