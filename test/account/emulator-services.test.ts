import { DescribeVolumesCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEmulatedAccount, type EmulatedAccount } from '../../emulator/account';
import { eventually } from './fixtures/processes';
import { type Resources, SmallStack } from './fixtures/small-stack';

const stateDirectory = mkdtempSync(path.join(tmpdir(), 'emulated-account-'));
let account: EmulatedAccount;

beforeAll(async () => {
  account = await startEmulatedAccount({ stateDirectory, enforceIam: true });
});

afterAll(async () => {
  await account?.stop();
  rmSync(stateDirectory, { recursive: true, force: true });
});

test('rotation runs the function’s four steps, at once and whenever it is asked to', async () => {
  const { status, outputs } = await new SmallStack(account, 'rotation').create(rotation(), {
    Arn: { Value: { Ref: 'Secret' } },
  });
  expect(status).toBe('CREATE_COMPLETE');
  const client = new SecretsManagerClient(account.client);
  const value = async () => (await client.send(new GetSecretValueCommand({ SecretId: outputs.Arn! }))).SecretString!;
  expect(await eventually(async () => (await value()) === 'rotated 1')).toBe(true);
  await client.send(new RotateSecretCommand({ SecretId: outputs.Arn! }));
  expect(await eventually(async () => (await value()) === 'rotated 2')).toBe(true);
  const { Versions } = await client.send(new ListSecretVersionIdsCommand({ SecretId: outputs.Arn! }));
  const stages = Versions!.flatMap((version) => version.VersionStages ?? []).sort();
  expect(stages).toEqual(['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS']);
});

test('a volume of its own is encrypted, grows in place, and goes with its stack', async () => {
  const stack = new SmallStack(account, 'volume');
  const volume = (Size: number): Resources => ({
    Volume: {
      Type: 'AWS::EC2::Volume',
      Properties: { AvailabilityZone: 'us-east-2a', Size, VolumeType: 'gp3', Encrypted: true },
    },
  });
  const ours = async () => {
    const { Volumes } = await new EC2Client(account.client).send(new DescribeVolumesCommand({}));
    return Volumes!.map(({ Encrypted, Size, VolumeType }) => ({ Encrypted, Size, VolumeType }));
  };
  await stack.create(volume(50));
  await stack.update(volume(80));
  expect(await ours()).toEqual([{ Encrypted: true, Size: 80, VolumeType: 'gp3' }]);
  await stack.delete();
  expect(await ours()).toEqual([]);
});

test.each<[string, Resources]>([
  ['monitoring', monitoring()],
  ['compliance', compliance()],
  ['backups', backups()],
  ['jobs', jobs()],
  ['a delivery', delivery()],
  ['scaling of a service', scaling()],
])('%s can be deployed, and taken away again', async (name, resources) => {
  const stack = new SmallStack(account, `types-of-${name.replaceAll(' ', '-')}`);
  expect(await stack.create(resources)).toMatchObject({ status: 'CREATE_COMPLETE', reasons: [] });
  expect(await stack.delete()).toMatchObject({ status: 'DELETE_COMPLETE', reasons: [] });
});

/** A rotation function that counts. It fails when its own version is found with a value before it made one. */
const ROTATE = `
    const sdk = require('@aws-sdk/client-secrets-manager');
    const client = new sdk.SecretsManagerClient({});
    exports.handler = async ({ Step, SecretId, ClientRequestToken }) => {
      const version = { SecretId, VersionId: ClientRequestToken, VersionStage: 'AWSPENDING' };
      if (Step === 'createSecret') {
        const made = await client.send(new sdk.GetSecretValueCommand(version)).catch((error) => error.name);
        if (made !== 'ResourceNotFoundException') throw new Error('a version without a value was found: ' + made);
        const { SecretString } = await client.send(new sdk.GetSecretValueCommand({ SecretId }));
        const next = 'rotated ' + (Number(SecretString.split(' ')[1] ?? 0) + 1);
        await client.send(new sdk.PutSecretValueCommand({ SecretId, ClientRequestToken, SecretString: next,
          VersionStages: ['AWSPENDING'] }));
      }
      if (Step === 'finishSecret') {
        const { VersionIdsToStages } = await client.send(new sdk.DescribeSecretCommand({ SecretId }));
        const current = Object.keys(VersionIdsToStages).find((id) => VersionIdsToStages[id].includes('AWSCURRENT'));
        await client.send(new sdk.UpdateSecretVersionStageCommand({ SecretId, VersionStage: 'AWSCURRENT',
          MoveToVersionId: ClientRequestToken, RemoveFromVersionId: current }));
      }
    };`;

