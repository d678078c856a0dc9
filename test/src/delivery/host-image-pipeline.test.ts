import { spawnSync } from 'node:child_process';
import { Duration, type Stack } from 'aws-cdk-lib';
import { InstanceArchitecture, type IVpc, Subnet, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Schedule } from 'aws-cdk-lib/aws-events';
import { Key } from 'aws-cdk-lib/aws-kms';
import { describe, expect, test } from 'vitest';
import { GizmoSqlRelease, HostImage, HostImagePipeline, type HostImagePipelineProps } from '../../../src';
import { versionOf } from '../../../src/delivery/image-recipe';
import { ACCOUNT, inStack, REGION, templateOf } from '../../support/synthesis';
import { resourceOf, resourcesOf, type TemplateDocument, textOf } from '../../support/template';

const network = (stack: Stack): IVpc =>
  Vpc.fromVpcAttributes(stack, 'Network', {
    vpcId: 'vpc-0123456789abcdef0',
    availabilityZones: [`${REGION}a`, `${REGION}b`],
    publicSubnetIds: ['subnet-0a', 'subnet-0b'],
    publicSubnetRouteTableIds: ['rtb-0a', 'rtb-0b'],
  });

function pipeline(stack: Stack, props: Partial<HostImagePipelineProps> = {}): HostImagePipeline {
  const encryptionKey = Key.fromKeyArn(stack, 'Key', `arn:aws:kms:${REGION}:${ACCOUNT}:key/1234abcd`);
  return new HostImagePipeline(stack, 'Image', { pipelineName: 'dev', vpc: network(stack), encryptionKey, ...props });
}

const made = (props?: Partial<HostImagePipelineProps>) => templateOf((stack) => pipeline(stack, props));
const plain = made();

const properties = (template: TemplateDocument, kind: string) =>
  resourceOf(template, `AWS::ImageBuilder::${kind}`).Properties ?? {};

interface Phase {
  readonly name: string;
  readonly steps: ReadonlyArray<{ readonly action: string; readonly inputs: { readonly commands: string[] } }>;
}

function phasesOf(template: TemplateDocument): Phase[] {
  const { phases } = JSON.parse(textOf(template, properties(template, 'Component').Data)) as { phases: Phase[] };
  return phases;
}

describe('a pipeline with the least properties', () => {
  test('builds every week, and tests what it built', () => {
    expect(properties(plain, 'ImagePipeline')).toMatchObject({
      Name: 'tablesleuth-dev',
      Status: 'ENABLED',
      ImageTestsConfiguration: { ImageTestsEnabled: true },
      Schedule: {
        ScheduleExpression: 'cron(0 3 ? * sun *)',
        PipelineExecutionStartCondition: 'EXPRESSION_MATCH_ONLY',
      },
    });
  });

  test('is made of the newest Amazon Linux, on an encrypted disk, and keeps the agent that people come in by', () => {
    const { ParentImage, BlockDeviceMappings, AdditionalInstanceConfiguration } = properties(plain, 'ImageRecipe');
    expect(textOf(plain, ParentImage)).toBe(`arn:aws:imagebuilder:${REGION}:aws:image/amazon-linux-2023-x86/x.x.x`);
    expect(BlockDeviceMappings).toEqual([
      {
        DeviceName: '/dev/xvda',
        Ebs: { DeleteOnTermination: true, Encrypted: true, VolumeSize: 10, VolumeType: 'gp3' },
      },
    ]);
    expect(AdditionalInstanceConfiguration).toEqual({ SystemsManagerAgent: { UninstallAfterBuild: false } });
  });

  test('builds where nothing comes in, with IMDSv2 alone, and ends instances whose build failed', () => {
    expect(properties(plain, 'InfrastructureConfiguration')).toMatchObject({
      InstanceMetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
      InstanceTypes: ['t3.medium'],
      SubnetId: 'subnet-0a',
      TerminateInstanceOnFailure: true,
    });
    const { Properties } = resourceOf(plain, 'AWS::EC2::SecurityGroup');
    expect(Properties?.SecurityGroupIngress).toBeUndefined();
    expect(Properties?.SecurityGroupEgress).toMatchObject([{ FromPort: 443, ToPort: 443, IpProtocol: 'tcp' }]);
  });

  test('writes the id of each image to the parameter that hosts read', () => {
    const ParameterName = HostImage.pipeline('dev').parameterName(InstanceArchitecture.X86_64);
    expect(properties(plain, 'DistributionConfiguration').Distributions).toMatchObject([
      { Region: REGION, SsmParameterConfigurations: [{ ParameterName, DataType: 'aws:ec2:image' }] },
    ]);
  });

  test('deletes old images with their snapshots, but the newest two and those that hosts were launched from', () => {
    const { ImageTags: TagMap } = properties(plain, 'ImagePipeline');
    expect(properties(plain, 'LifecyclePolicy')).toMatchObject({
      ResourceSelection: { TagMap },
      PolicyDetails: [
        {
          Action: { Type: 'DELETE', IncludeResources: { Amis: true, Snapshots: true } },
          Filter: { Type: 'AGE', Unit: 'DAYS', Value: 60, RetainAtLeast: 2 },
          ExclusionRules: { Amis: { LastLaunched: { Unit: 'DAYS', Value: 60 } } },
        },
      ],
    });
  });

  test('gives its instances no password and no table', () => {
    const { Roles } = resourceOf(plain, 'AWS::IAM::InstanceProfile').Properties as { Roles: unknown[] };
    expect(Roles).toHaveLength(1);
    expect(JSON.stringify(plain)).not.toMatch(/secretsmanager|glue:|s3tables:/);
  });
});

