import { CloudFormationClient, SignalResourceCommand } from '@aws-sdk/client-cloudformation';
import * as ec2 from '@aws-sdk/client-ec2';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEmulatedAccount, type EmulatedAccount } from '../../emulator/account';
import { type Resources, SmallStack } from './fixtures/small-stack';

const IMAGES = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default';
const stateDirectory = mkdtempSync(path.join(tmpdir(), 'emulated-account-'));
let account: EmulatedAccount;
let stacks = 0;
const newStack = (): SmallStack => new SmallStack(account, `small-${(stacks += 1)}`);

beforeAll(async () => {
  account = await startEmulatedAccount({ stateDirectory, signals: 'wait' });
});

afterAll(async () => {
  await account?.stop();
  rmSync(stateDirectory, { recursive: true, force: true });
});

describe('a type that nothing emulates', () => {
  test('fails the stack before anything is created', async () => {
    const wanted = newStack().create({ Unknown: { Type: 'AWS::SSM::PatchBaseline', Properties: { Name: 'none' } } });
    await expect(wanted).rejects.toThrow('Unrecognized resource types: [AWS::SSM::PatchBaseline]');
  });
});

describe('waiting for signals', () => {
  test('fails a host that does not report in time, ends it and rolls back', async () => {
    const result = await newStack().create({ Host: { ...instance(), ...creationPolicy('PT1S') } });
    expect(result.status).toBe('ROLLBACK_COMPLETE');
    expect(result.reasons).toContainEqual(expect.stringContaining('Failed to receive 1 resource signal(s)'));
    expect(await running()).toEqual([]);
  });

  test('fails a host that reports failure', async () => {
    const result = await signalled({ Host: { ...instance(), ...creationPolicy('PT1M') } }, 'Host', 'FAILURE');
    expect(result.status).toBe('ROLLBACK_COMPLETE');
    expect(result.reasons).toContainEqual(expect.stringContaining('Received FAILURE signal with UniqueId'));
  });

  test('fails a group whose hosts do not report, and ends them', async () => {
    const result = await newStack().create({ ...template(), Hosts: { ...group(2), ...creationPolicy('PT1S', 2) } });
    expect(result.status).toBe('ROLLBACK_COMPLETE');
    expect(await running()).toEqual([]);
  });

  test('fails a wait condition that nobody signals', async () => {
    const result = await newStack().create({ Ready: { ...WAIT_CONDITION, ...creationPolicy('PT1S') } });
    expect(result.status).toBe('ROLLBACK_COMPLETE');
  });

  test('completes when the host reports success', async () => {
    const host = await signalled({ Host: { ...instance(), ...creationPolicy('PT1M') } }, 'Host', 'SUCCESS');
    expect(host.status).toBe('CREATE_COMPLETE');
    expect(await running()).toHaveLength(1);
    await new SmallStack(account, `small-${stacks}`).delete();
    const condition = await signalled({ Ready: { ...WAIT_CONDITION, ...creationPolicy('PT1M') } }, 'Ready', 'SUCCESS');
    expect(condition.status).toBe('CREATE_COMPLETE');
  });
});

describe('launching', () => {
  test('fails without an image, a known subnet, a known group or a known profile', async () => {
    const wrong = {
      MissingParameter: { ImageId: '' },
      'InvalidSubnetID.NotFound': { SubnetId: 'subnet-none' },
      'InvalidGroup.NotFound': { SecurityGroupIds: ['sg-none'] },
      InvalidParameterValue: { IamInstanceProfile: 'none' },
    };
    for (const [code, properties] of Object.entries(wrong)) {
      const result = await newStack().create({ Host: instance(properties) });
      expect(result.reasons).toContainEqual(expect.stringContaining(code));
    }
  });

  test('fails for a fleet whose image is a parameter, which only groups and instances read', async () => {
    const result = await newStack().create({
      ...template({ ImageId: `resolve:ssm:${IMAGES}-x86_64` }),
      Hosts: fleet(1),
    });
    expect(result.reasons).toContainEqual(expect.stringContaining('cannot launch from a Systems Manager parameter'));
  });

  test('replaces an instance when its launch template changes, and keeps it when its type does', async () => {
    const stack = newStack();
    await stack.create({ ...template(), Host: templated('t3.small') });
    const [first] = await running();
    await stack.update({ ...template(), Host: templated('t3.medium') });
    expect(await running()).toMatchObject([{ InstanceId: first!.InstanceId, InstanceType: 't3.medium' }]);
    await stack.update({ ...template({ UserData: 'bmV3' }), Host: templated('t3.medium') });
    const [second, ...more] = await running();
    expect(more).toEqual([]);
    expect(second!.InstanceId).not.toBe(first!.InstanceId);
    await stack.delete();
    expect(await running()).toEqual([]);
  });

  test('changes a fleet’s target in place', async () => {
    const stack = newStack();
    await stack.create({ ...template(), Hosts: fleet(3) });
    expect(await running()).toHaveLength(3);
    await stack.update({ ...template(), Hosts: fleet(1) });
    expect(await running()).toHaveLength(1);
    const { Fleets } = await new ec2.EC2Client(account.client).send(new ec2.DescribeFleetsCommand({}));
    expect(Fleets).toMatchObject([{ FulfilledCapacity: 1, TargetCapacitySpecification: { TotalTargetCapacity: 1 } }]);
    await stack.delete();
  });

  test('keeps a group’s capacity that the template does not name', async () => {
    const stack = newStack();
    await stack.create({ ...template(), Hosts: group(2) });
    const { DesiredCapacity: _, ...Properties } = group(2).Properties;
    await stack.update({ ...template(), Hosts: { ...group(2), Properties } });
    expect(await running()).toHaveLength(2);
    await stack.delete();
  });
});

