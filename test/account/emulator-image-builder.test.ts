import { GetImageCommand, ImagebuilderClient, StartImagePipelineExecutionCommand } from '@aws-sdk/client-imagebuilder';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EmulatedAccount, startEmulatedAccount } from '../../emulator/account';
import { type Resources, SmallStack } from './fixtures/small-stack';

const stateDirectory = mkdtempSync(path.join(tmpdir(), 'emulated-account-'));
let account: EmulatedAccount;
let stacks = 0;

beforeAll(async () => {
  account = await startEmulatedAccount({ stateDirectory });
});

afterAll(async () => {
  await account?.stop();
  rmSync(stateDirectory, { recursive: true, force: true });
});

const newStack = (): SmallStack => new SmallStack(account, `images-${(stacks += 1)}`);

/** A component that says one thing. */
function component(command: string, Version = '1.0.0', action = 'ExecuteBash', Name = 'small'): Resources[string] {
  const steps = [{ name: 'Say', action, inputs: { commands: [command] } }];
  const Data = JSON.stringify({ schemaVersion: '1.0', phases: [{ name: 'build', steps }] });
  return { Type: 'AWS::ImageBuilder::Component', Properties: { Name, Version, Platform: 'Linux', Data } };
}

/** Everything of a pipeline; instances are records here, so that no document runs. */
function pipeline(Name: string, ParameterName: string, vpc: object = {}, regions = ['us-east-2']): Resources {
  const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
  const assume = { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const of = (kind: string, Properties: object) => ({
    Type: `AWS::ImageBuilder::${kind}`,
    Properties: { Name, ...Properties },
  });
  return {
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: { AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [assume] } },
    },
    Profile: { Type: 'AWS::IAM::InstanceProfile', Properties: { Roles: [{ Ref: 'Role' }] } },
    Component: component('true', '1.0.0', 'ExecuteBash', Name),
    Recipe: of('ImageRecipe', {
      Version: '1.0.0',
      ParentImage: 'arn:aws:imagebuilder:us-east-2:aws:image/amazon-linux-2023-x86/x.x.x',
      Components: [{ ComponentArn: arn('Component') }],
    }),
    Infrastructure: of('InfrastructureConfiguration', {
      InstanceProfileName: { Ref: 'Profile' },
      InstanceTypes: ['t3.medium'],
      ...vpc,
    }),
    Distribution: of('DistributionConfiguration', {
      Distributions: regions.map((Region) => ({ Region, SsmParameterConfigurations: [{ ParameterName }] })),
    }),
    Pipeline: of('ImagePipeline', {
      ImageRecipeArn: arn('Recipe'),
      InfrastructureConfigurationArn: arn('Infrastructure'),
      DistributionConfigurationArn: arn('Distribution'),
    }),
  };
}

async function build(resources: Resources) {
  const { status, reasons, outputs } = await newStack().create(resources, { Arn: { Value: { Ref: 'Pipeline' } } });
  expect(status, reasons.join('\n')).toBe('CREATE_COMPLETE');
  const client = new ImagebuilderClient(account.client);
  const { imageBuildVersionArn } = await client.send(
    new StartImagePipelineExecutionCommand({ imagePipelineArn: outputs.Arn }),
  );
  for (;;) {
    const { image } = await client.send(new GetImageCommand({ imageBuildVersionArn }));
    if (['AVAILABLE', 'FAILED'].includes(image?.state?.status ?? '')) return image!;
    await sleep(50);
  }
}

describe('a component', () => {
  test('with another content and the same version already exists, and with another version replaces the first', async () => {
    const stack = newStack();
    await stack.create({ Component: component('echo one') });
    const same = await stack.update({ Component: component('echo two') });
    expect(same.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(same.reasons.join()).toContain("component/small/1.0.0/1' already exists.");
    expect((await stack.update({ Component: component('echo two', '1.0.1') })).status).toBe('UPDATE_COMPLETE');
  });

  test.each([
    [
      'an action that nothing stands for',
      component('true', '2.0.0', 'UpdateOS'),
      "has the action 'UpdateOS' in the step Say",
    ],
    [
      'a version with a number that is too large',
      component('true', '1.0.1073741824'),
      'is not three numbers up to 1073741823',
    ],
  ])('with %s is refused', async (_name, wrong, reason) => {
    const { status, reasons } = await newStack().create({ Component: wrong });
    expect(status).toBe('ROLLBACK_COMPLETE');
    expect(reasons.join()).toContain(reason);
  });
});

describe('a build', () => {
  test('ends with an image whose id is in the parameter', async () => {
    const image = await build(pipeline('good', '/imagebuilder/good'));
    const { Parameter } = await new SSMClient(account.client).send(
      new GetParameterCommand({ Name: '/imagebuilder/good' }),
    );
    expect(Parameter?.Value).toBe(image.outputResources?.amis?.[0]?.image);
    expect(Parameter?.Value).toMatch(/^ami-[0-9a-f]{17}$/);
  });

  test('is copied to another region, where it has an id of its own, which no stack elsewhere may launch', async () => {
    const name = '/imagebuilder/copied';
    const image = await build(pipeline('copied', name, {}, ['us-east-2', 'eu-west-1']));
    const [here, there] = (image.outputResources?.amis ?? []).map((each) => each.image!);
    const elsewhere = { ...account.client, region: 'eu-west-1' };
    const { Parameter } = await new SSMClient(elsewhere).send(new GetParameterCommand({ Name: name }));
    expect(Parameter?.Value).toBe(there);
    expect(there).not.toBe(here);
    const host = { Type: 'AWS::EC2::Instance', Properties: { ImageId: there, InstanceType: 't3.small' } };
    const { status, reasons } = await newStack().create({ Host: host });
    expect(status).toBe('ROLLBACK_COMPLETE');
    expect(reasons.join()).toContain(`The image id '[${there}]' does not exist`);
  });

  test('fails when its parameter is one that the service’s own role may not write', async () => {
    const image = await build(pipeline('wrong-parameter', '/images/wrong'));
    expect(image.state).toMatchObject({ status: 'FAILED' });
    expect(image.state?.reason).toContain('not authorized to perform: ssm:PutParameter on /images/wrong');
  });

  test('fails in a subnet without a way out', async () => {
    const network: Resources = {
      Network: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.9.0.0/16' } },
      Closed: { Type: 'AWS::EC2::Subnet', Properties: { VpcId: { Ref: 'Network' }, CidrBlock: '10.9.0.0/24' } },
    };
    const resources = pipeline('closed', '/imagebuilder/closed', { SubnetId: { Ref: 'Closed' } });
    const image = await build({ ...network, ...resources });
    expect(image.state?.reason).toContain('its subnet gives no address and has no NAT gateway');
  });
});
