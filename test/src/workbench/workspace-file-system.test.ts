import { RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Key } from 'aws-cdk-lib/aws-kms';
import { describe, expect, test } from 'vitest';
import { Capacity, Workspace, WorkspaceFileSystem, type WorkspaceFileSystemProps } from '../../../src';
import { statementsOf } from '../../support/iam';
import { ACCOUNT, REGION, templateOf } from '../../support/synthesis';
import { plain, propertiesOf, resourceOf, resourcesOf } from '../../support/template';
import { userDataOf } from '../../support/user-data';
import { host } from '../../support/workbench';
import { ACCESS_POINT_ID, existingFileSystem, FILE_SYSTEM_ID, KEY_ARN } from '../../support/workspace';

const FILE_SYSTEM = 'AWS::EFS::FileSystem';
const MOUNT_TARGET = 'AWS::EFS::MountTarget';

const fileSystemIn = (stack: Stack, props: Partial<WorkspaceFileSystemProps> = {}) =>
  new WorkspaceFileSystem(stack, 'Workspace', { encryptionKey: Key.fromKeyArn(stack, 'Key', KEY_ARN), ...props });

const shared = (capacity?: Capacity) =>
  templateOf((stack) => host(stack, { capacity, workspace: Workspace.shared(existingFileSystem(stack)) }));

describe('a file system', () => {
  test('is by default encrypted with the given key, elastic, found by its tag, and stays', () => {
    const template = templateOf((stack) => fileSystemIn(stack));
    expect(propertiesOf(template, FILE_SYSTEM)).toMatchObject({
      Encrypted: true,
      KmsKeyId: KEY_ARN,
      ThroughputMode: 'elastic',
      FileSystemTags: [
        { Key: 'Name', Value: 'tablesleuth-default' },
        { Key: 'tablesleuth:workspace', Value: 'default' },
      ],
    });
    expect(resourceOf(template, FILE_SYSTEM)).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
    });
  });

  test('moves what nobody uses to where it costs less, and back when somebody does', () => {
    const { LifecyclePolicies } = propertiesOf(
      templateOf((stack) => fileSystemIn(stack)),
      FILE_SYSTEM,
    );
    expect(LifecyclePolicies).toEqual([
      { TransitionToIA: 'AFTER_30_DAYS' },
      { TransitionToPrimaryStorageClass: 'AFTER_1_ACCESS' },
    ]);
  });

  test('is not backed up by AWS’s automatic plan, which nobody asked for', () => {
    expect(
      propertiesOf(
        templateOf((stack) => fileSystemIn(stack)),
        FILE_SYSTEM,
      ).BackupPolicy,
    ).toEqual({ Status: 'DISABLED' });
  });

  test('has the name and the end that it is given', () => {
    const template = templateOf((stack) =>
      fileSystemIn(stack, { workspaceName: 'prod', removalPolicy: RemovalPolicy.DESTROY }),
    );
    expect(resourceOf(template, FILE_SYSTEM).DeletionPolicy).toBe('Delete');
    expect(propertiesOf(template, FILE_SYSTEM).FileSystemTags).toContainEqual({
      Key: 'tablesleuth:workspace',
      Value: 'prod',
    });
  });

  test('refuses whoever comes without TLS, and allows nobody anything by itself, so that IAM has to', () => {
    const { FileSystemPolicy } = propertiesOf(
      templateOf((stack) => fileSystemIn(stack)),
      FILE_SYSTEM,
    );
    const { Statement } = FileSystemPolicy as { Statement: object[] };
    expect(Statement).toEqual([
      {
        Sid: 'OnlyEncrypted',
        Effect: 'Deny',
        Principal: { AWS: '*' },
        Action: [
          'elasticfilesystem:ClientMount',
          'elasticfilesystem:ClientRootAccess',
          'elasticfilesystem:ClientWrite',
        ],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ]);
  });

  test('has one access point, to a folder of its own and as a user that is not root', () => {
    const template = templateOf((stack) => fileSystemIn(stack));
    expect(plain(template, propertiesOf(template, 'AWS::EFS::AccessPoint'))).toMatchObject({
      FileSystemId: '<Workspace2F8C78CC.FileSystemId>',
      PosixUser: { Uid: '631', Gid: '631' },
      RootDirectory: {
        Path: '/tablesleuth',
        CreationInfo: { OwnerUid: '631', OwnerGid: '631', Permissions: '0750' },
      },
    });
  });
});