describe('networking', () => {
  test('fails a route whose gateway is not attached yet, as a missing dependency would have it', async () => {
    const result = await newStack().create({
      Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.9.0.0/16' } },
      Table: { Type: 'AWS::EC2::RouteTable', Properties: { VpcId: { Ref: 'Vpc' } } },
      Gateway: { Type: 'AWS::EC2::InternetGateway' },
      Route: {
        Type: 'AWS::EC2::Route',
        Properties: {
          RouteTableId: { Ref: 'Table' },
          GatewayId: { Ref: 'Gateway' },
          DestinationCidrBlock: '0.0.0.0/0',
        },
      },
    });
    expect(result.reasons).toContainEqual(expect.stringContaining('belong to different networks'));
  });
});

describe('data', () => {
  test('keeps a bucket that still holds objects', async () => {
    const stack = newStack();
    const created = await stack.create({ Bucket: { Type: 'AWS::S3::Bucket' } }, { Name: { Value: { Ref: 'Bucket' } } });
    const client = new S3Client(account.client);
    await client.send(new PutObjectCommand({ Bucket: created.outputs.Name!, Key: 'kept', Body: 'kept' }));
    const deleted = await stack.delete();
    expect(deleted.status).toBe('DELETE_FAILED');
    expect(deleted.reasons).toContainEqual(expect.stringContaining('BucketNotEmpty'));
  });

  test('generates a secret inside its template, and refers to it by ARN', async () => {
    const { outputs } = await newStack().create(
      {
        Secret: {
          Type: 'AWS::SecretsManager::Secret',
          Properties: {
            GenerateSecretString: {
              SecretStringTemplate: '{"username":"admin"}',
              GenerateStringKey: 'password',
              PasswordLength: 48,
              ExcludePunctuation: true,
            },
          },
        },
      },
      { Arn: { Value: { Ref: 'Secret' } } },
    );
    expect(outputs.Arn).toMatch(/^arn:aws:secretsmanager:us-east-2:000000000000:secret:/);
    const client = new SecretsManagerClient(account.client);
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: outputs.Arn! }));
    expect(JSON.parse(SecretString!)).toEqual({
      username: 'admin',
      password: expect.stringMatching(/^[A-Za-z0-9]{48}$/),
    });
  });

  test('fails a log group whose name is taken', async () => {
    const LogGroup = { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: '/taken' } };
    await newStack().create({ LogGroup });
    const second = await newStack().create({ LogGroup });
    expect(second.reasons).toContainEqual(expect.stringContaining('already exists'));
  });
});

const WAIT_CONDITION = { Type: 'AWS::CloudFormation::WaitCondition' };

function creationPolicy(Timeout: string, Count = 1) {
  return { CreationPolicy: { ResourceSignal: { Timeout, Count } } };
}

function instance(properties: Readonly<Record<string, unknown>> = {}) {
  const ImageId = `resolve:ssm:${IMAGES}-x86_64`;
  return { Type: 'AWS::EC2::Instance', Properties: { ImageId, InstanceType: 't3.small', ...properties } };
}

function template(data: Readonly<Record<string, unknown>> = {}): Resources {
  const LaunchTemplateData = { ImageId: 'ami-0c2023a1b2c3d4e5f', InstanceType: 't3.small', ...data };
  return { Template: { Type: 'AWS::EC2::LaunchTemplate', Properties: { LaunchTemplateData } } };
}

const LATEST = {
  LaunchTemplateId: { Ref: 'Template' },
  Version: { 'Fn::GetAtt': ['Template', 'LatestVersionNumber'] },
};

function templated(InstanceType: string) {
  return { Type: 'AWS::EC2::Instance', Properties: { InstanceType, LaunchTemplate: LATEST } };
}

function group(capacity: number) {
  return {
    Type: 'AWS::AutoScaling::AutoScalingGroup',
    Properties: { MinSize: '1', MaxSize: '5', DesiredCapacity: String(capacity), LaunchTemplate: LATEST },
  };
}

function fleet(TotalTargetCapacity: number) {
  return {
    Type: 'AWS::EC2::EC2Fleet',
    Properties: {
      Type: 'maintain',
      TargetCapacitySpecification: { TotalTargetCapacity, DefaultTargetCapacityType: 'spot' },
      LaunchTemplateConfigs: [{ LaunchTemplateSpecification: LATEST }],
    },
  };
}

async function running(): Promise<ec2.Instance[]> {
  const { Reservations } = await new ec2.EC2Client(account.client).send(
    new ec2.DescribeInstancesCommand({ Filters: [{ Name: 'instance-state-name', Values: ['running'] }] }),
  );
  return Reservations!.flatMap((reservation) => reservation.Instances ?? []);
}

async function signalled(resources: Resources, LogicalResourceId: string, Status: 'SUCCESS' | 'FAILURE') {
  const stack = newStack();
  await stack.begin(resources);
  const client = new CloudFormationClient(account.client);
  const signal = new SignalResourceCommand({
    StackName: `small-${stacks}`,
    LogicalResourceId,
    UniqueId: 'host',
    Status,
  });
  for (let attempt = 0; attempt < 50; attempt++) {
    const sent = await client.send(signal).catch(() => undefined);
    if (sent) break;
    await sleep(100);
  }
  return stack.settled();
}