function rotation(): Resources {
  const functionArn = { 'Fn::GetAtt': ['Function', 'Arn'] };
  const allowed = {
    Effect: 'Allow',
    Action: 'secretsmanager:*',
    Resource: { Ref: 'Secret' },
    Condition: { StringEquals: { 'secretsmanager:resource/AllowRotationLambdaArn': functionArn } },
  };
  return {
    Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { SecretString: 'first' } },
    Role: role('lambda.amazonaws.com'),
    Policy: {
      Type: 'AWS::IAM::Policy',
      Properties: {
        PolicyName: 'rotation',
        Roles: [{ Ref: 'Role' }],
        PolicyDocument: { Version: '2012-10-17', Statement: [allowed] },
      },
    },
    Function: {
      Type: 'AWS::Lambda::Function',
      Properties: { Code: { ZipFile: ROTATE }, Handler: 'index.handler', Runtime: 'nodejs24.x', Role: arnOf('Role') },
    },
    Permission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        FunctionName: functionArn,
        Action: 'lambda:InvokeFunction',
        Principal: 'secretsmanager.amazonaws.com',
        SourceArn: { Ref: 'Secret' },
      },
    },
    Schedule: {
      Type: 'AWS::SecretsManager::RotationSchedule',
      DependsOn: ['Policy', 'Permission'],
      Properties: {
        SecretId: { Ref: 'Secret' },
        RotationLambdaARN: functionArn,
        RotationRules: { ScheduleExpression: 'rate(30 days)' },
      },
    },
    ResourcePolicy: {
      Type: 'AWS::SecretsManager::ResourcePolicy',
      Properties: { SecretId: { Ref: 'Secret' }, ResourcePolicy: { Version: '2012-10-17', Statement: [] } },
    },
  };
}

function monitoring(): Resources {
  return {
    Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.8.0.0/16' } },
    Alarm: {
      Type: 'AWS::CloudWatch::Alarm',
      Properties: {
        AlarmName: 'other',
        Namespace: 'AWS/EC2',
        MetricName: 'CPUUtilization',
        Statistic: 'Average',
        Period: 300,
        EvaluationPeriods: 2,
        Threshold: 80,
        ComparisonOperator: 'GreaterThanThreshold',
      },
    },
    Composite: {
      Type: 'AWS::CloudWatch::CompositeAlarm',
      DependsOn: 'Alarm',
      Properties: { AlarmRule: 'ALARM("other")', AlarmActions: ['arn:aws:sns:us-east-2:000000000000:alarms'] },
    },
    Targets: {
      Type: 'AWS::ElasticLoadBalancingV2::TargetGroup',
      Properties: { Port: 8080, Protocol: 'HTTP', VpcId: { Ref: 'Vpc' }, Targets: [{ Id: 'i-0123456789abcdef0' }] },
    },
  };
}

function compliance(): Resources {
  return {
    Recorder: {
      Type: 'AWS::Config::ConfigurationRecorder',
      Properties: { RoleARN: 'arn:aws:iam::000000000000:role/x' },
    },
    Channel: { Type: 'AWS::Config::DeliveryChannel', Properties: { S3BucketName: 'config' } },
    Rule: {
      Type: 'AWS::Config::ConfigRule',
      DependsOn: 'Recorder',
      Properties: { Source: { Owner: 'AWS', SourceIdentifier: 'EC2_EBS_ENCRYPTION_BY_DEFAULT' } },
    },
  };
}

function backups(): Resources {
  const rule = { RuleName: 'daily', TargetBackupVault: { Ref: 'Vault' }, ScheduleExpression: 'cron(0 2 * * ? *)' };
  return {
    Vault: { Type: 'AWS::Backup::BackupVault', Properties: { BackupVaultName: 'vault' } },
    Plan: {
      Type: 'AWS::Backup::BackupPlan',
      Properties: { BackupPlan: { BackupPlanName: 'daily', BackupPlanRule: [rule] } },
    },
    Role: role('backup.amazonaws.com'),
    Selection: {
      Type: 'AWS::Backup::BackupSelection',
      Properties: {
        BackupPlanId: { Ref: 'Plan' },
        BackupSelection: { SelectionName: 'workspace', IamRoleArn: arnOf('Role'), Resources: ['*'] },
      },
    },
  };
}

function jobs(): Resources {
  return {
    Environment: {
      Type: 'AWS::Batch::ComputeEnvironment',
      Properties: {
        Type: 'managed',
        State: 'ENABLED',
        ComputeResources: { Type: 'FARGATE_SPOT', MaxvCpus: 16, Subnets: ['subnet-1'], SecurityGroupIds: ['sg-1'] },
      },
    },
    Queue: {
      Type: 'AWS::Batch::JobQueue',
      Properties: { Priority: 1, ComputeEnvironmentOrder: [{ ComputeEnvironment: { Ref: 'Environment' }, Order: 1 }] },
    },
    Definition: {
      Type: 'AWS::Batch::JobDefinition',
      Properties: { Type: 'container', PlatformCapabilities: ['FARGATE'], ContainerProperties: { Image: 'sweep' } },
    },
  };
}

function delivery(): Resources {
  return {
    Pipeline: {
      Type: 'AWS::CodePipeline::Pipeline',
      Properties: { RoleArn: 'arn:aws:iam::000000000000:role/x', Stages: [] },
    },
  };
}

function scaling(): Resources {
  const target = { ResourceId: 'service/a/b', ScalableDimension: 'ecs:service:DesiredCount', ServiceNamespace: 'ecs' };
  return {
    Target: {
      Type: 'AWS::ApplicationAutoScaling::ScalableTarget',
      Properties: { ...target, MinCapacity: 1, MaxCapacity: 3 },
    },
    Policy: {
      Type: 'AWS::ApplicationAutoScaling::ScalingPolicy',
      Properties: { PolicyName: 'queue', PolicyType: 'StepScaling', ScalingTargetId: { Ref: 'Target' } },
    },
  };
}

function role(Service: string) {
  const Statement = [{ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' }];
  return { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: { Version: '2012-10-17', Statement } } };
}

function arnOf(logicalId: string) {
  return { 'Fn::GetAtt': [logicalId, 'Arn'] };
}