describe('the first image', () => {
  const { Properties = {} } = resourceOf(plain, 'Custom::FirstImage');

  test('is plain Amazon Linux, named when the pipeline is made, and never over what is there', () => {
    const create = textOf(plain, Properties.Create);
    expect(create).toContain('{{resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64}}');
    expect(create).not.toContain('Overwrite');
    expect(create).toContain('"ignoreErrorCodesMatching":"ParameterAlreadyExists"');
  });

  test('is named by no later deployment: an update makes no call', () => {
    expect(Properties.Update).toBeUndefined();
  });
});

describe('a version', () => {
  const versionIn = (template: TemplateDocument) => properties(template, 'ImageRecipe').Version as string;

  test('is the same for the same content, and of component and recipe', () => {
    expect(versionIn(made())).toBe(versionIn(plain));
    expect(properties(plain, 'Component').Version).toBe(versionIn(plain));
  });

  test.each<[string, Partial<HostImagePipelineProps>]>([
    [
      'release of GizmoSQL',
      { gizmosql: GizmoSqlRelease.of('1.99.0', { amd64: 'a'.repeat(64), arm64: 'b'.repeat(64) }) },
    ],
    ['processor', { architecture: InstanceArchitecture.ARM_64 }],
  ])('is another one for another %s, and a build begins', (_what, props) => {
    const other = made(props);
    expect(versionIn(other)).not.toBe(versionIn(plain));
    const build = (template: TemplateDocument) =>
      textOf(template, resourceOf(template, 'Custom::ImageBuild').Properties?.Update);
    expect(build(plain)).toContain(versionIn(plain));
    expect(build(other)).toContain(versionIn(other));
  });

  test.each<[string, Partial<HostImagePipelineProps>]>([
    ['schedule', { schedule: Schedule.cron({ hour: '5', minute: '0' }) }],
    ['age of images', { keepFor: Duration.days(30) }],
    ['region', { regions: ['eu-west-1'] }],
  ])('stays for another %s, and no build begins', (_what, props) => {
    const other = made(props);
    expect(versionIn(other)).toBe(versionIn(plain));
    expect(resourceOf(other, 'Custom::ImageBuild')).toEqual(resourceOf(plain, 'Custom::ImageBuild'));
  });

  test('is three numbers that Image Builder takes, whatever the content', () => {
    const versions = Array.from({ length: 200 }, (_, index) => versionOf(index));
    for (const version of versions) {
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
      expect(Math.max(...version.split('.').map(Number))).toBeLessThan(2 ** 30);
    }
    expect(new Set(versions).size).toBe(versions.length);
  });
});

