import type { Stack } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import type { Settings } from '../../../app/settings';
import type { GivenSettings } from '../../../app/settings/schema';
import { ACCOUNT, PROJECT_ENVIRONMENTS, projectSettings, settingsOf, synthesize } from '../../support/synthesis';
import { plain, propertiesOf, resourcesOf, type TemplateDocument } from '../../support/template';
import { EXISTING_NETWORK, VARIANTS } from '../../support/variants';

const stackNames = (settings: GivenSettings | Settings) =>
  synthesize(settings).synthesis.stacks.map(({ name }) => name);

describe('the stacks', () => {
  test.each(PROJECT_ENVIRONMENTS)('of %s are named after their part and their environment', (environment) => {
    expect(stackNames(projectSettings(environment)).sort()).toEqual([
      `TablesleuthData-${environment}`,
      `TablesleuthNetwork-${environment}`,
      `TablesleuthOperations-${environment}`,
      ...(environment === 'dev' ? [] : [`TablesleuthService-${environment}`]),
      `TablesleuthWorkbench-${environment}`,
    ]);
  });

  test('have no network when one is brought along', () => {
    expect(stackNames({ network: EXISTING_NETWORK }).sort()).toEqual([
      'TablesleuthData-dev',
      'TablesleuthOperations-dev',
      'TablesleuthWorkbench-dev',
    ]);
  });

  test('have operations even when none is switched on: the CDK CLI would leave a deployed stack that is gone alone', () => {
    expect(stackNames({ gizmosql: { rotationDays: false } })).toContain('TablesleuthOperations-dev');
  });

  test('are the same, but for the operations, with and without a rotation', () => {
    const templates = (rotationDays: number | false) =>
      synthesize({ gizmosql: { rotationDays } })
        .synthesis.stacks.filter(({ name }) => name !== 'TablesleuthOperations-dev')
        .map(({ template }) => template);
    expect(templates(30)).toEqual(templates(false));
  });

  test.each<[string, GivenSettings, Record<string, string[]>]>([
    [
      'the data before the network, both before the hosts, and the operations last',
      {},
      {
        'TablesleuthData-dev': [],
        'TablesleuthNetwork-dev': ['TablesleuthData-dev'],
        'TablesleuthWorkbench-dev': ['TablesleuthData-dev', 'TablesleuthNetwork-dev'],
        'TablesleuthOperations-dev': ['TablesleuthWorkbench-dev'],
      },
    ],
    [
      'what keeps findings after the operations, whose topic it tells, and these after the sweep, which they watch',
      { data: { buckets: ['arn:aws:s3:::lake'] }, sweep: {}, service: {}, alarms: { email: 'team@example.com' } },
      {
        'TablesleuthData-dev': [],
        'TablesleuthNetwork-dev': ['TablesleuthData-dev'],
        'TablesleuthSweep-dev': ['TablesleuthData-dev', 'TablesleuthNetwork-dev'],
        'TablesleuthWorkbench-dev': ['TablesleuthData-dev', 'TablesleuthNetwork-dev'],
        'TablesleuthOperations-dev': ['TablesleuthSweep-dev', 'TablesleuthWorkbench-dev'],
        'TablesleuthService-dev': ['TablesleuthOperations-dev'],
      },
    ],
    [
      'the data before the hosts, and the operations last',
      { network: EXISTING_NETWORK },
      {
        'TablesleuthData-dev': [],
        'TablesleuthWorkbench-dev': ['TablesleuthData-dev'],
        'TablesleuthOperations-dev': ['TablesleuthWorkbench-dev'],
      },
    ],
  ])('are deployed in order: %s', (_name, settings, expected) => {
    const order = synthesize(settings).synthesis.stacks.map(({ name, dependsOn }) => [name, [...dependsOn].sort()]);
    expect(Object.fromEntries(order)).toEqual(expected);
  });

  test.each(VARIANTS)('lock no value of each other, so that any of them can change: %s', (_name, settings) => {
    for (const { template } of synthesize(settings).synthesis.stacks) {
      expect(JSON.stringify(template)).not.toContain('Fn::ImportValue');
      expect(JSON.stringify(template.Outputs ?? {})).not.toContain('"Export"');
    }
  });

  test.each(VARIANTS)('read only parameters that another stack publishes: %s', (_name, settings) => {
    const { stacks } = synthesize(settings).synthesis;
    const published = stacks.flatMap(({ template }) =>
      resourcesOf(template, 'AWS::SSM::Parameter').map(({ Properties }) => Properties?.Name),
    );
    const read = stacks
      .flatMap(({ template }) => Object.values(template.Parameters ?? {}))
      .map(({ Default }) => Default)
      .filter((name) => name !== '/cdk-bootstrap/hnb659fds/version');
    expect(read.length).toBeGreaterThan(0);
    expect(published).toEqual(expect.arrayContaining(read));
  });
});

