import { Duration, Lazy } from 'aws-cdk-lib';
import { InstanceType, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { describe, expect, test } from 'vitest';
import { Capacity, DataAccess } from '../../../src';
import { statementsOf } from '../../support/iam';
import { inStack, templateOf } from '../../support/synthesis';
import { plain, propertiesOf, resourceOf, resourcesOf, type TemplateDocument } from '../../support/template';
import { userDataOf } from '../../support/user-data';
import { hostTemplate, workbench, workbenchTemplate } from '../../support/workbench';

const CAPACITIES: Array<[string, Capacity]> = [
  ['one instance', Capacity.onDemand()],
  ['an Auto Scaling group', Capacity.autoScaling({ spot: true })],
  ['a fleet', Capacity.fleet({ spot: true })],
];

const LAUNCHERS = ['AWS::EC2::Instance', 'AWS::AutoScaling::AutoScalingGroup', 'AWS::EC2::EC2Fleet'];

/** The resource that the host's signal names. */
function signalled(template: TemplateDocument) {
  const id = /--logical-resource-id "([^"]+)"/.exec(userDataOf(template))?.[1];
  return resourcesOf(template).find((resource) => resource.id === id);
}

describe('fails', () => {
  test.each<[string, Parameters<typeof workbench>[1], string]>([
    [
      'with a user name that would break the settings of the host',
      { gizmosqlUsername: 'ad"min' },
      'GIZMOSQL_USERNAME is "ad\\"min", expected no quote, dollar, backtick, backslash or line break',
    ],
    [
      'with a memory limit that would run a command',
      { gizmosqlMemoryLimit: '$(reboot)' },
      'GIZMOSQL_MEMORY_LIMIT is "$(reboot)"',
    ],
    [
      'with less time than a boot and its report take',
      { healthyWithin: Duration.seconds(179) },
      'Test/Workbench: healthyWithin is 179 seconds, expected 3 to 60 minutes',
    ],
    [
      'with more time than an update can wait',
      { healthyWithin: Duration.minutes(61) },
      'healthyWithin is 3660 seconds, expected 3 to 60 minutes',
    ],
    [
      'with a time that is known only at deployment',
      { healthyWithin: Duration.minutes(Lazy.number({ produce: () => 20 })) },
      'healthyWithin is a token, expected a time that is known at synthesis',
    ],
    [
      'in subnets that the network does not have',
      { vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED } },
      "There are no 'Isolated' subnet groups in this VPC",
    ],
  ])('%s', (_name, props, message) => {
    expect(() => inStack((stack) => workbench(stack, props))).toThrow(message);
  });
});

describe.each(CAPACITIES)('%s', (_name, capacity) => {
  const template = workbenchTemplate({ capacity });

  test('signals a resource that exists, and that waits for just that', () => {
    expect(signalled(template)?.CreationPolicy).toEqual({ ResourceSignal: { Count: 1, Timeout: 'PT20M' } });
  });

  test('may signal its own stack and no other', () => {
    const [statement] = statementsOf(template).filter(({ actions }) =>
      actions.includes('cloudformation:SignalResource'),
    );
    expect(statement?.resources).toEqual(['<AWS::StackId>']);
  });

  test('waits as long as it is told to', () => {
    const patient = hostTemplate({ capacity, healthyWithin: Duration.minutes(45) });
    expect(signalled(patient)?.CreationPolicy).toEqual({ ResourceSignal: { Count: 1, Timeout: 'PT45M' } });
    expect(userDataOf(patient)).toContain('a new host has 2700 s to become healthy, 90 of them to boot and to report');
  });

  test('boots only when its subnets have their way out', () => {
    const routes = resourcesOf(template, 'AWS::EC2::Route').map(({ id }) => id);
    expect(routes).toHaveLength(2);
    for (const launcher of resourcesOf(template, ...LAUNCHERS)) {
      expect(launcher.DependsOn).toEqual(expect.arrayContaining(routes));
    }
  });

  test('boots with the permissions that it needs: the role has its policies from the beginning', () => {
    const roles = resourcesOf(template, 'AWS::IAM::Role').filter(({ id }) => id.includes('HostRole'));
    expect(roles.map(({ Properties }) => Properties?.ManagedPolicyArns)).toEqual([
      [{ Ref: expect.stringMatching(/HostRoleOperation/) as unknown }],
    ]);
    expect(resourcesOf(template, 'AWS::IAM::Policy')).toEqual([]);
  });
});