describe('hosts with a shared workspace', () => {
  const template = shared();

  test('know the file system and the access point', () => {
    expect(userDataOf(template)).toContain(`WORKSPACE_FILE_SYSTEM_ID="${FILE_SYSTEM_ID}"`);
    expect(userDataOf(template)).toContain(`WORKSPACE_ACCESS_POINT_ID="${ACCESS_POINT_ID}"`);
  });

  test('may mount this one, through its access point alone, and nobody makes them root', () => {
    const arn = (resource: string) => `arn:aws:elasticfilesystem:${REGION}:${ACCOUNT}:${resource}`;
    const ours = statementsOf(template).filter(({ actions }) => actions.some((each) => each.includes('filesystem')));
    expect(ours).toMatchObject([
      {
        actions: ['elasticfilesystem:ClientMount', 'elasticfilesystem:ClientWrite'],
        resources: [arn(`file-system/${FILE_SYSTEM_ID}`)],
        condition: { StringEquals: { 'elasticfilesystem:AccessPointArn': arn(`access-point/${ACCESS_POINT_ID}`) } },
      },
    ]);
  });

  test.each<[string, Capacity, string, RegExp]>([
    [
      'a group',
      Capacity.autoScaling(),
      'AWS::AutoScaling::AutoScalingGroup',
      /"VPCZoneIdentifier":\["subnet-a","subnet-b"\]/,
    ],
    ['a fleet', Capacity.fleet(), 'AWS::EC2::EC2Fleet', /"SubnetId":"subnet-a".*"SubnetId":"subnet-b"/],
  ])('run in every zone: %s', (_name, capacity, type, subnets) => {
    expect(JSON.stringify(propertiesOf(shared(capacity), type))).toMatch(subnets);
  });

  test.each<[string, Capacity, string]>([
    ['one instance', Capacity.onDemand(), 'AWS::EC2::Instance'],
    ['a group', Capacity.autoScaling(), 'AWS::AutoScaling::AutoScalingGroup'],
    ['a fleet', Capacity.fleet(), 'AWS::EC2::EC2Fleet'],
  ])('are launched when there is a way to it, which both ends allow: %s', (_name, capacity, type) => {
    const made = shared(capacity);
    const needed = resourcesOf(
      made,
      MOUNT_TARGET,
      'AWS::EC2::SecurityGroupIngress',
      'AWS::EC2::SecurityGroupEgress',
    ).map(({ id }) => id);
    expect(needed).toHaveLength(4);
    expect(resourceOf(made, type).DependsOn).toEqual(expect.arrayContaining(needed));
  });
});

describe('the way to a shared workspace', () => {
  test('is a mount target in each zone, one for all subnets of it', () => {
    const template = templateOf((stack) =>
      host(stack, {
        vpc: Vpc.fromVpcAttributes(stack, 'ThreeSubnets', {
          vpcId: 'vpc-0123456789abcdef0',
          availabilityZones: [`${REGION}a`, `${REGION}b`],
          publicSubnetIds: ['subnet-a', 'subnet-b', 'subnet-another-a', 'subnet-another-b'],
          publicSubnetRouteTableIds: ['rtb-a', 'rtb-b', 'rtb-c', 'rtb-d'],
        }),
        workspace: Workspace.shared(existingFileSystem(stack)),
      }),
    );
    const targets = resourcesOf(template, MOUNT_TARGET).map(({ Properties }) => Properties);
    expect(targets).toMatchObject([
      { FileSystemId: FILE_SYSTEM_ID, SubnetId: 'subnet-a' },
      { FileSystemId: FILE_SYSTEM_ID, SubnetId: 'subnet-b' },
    ]);
  });

  test('lets hosts in by NFS and nobody else, and nothing out', () => {
    const template = shared();
    const ways = resourcesOf(template, 'AWS::EC2::SecurityGroupIngress', 'AWS::EC2::SecurityGroupEgress');
    const hosts = '<WorkbenchLaunchTemplateSecurityGroup5866DD3C.GroupId>';
    const targets = '<WorkbenchWorkspaceSecurityGroup1095A6E5.GroupId>';
    const nfs = { IpProtocol: 'tcp', FromPort: 2049, ToPort: 2049 };
    expect(ways.map(({ Properties }) => plain(template, Properties))).toMatchObject([
      { ...nfs, GroupId: targets, SourceSecurityGroupId: hosts },
      { ...nfs, GroupId: hosts, DestinationSecurityGroupId: targets },
    ]);
  });
});