describe('an existing network', () => {
  test('is used without asking the account when its subnets are named', () => {
    const { synthesis, workbench } = synthesize({ network: EXISTING_NETWORK, capacity: { kind: 'autoScaling' } });
    expect(synthesis.lookups).toBe(0);
    expect(propertiesOf(workbench, 'AWS::EC2::SecurityGroup').VpcId).toBe(EXISTING_NETWORK.vpcId);
    expect(propertiesOf(workbench, 'AWS::AutoScaling::AutoScalingGroup').VPCZoneIdentifier).toEqual(
      EXISTING_NETWORK.subnets.map(({ id }) => id),
    );
  });

  test('is looked up in the account when they are not', () => {
    const { synthesis } = synthesize({ network: { vpcId: EXISTING_NETWORK.vpcId } });
    expect(synthesis.lookups).toBe(1);
  });

  test('is the only thing that is ever looked up', () => {
    for (const [name, settings] of VARIANTS) {
      expect([name, synthesize(settings).synthesis.lookups]).toEqual([name, 0]);
    }
  });
});

describe('hosts live', () => {
  const workbenchOf = (natGateways: number) =>
    synthesize({ capacity: { kind: 'autoScaling' }, network: { natGateways } }).workbench;
  const asksForAddress = (template: TemplateDocument) =>
    JSON.stringify(template.Resources).includes('"AssociatePublicIpAddress":true');

  test('in public subnets, with an address each, when there is no NAT gateway', () => {
    expect(asksForAddress(workbenchOf(0))).toBe(true);
  });

  test('in private subnets, without an address, when there is one', () => {
    expect(asksForAddress(workbenchOf(1))).toBe(false);
  });

  test.each([
    [0, 'PublicSubnet'],
    [1, 'PrivateSubnet'],
  ])('with %i NAT gateways in every %s of the network stack', (natGateways, kind) => {
    const { network, workbench } = synthesize({ capacity: { kind: 'autoScaling' }, network: { natGateways } });
    const published = resourcesOf(network, 'AWS::SSM::Parameter')
      .filter(({ Properties }) => String(Properties?.Name).includes('host-subnet'))
      .map(({ Properties }) => [`<ssm:${String(Properties?.Name)}>`, plain(network, Properties?.Value)]);
    expect(published.map(([, subnet]) => subnet)).toEqual(
      published.map(() => expect.stringContaining(kind) as unknown),
    );
    expect(plain(workbench, propertiesOf(workbench, 'AWS::AutoScaling::AutoScalingGroup').VPCZoneIdentifier)).toEqual(
      published.map(([name]) => name),
    );
  });
});

