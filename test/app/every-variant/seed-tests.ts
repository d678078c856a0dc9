import { type Stack } from 'aws-cdk-lib';
import { CfnInstance, CfnLaunchTemplate, CfnVolume, CfnVPC } from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { describe, expect, test } from 'vitest';
import { openDisks } from '../../support/disks';
import { wildcardActions } from '../../support/iam';
import { synthesize, templateOf } from '../../support/synthesis';
import { resourcesOf, type TemplateDocument } from '../../support/template';
import { VARIANTS } from '../../support/variants';

const vpcs = (template: TemplateDocument) =>
  resourcesOf(template, 'AWS::EC2::VPC').map(({ Properties }) => Properties?.CidrBlock);

describe('test_vpc_created', () => {
  test('one VPC is created, with the CIDR 10.10.0.0/16', () => {
    expect(synthesize().synthesis.stacks.flatMap(({ template }) => vpcs(template))).toEqual(['10.10.0.0/16']);
  });

  test('the check sees a second VPC and another CIDR', () => {
    const template = templateOf((stack) => {
      new CfnVPC(stack, 'One', { cidrBlock: '10.10.0.0/16' });
      new CfnVPC(stack, 'Two', { cidrBlock: '10.20.0.0/16' });
    });
    expect(vpcs(template)).toEqual(['10.10.0.0/16', '10.20.0.0/16']);
  });
});

describe('test_ebs_encryption_enabled', () => {
  test.each(VARIANTS)('every disk of every host is encrypted: %s', (_name, settings) => {
    const { workbench } = synthesize(settings);
    expect(resourcesOf(workbench, 'AWS::EC2::LaunchTemplate')).toHaveLength(1);
    expect(openDisks(workbench)).toEqual([]);
  });

  test('the check sees disks that are not encrypted, wherever they are declared', () => {
    const ebs = { volumeSize: 8 };
    const template = templateOf((stack) => {
      new CfnVolume(stack, 'Volume', { availabilityZone: 'a', size: 1 });
      new CfnInstance(stack, 'Instance', { blockDeviceMappings: [{ deviceName: '/dev/xvda', ebs }] });
      new CfnInstance(stack, 'Unnamed');
      new CfnLaunchTemplate(stack, 'Template', {
        launchTemplateData: {
          blockDeviceMappings: [
            { deviceName: '/dev/xvda', ebs: { encrypted: true } },
            { deviceName: '/dev/xvdb', ebs: { encrypted: false } },
          ],
        },
      });
    });
    expect(openDisks(template)).toEqual([
      'Volume',
      'Instance: /dev/xvda',
      "Unnamed: the image's own disk",
      'Template: /dev/xvdb',
    ]);
  });
});

describe('test_iam_least_privilege', () => {
  test.each(VARIANTS)('no identity is allowed a wildcard of actions: %s', (_name, settings) => {
    expect(synthesize(settings).synthesis.stacks.flatMap(({ template }) => wildcardActions(template))).toEqual([]);
  });

  const roleWith = (...statements: PolicyStatement[]) =>
    templateOf((stack: Stack) => {
      const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
      statements.forEach((statement) => role.addToPolicy(statement));
    });
  const statement = (...actions: string[]) => new PolicyStatement({ actions, resources: ['*'] });

  test.each<[string, string[], TemplateDocument]>([
    ['s3:*', ['s3:*'], roleWith(statement('s3:*'))],
    ['everything', ['*'], roleWith(statement('*'))],
    ['a family of actions', ['s3:Get*'], roleWith(statement('s3:Get*'))],
    [
      'one bad action among good ones',
      ['glue:*'],
      roleWith(statement('s3:GetObject'), statement('kms:Decrypt', 'glue:*')),
    ],
    [
      'all actions but one',
      ['* except iam:PassRole'],
      roleWith(new PolicyStatement({ notActions: ['iam:PassRole'], resources: ['*'] })),
    ],
    [
      'a policy inside a role',
      ['s3:*'],
      templateOf((stack) => {
        const inlinePolicies = { Inline: new ManagedPolicy(stack, 'P', { statements: [statement('s3:*')] }).document };
        new Role(stack, 'Role', { assumedBy: new ServicePrincipal('ec2.amazonaws.com'), inlinePolicies });
        stack.node.tryRemoveChild('P');
      }),
    ],
    [
      'a policy of its own',
      ['s3:*'],
      templateOf((stack) => new ManagedPolicy(stack, 'P', { statements: [statement('s3:*')] })),
    ],
  ])('the check sees %s', (_name, actions, template) => {
    expect(wildcardActions(template).map((problem) => problem.replace(/^.* allows /, ''))).toEqual(actions);
  });
});