describe('the document of the component', () => {
  test('installs with the bundle’s own script, looks for what is one host’s, and tests with the bundle’s own script', () => {
    const phases = phasesOf(plain);
    expect(phases.map(({ name }) => name)).toEqual(['build', 'validate', 'test']);
    const scripts = phases.map(({ steps }) => steps.flatMap(({ inputs }) => inputs.commands).join('\n'));
    expect(scripts[0]).toContain('bash /opt/tablesleuth/host/install');
    expect(scripts[0]).toMatch(/\[ "\$digest" != "[0-9a-f]{64}" \]/);
    expect(scripts[2]).toContain('bash /opt/tablesleuth/host/try');
  });

  test('is all bash that bash understands', () => {
    for (const { inputs, action } of phasesOf(plain).flatMap(({ steps }) => steps)) {
      expect(action).toBe('ExecuteBash');
      const { status, stderr } = spawnSync('bash', ['-n'], { input: inputs.commands.join('\n'), encoding: 'utf8' });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    }
  });
});

test('a pipeline with every property builds arm64 in the subnet that was named, and copies to other regions', () => {
  const template = templateOf((stack) =>
    pipeline(stack, {
      architecture: InstanceArchitecture.ARM_64,
      subnet: Subnet.fromSubnetId(stack, 'Own', 'subnet-0c'),
      schedule: Schedule.expression('cron(0 5 ? * mon *)'),
      regions: ['us-west-2', 'eu-west-1'],
      keepFor: Duration.days(21),
    }),
  );
  expect(properties(template, 'InfrastructureConfiguration')).toMatchObject({
    InstanceTypes: ['t4g.medium'],
    SubnetId: 'subnet-0c',
  });
  expect(textOf(template, properties(template, 'ImageRecipe').ParentImage)).toMatch(
    /amazon-linux-2023-arm64\/x\.x\.x$/,
  );
  const SsmParameterConfigurations = [{ ParameterName: '/imagebuilder/tablesleuth/dev/arm64' }];
  expect(properties(template, 'DistributionConfiguration').Distributions).toMatchObject(
    [REGION, 'us-west-2', 'eu-west-1'].map((Region) => ({ Region, SsmParameterConfigurations })),
  );
  expect(properties(template, 'ImagePipeline')).toMatchObject({
    Schedule: { ScheduleExpression: 'cron(0 5 ? * mon *)' },
  });
  expect(properties(template, 'LifecyclePolicy')).toMatchObject({ PolicyDetails: [{ Filter: { Value: 21 } }] });
});

describe('a pipeline fails', () => {
  test.each<[string, Partial<HostImagePipelineProps>, string]>([
    [
      'with a name that Image Builder refuses',
      { pipelineName: 'my pipeline' },
      'pipelineName is "my pipeline", expected 2 to 60',
    ],
    [
      'that deletes images before the next is built',
      { keepFor: Duration.days(7) },
      'keepFor is 7 days, expected whole days from 14',
    ],
    ['with a part of a day', { keepFor: Duration.hours(372) }, 'keepFor is 15.5 days, expected whole days'],
  ])('%s', (_name, props, message) => {
    expect(() => inStack((stack) => pipeline(stack, props))).toThrow(`Test/Image: ${message}`);
  });

  test('in a network without a way out', () => {
    const vpcId = 'vpc-0123456789abcdef0';
    const closed = (stack: Stack) => Vpc.fromVpcAttributes(stack, 'Closed', { vpcId, availabilityZones: ['a'] });
    expect(() => inStack((stack) => pipeline(stack, { vpc: closed(stack) }))).toThrow('no subnet with a way out');
  });
});

test('two pipelines of other names share nothing', () => {
  const template = templateOf((stack) => {
    const encryptionKey = Key.fromKeyArn(stack, 'Key', `arn:aws:kms:${REGION}:${ACCOUNT}:key/1234abcd`);
    const vpc = network(stack);
    new HostImagePipeline(stack, 'One', { pipelineName: 'one', vpc, encryptionKey });
    new HostImagePipeline(stack, 'Two', { pipelineName: 'two', vpc, encryptionKey });
  });
  const names = ['Component', 'ImageRecipe', 'ImagePipeline', 'LifecyclePolicy'].flatMap((kind) =>
    resourcesOf(template, `AWS::ImageBuilder::${kind}`).map(({ Properties }) => `${kind} ${String(Properties?.Name)}`),
  );
  expect(new Set(names).size).toBe(8);
});