describe('the settings reach the templates:', () => {
  test('tags are on every resource that takes them, and on the stacks', () => {
    const { synthesis } = synthesize({ tags: { 'cost-center': '42' } });
    for (const { template } of synthesis.stacks) {
      const tagged = resourcesOf(template).filter(({ Properties }) => Properties?.Tags !== undefined);
      expect(tagged.length).toBeGreaterThan(0);
      for (const { id, Properties } of tagged) {
        expect([id, JSON.stringify(Properties?.Tags)]).toEqual([id, expect.stringContaining('cost-center')]);
        expect([id, JSON.stringify(Properties?.Tags)]).toEqual([
          id,
          expect.stringContaining('tablesleuth:environment'),
        ]);
      }
    }
  });

  test('hosts and their disks carry the tags too', () => {
    const { workbench } = synthesize({ tags: { 'cost-center': '42' } });
    const { TagSpecifications } = propertiesOf(workbench, 'AWS::EC2::LaunchTemplate').LaunchTemplateData as {
      TagSpecifications: Array<{ ResourceType: string; Tags: unknown }>;
    };
    expect(TagSpecifications.map(({ ResourceType }) => ResourceType).sort()).toEqual(['instance', 'volume']);
    for (const { Tags } of TagSpecifications) {
      expect(Tags).toContainEqual({ Key: 'cost-center', Value: '42' });
    }
  });

  test('logRetentionDays', () => {
    for (const { Properties } of resourcesOf(synthesize({ logRetentionDays: 30 }).data, 'AWS::Logs::LogGroup')) {
      expect(Properties?.RetentionInDays).toBe(30);
    }
  });

  test('useSpot', () => {
    const { workbench } = synthesize({ useSpot: true });
    expect(propertiesOf(workbench, 'AWS::AutoScaling::AutoScalingGroup')).toMatchObject({
      MixedInstancesPolicy: { InstancesDistribution: { OnDemandPercentageAboveBaseCapacity: 0 } },
    });
  });

  test('workspace.sizeGiB is the size of the volume, in the zone of the first subnet, and backup its plan', () => {
    const { data, operations, workbench } = synthesize({
      useSpot: true,
      workspace: { sizeGiB: 20 },
      backup: { hour: 4, keepDays: 30 },
    });
    expect(propertiesOf(data, 'AWS::EC2::Volume')).toMatchObject({
      Size: 20,
      AvailabilityZone: { 'Fn::Select': [0, { 'Fn::GetAZs': '' }] },
    });
    expect(propertiesOf(workbench, 'AWS::AutoScaling::AutoScalingGroup').VPCZoneIdentifier).toHaveLength(1);
    expect(propertiesOf(data, 'AWS::Backup::BackupVault').LockConfiguration).toEqual({ MinRetentionDays: 30 });
    expect(propertiesOf(operations, 'AWS::Backup::BackupPlan')).toMatchObject({
      BackupPlan: {
        BackupPlanRule: [{ ScheduleExpression: 'cron(0 4 * * ? *)', Lifecycle: { DeleteAfterDays: 30 } }],
      },
    });
  });

  test('backup.copyToRegion is where a stack of its own has a vault, and copyVaultName what that is called', () => {
    const backup = { copyToRegion: 'eu-west-1', copyVaultName: 'archive', keepDays: 30 };
    const { copies, operations, synthesis } = synthesize({ workspace: {}, backup });
    expect(propertiesOf(copies, 'AWS::Backup::BackupVault')).toMatchObject({
      BackupVaultName: 'archive',
      LockConfiguration: { MinRetentionDays: 30 },
    });
    expect(JSON.stringify(propertiesOf(operations, 'AWS::Backup::BackupPlan'))).toContain(
      `:backup:eu-west-1:${ACCOUNT}:backup-vault:archive`,
    );
    const stack = synthesis.app.node.findChild('TablesleuthCopies-dev') as Stack;
    expect(stack.region).toBe('eu-west-1');
    const of = (name: string) => synthesis.stacks.find((each) => each.name === name);
    expect(of('TablesleuthOperations-dev')?.dependsOn).toContain('TablesleuthCopies-dev');
  });

  test('workspace.volumeId is a volume that no stack has', () => {
    const { data } = synthesize({ workspace: { volumeId: 'vol-0123456789abcdef0' } });
    expect(resourcesOf(data, 'AWS::EC2::Volume')).toEqual([]);
    expect(resourcesOf(data, 'AWS::SSM::Parameter').map(({ Properties }) => Properties)).toContainEqual(
      expect.objectContaining({ Name: '/tablesleuth/dev/data/workspace-volume', Value: 'vol-0123456789abcdef0' }),
    );
  });

  test('workspace and backup switched off leave the templates as they are without them', () => {
    const without = synthesize({});
    const off = synthesize({ workspace: false, backup: false });
    expect([off.data, off.network, off.workbench, off.operations]).toEqual([
      without.data,
      without.network,
      without.workbench,
      without.operations,
    ]);
  });

  test("dev of cdk.json is a spot group of the seed's type in the seed's network", () => {
    const { network, workbench } = synthesize(projectSettings('dev'));
    expect(settingsOf({}).region).toBe('us-east-2');
    expect(propertiesOf(network, 'AWS::EC2::VPC').CidrBlock).toBe('10.10.0.0/16');
    expect(propertiesOf(workbench, 'AWS::AutoScaling::AutoScalingGroup')).toMatchObject({
      MixedInstancesPolicy: {
        InstancesDistribution: { OnDemandPercentageAboveBaseCapacity: 0 },
        LaunchTemplate: { Overrides: [{ InstanceType: 't3.small' }, { InstanceType: 't3a.small' }] },
      },
    });
  });
});
