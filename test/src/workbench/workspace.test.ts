import { RemovalPolicy, Size, type Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { describe, expect, test } from 'vitest';
import { Capacity, Workspace, WorkspaceVolume, type WorkspaceVolumeProps } from '../../../src';
import { statementsOf } from '../../support/iam';
import { inStack, REGION, templateOf } from '../../support/synthesis';
import { plain, propertiesOf, resourceOf, resourcesOf } from '../../support/template';
import { userDataOf } from '../../support/user-data';
import { host, hostTemplate } from '../../support/workbench';
import { existingVolume, KEY_ARN, VOLUME_ID } from '../../support/workspace';

const VOLUME = 'AWS::EC2::Volume';
const ZONE = `${REGION}a`;

const volumeIn = (stack: Stack, props: Partial<WorkspaceVolumeProps> = {}) =>
  new WorkspaceVolume(stack, 'Workspace', {
    encryptionKey: Key.fromKeyArn(stack, 'Key', KEY_ARN),
    availabilityZone: ZONE,
    ...props,
  });

const withVolume = (capacity?: Capacity) =>
  templateOf((stack) => host(stack, { capacity, workspace: Workspace.volume(existingVolume(stack)) }));

describe('a volume', () => {
  test.each([
    [0, Size.mebibytes(512)],
    [16_385, Size.gibibytes(16_385)],
  ])('fails to be made with %i GiB', (_gib, size) => {
    expect(() => inStack((stack) => volumeIn(stack, { size }))).toThrow();
  });

  test.each([1, 16_384])('may have %i GiB', (gib) => {
    const template = templateOf((stack) => volumeIn(stack, { size: Size.gibibytes(gib) }));
    expect(propertiesOf(template, VOLUME).Size).toBe(gib);
  });

  test('is by default of 50 GiB, encrypted with the given key, found by its tag, and stays', () => {
    const template = templateOf((stack) => volumeIn(stack));
    expect(propertiesOf(template, VOLUME)).toEqual({
      AvailabilityZone: ZONE,
      Encrypted: true,
      KmsKeyId: KEY_ARN,
      Size: 50,
      VolumeType: 'gp3',
      Tags: [
        { Key: 'Name', Value: 'tablesleuth-default' },
        { Key: 'tablesleuth:workspace', Value: 'default' },
      ],
    });
    expect(resourceOf(template, VOLUME)).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  test('has the name and the end that it is given', () => {
    const template = templateOf((stack) =>
      volumeIn(stack, { workspaceName: 'prod', removalPolicy: RemovalPolicy.DESTROY }),
    );
    expect(resourceOf(template, VOLUME).DeletionPolicy).toBe('Delete');
    expect(propertiesOf(template, VOLUME).Tags).toContainEqual({ Key: 'tablesleuth:workspace', Value: 'prod' });
  });
});

test('a workbench without a workspace is the one that says nothing of it', () => {
  expect(hostTemplate({ workspace: Workspace.none() })).toEqual(hostTemplate());
});

describe('hosts with a volume', () => {
  test('fail to be made where no subnet is in its zone', () => {
    const build = (stack: Stack) => host(stack, { workspace: Workspace.volume(existingVolume(stack, `${REGION}c`)) });
    expect(() => inStack(build)).toThrow(
      `Test/Workbench: no subnet of the hosts is in the workspace's Availability Zone "${REGION}c", they are in ` +
        `"${REGION}a", "${REGION}b"`,
    );
  });

  test.each<[string, Capacity, string, RegExp]>([
    ['one instance', Capacity.onDemand(), 'AWS::EC2::Instance', /subnet-a/],
    ['a group', Capacity.autoScaling(), 'AWS::AutoScaling::AutoScalingGroup', /"VPCZoneIdentifier":\["subnet-a"\]/],
    ['a fleet', Capacity.fleet(), 'AWS::EC2::EC2Fleet', /"SubnetId":"subnet-a"/],
  ])('run in its zone alone: %s', (_name, capacity, type, subnet) => {
    const properties = JSON.stringify(propertiesOf(withVolume(capacity), type));
    expect(properties).toMatch(subnet);
    expect(properties).not.toContain('subnet-b');
  });

  test('know its id', () => {
    expect(userDataOf(withVolume())).toContain(`WORKSPACE_VOLUME_ID="${VOLUME_ID}"`);
  });

  test.each<[string, Capacity]>([
    ['one instance', Capacity.onDemand()],
    ['a group', Capacity.autoScaling()],
    ['a fleet', Capacity.fleet()],
  ])('have the tag that lets it be attached to them: %s', (_name, capacity) => {
    const launched = resourcesOf(withVolume(capacity), 'AWS::EC2::LaunchTemplate')[0]!;
    const specifications = (launched.Properties as { LaunchTemplateData: { TagSpecifications: object[] } })
      .LaunchTemplateData.TagSpecifications;
    expect(specifications).toContainEqual({
      ResourceType: 'instance',
      Tags: expect.arrayContaining([{ Key: 'tablesleuth:workspace-volume', Value: VOLUME_ID }]) as unknown,
    });
  });

  test('may attach it, to hosts that have its tag, and no other volume', () => {
    const template = withVolume();
    const ours = statementsOf(template).filter(({ actions }) => actions.some((action) => action.startsWith('ec2:')));
    expect(ours.map(({ actions, resources, condition }) => [actions.join(' '), resources, condition])).toEqual([
      ['ec2:DescribeInstances ec2:DescribeVolumes', ['*'], undefined],
      ['ec2:AttachVolume ec2:DetachVolume', [`arn:aws:ec2:${REGION}:111122223333:volume/${VOLUME_ID}`], undefined],
      [
        'ec2:AttachVolume ec2:DetachVolume',
        [`arn:aws:ec2:${REGION}:111122223333:instance/*`],
        { StringEquals: { 'aws:ResourceTag/tablesleuth:workspace-volume': VOLUME_ID } },
      ],
      [
        'ec2:CreateTags',
        [`arn:aws:ec2:${REGION}:111122223333:volume/${VOLUME_ID}`],
        { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['tablesleuth:wanted-by'] } },
      ],
    ]);
  });

  test('may let EC2 use its key, in EC2’s name alone', () => {
    const [grant] = statementsOf(withVolume()).filter(({ actions }) => actions.includes('kms:CreateGrant'));
    expect(grant).toMatchObject({
      resources: [KEY_ARN],
      condition: {
        Bool: { 'kms:GrantIsForAWSResource': 'true' },
        StringEquals: { 'kms:ViaService': `ec2.${REGION}.amazonaws.com` },
      },
    });
  });

  test('are replaced when it is another one, and not when it grew', () => {
    const template = withVolume();
    expect(JSON.stringify(plain(template, template.Resources))).not.toContain('GiB');
  });
});