describe('the host', () => {
  const template = workbenchTemplate();
  const data = plain(template, propertiesOf(template, 'AWS::EC2::LaunchTemplate').LaunchTemplateData);

  test('gives its credentials only to programs on the host itself that ask in two steps', () => {
    expect(data).toMatchObject({ MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 } });
  });

  test('has an encrypted gp3 disk that goes with it', () => {
    expect(data).toMatchObject({
      BlockDeviceMappings: [
        {
          DeviceName: '/dev/xvda',
          Ebs: { Encrypted: true, VolumeType: 'gp3', VolumeSize: 30, DeleteOnTermination: true },
        },
      ],
    });
  });

  test('has no key', () => {
    expect(JSON.stringify(template)).not.toContain('KeyName');
    expect(resourcesOf(template, 'AWS::EC2::KeyPair')).toEqual([]);
  });

  test('lets nothing in, and only HTTPS out', () => {
    const group = propertiesOf(template, 'AWS::EC2::SecurityGroup');
    expect(group.SecurityGroupIngress).toBeUndefined();
    expect(group.SecurityGroupEgress).toEqual([
      {
        CidrIp: '0.0.0.0/0',
        Description: 'AWS APIs, package repositories and the GizmoSQL release',
        FromPort: 443,
        ToPort: 443,
        IpProtocol: 'tcp',
      },
    ]);
    expect(resourcesOf(template, 'AWS::EC2::SecurityGroupIngress', 'AWS::EC2::SecurityGroupEgress')).toEqual([]);
  });

  test('is told where its password is, and not what it is', () => {
    const secret = resourceOf(template, 'AWS::SecretsManager::Secret').id;
    expect(userDataOf(template)).toContain(`GIZMOSQL_SECRET_ARN="<${secret}>"`);
    expect(JSON.stringify(template)).not.toContain('{{resolve:secretsmanager');
  });

  test('decrypts with the key of the workbench and encrypts with none', () => {
    const kms = statementsOf(template).filter(({ actions }) => actions.some((action) => action.startsWith('kms:')));
    expect(kms.map(({ actions, resources }) => [actions, resources])).toEqual([
      [['kms:Decrypt'], [`<${resourceOf(template, 'AWS::KMS::Key').id}.Arn>`]],
    ]);
  });

  test('sends metrics in one namespace only', () => {
    const [metrics] = statementsOf(template).filter(({ actions }) => actions.includes('cloudwatch:PutMetricData'));
    expect(metrics?.condition).toEqual({ StringEquals: { 'cloudwatch:namespace': 'CWAgent' } });
  });
});

test('everything may be set, and reaches the host', () => {
  const script = userDataOf(
    hostTemplate({
      capacity: Capacity.autoScaling({ instanceTypes: [new InstanceType('t4g.small')], spot: true }),
      dataAccess: [
        DataAccess.glueDatabase('sales'),
        DataAccess.tableBucket('arn:aws:s3tables:us-east-2:111122223333:bucket/one'),
        DataAccess.tableBucket('arn:aws:s3tables:us-east-2:111122223333:bucket/two'),
      ],
      gizmosqlUsername: 'lake_reader',
      gizmosqlMemoryLimit: '8GB',
      environmentName: 'staging',
    }),
  );
  for (const line of [
    'TABLESLEUTH_ENVIRONMENT="staging"',
    'AWS_REGION="us-east-2"',
    'GIZMOSQL_USERNAME="lake_reader"',
    'GIZMOSQL_MEMORY_LIMIT="8GB"',
    'GLUE_CATALOG="true"',
    'TABLE_BUCKET_ARNS="arn:aws:s3tables:us-east-2:111122223333:bucket/one arn:aws:s3tables:us-east-2:111122223333:bucket/two"',
  ]) {
    expect(script).toContain(`\n${line}\n`);
  }
});

describe('in a network of the user', () => {
  const inVpc = (subnets: SubnetType[], vpcSubnets?: SubnetType) =>
    templateOf((stack) => {
      const subnetConfiguration = subnets.map((subnetType, index) => ({ name: `Part${index}`, subnetType }));
      const vpc = new Vpc(stack, 'Own', { maxAzs: 1, subnetConfiguration });
      workbench(stack, { vpc, vpcSubnets: vpcSubnets && { subnetType: vpcSubnets } });
    });
  const subnetOf = (template: TemplateDocument) =>
    /<(Own\w+?)Subnet1/.exec(JSON.stringify(plain(template, propertiesOf(template, 'AWS::EC2::Instance'))))?.[1];

  test.each<[string, SubnetType[], SubnetType | undefined, string]>([
    ['private subnets are preferred', [SubnetType.PUBLIC, SubnetType.PRIVATE_WITH_EGRESS], undefined, 'OwnPart1'],
    ['public ones are taken when there are no others', [SubnetType.PUBLIC], undefined, 'OwnPart0'],
    ['the named ones are taken', [SubnetType.PUBLIC, SubnetType.PRIVATE_WITH_EGRESS], SubnetType.PUBLIC, 'OwnPart0'],
  ])('%s', (_name, subnets, named, expected) => {
    expect(subnetOf(inVpc(subnets, named))).toBe(expected);
  });
});

test('the role and the security group can be used outside', () => {
  inStack((stack) => {
    const { role, securityGroup } = workbench(stack);
    expect(stack.resolve(role.roleArn)).toEqual({ 'Fn::GetAtt': [expect.stringMatching(/HostRole/), 'Arn'] });
    expect(stack.resolve(securityGroup.securityGroupId)).toEqual({
      'Fn::GetAtt': [expect.stringMatching(/SecurityGroup/), 'GroupId'],
    });
  });
});
