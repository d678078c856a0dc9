import { describe, expect, test } from 'vitest';
import { resolveSettings } from '../../app/settings';

const resolve = (document: unknown, defaults: { account?: string; region?: string } = {}) =>
  resolveSettings({ environment: 'dev', source: 'dev.yaml', document, defaults });

test('an empty environment is one on-demand t3.small in a VPC of its own that reads nothing and keeps its data', () => {
  expect(resolve({})).toEqual({
    environment: 'dev',
    region: 'us-east-2',
    regions: ['us-east-2'],
    instanceType: 't3.small',
    capacity: {
      kind: 'instance',
      spot: false,
      instanceTypes: ['t3.small'],
      onDemandFallback: false,
      min: 1,
      max: 1,
      targetCpuPercent: 70,
    },
    network: { cidr: '10.10.0.0/16', maxAzs: 2, natGateways: 0 },
    access: { kind: 'sessionManager' },
    image: { kind: 'amazonLinux' },
    healthyWithinMinutes: 20,
    data: { buckets: [], glueDatabases: [], tableBuckets: [], kmsKeys: [] },
    gizmosql: { username: 'admin', version: '1.40.0', memoryLimit: '60%', rotationDays: 30 },
    alarms: false,
    dashboard: false,
    logRetentionDays: 90,
    retain: true,
    tags: {},
  });
});

test('everything may be set', () => {
  const document = {
    region: 'us-gov-west-1',
    account: '012345678901',
    instanceType: 'm7g.large',
    useSpot: true,
    capacity: {
      kind: 'autoScaling',
      spot: true,
      instanceTypes: ['m7g.large', 'r8g.large'],
      maxPrice: 0.05,
      onDemandFallback: false,
      min: 2,
      max: 5,
      targetCpuPercent: 60,
    },
    network: { cidr: '192.168.0.0/20', maxAzs: 3, natGateways: 3 },
    access: {
      kind: 'loadBalancer',
      certificateArn: 'arn:aws-us-gov:acm:us-gov-west-1:012345678901:certificate/1234abcd',
      hostName: 'tablesleuth.example.com',
      signIn: { kind: 'cognito', domainPrefix: 'data-team', sessionHours: 8 },
      allowedCidrs: ['203.0.113.0/24'],
      deletionProtection: true,
    },
    image: { kind: 'parameter', name: '/images/workbench' },
    healthyWithinMinutes: 5,
    data: {
      buckets: ['arn:aws-us-gov:s3:::my.lake-1'],
      glueDatabases: ['sales_2026'],
      tableBuckets: ['arn:aws-us-gov:s3tables:us-gov-west-1:012345678901:bucket/my-tables'],
      kmsKeys: ['arn:aws-us-gov:kms:us-gov-west-1:012345678901:key/mrk-1234abcd12ab34cd56ef1234567890ab'],
    },
    gizmosql: {
      username: 'lake_reader',
      version: '1.41.0',
      sha256: 'ab'.repeat(32),
      memoryLimit: '8.5GB',
      rotationDays: false,
    },
    alarms: { email: 'team@example.com', cpuPercent: 90, diskPercent: 70 },
    dashboard: { hourlyPrice: 0.0816 },
    logRetentionDays: 3653,
    retain: false,
    deleteDataOnDestroy: true,
    tags: { 'cost center': 'Zürich/42', 'team:data': '' },
  };
  const { useSpot: _shorthand, deleteDataOnDestroy: _yes, ...rest } = document;
  expect(resolve(document)).toEqual({ environment: 'dev', regions: ['us-gov-west-1'], ...rest });
});

describe('the capacity', () => {
  test.each([
    ['useSpot alone', { useSpot: true }, 'autoScaling', true, ['t3.small'], true],
    ['useSpot with a fleet', { useSpot: true, capacity: { kind: 'fleet' } }, 'fleet', true, ['t3.small'], false],
    ['useSpot said twice', { useSpot: true, capacity: { spot: true } }, 'autoScaling', true, ['t3.small'], true],
    ['useSpot false', { useSpot: false }, 'instance', false, ['t3.small'], false],
    ['spot without a kind', { capacity: { spot: true } }, 'autoScaling', true, ['t3.small'], true],
    ['an on-demand group', { capacity: { kind: 'autoScaling' } }, 'autoScaling', false, ['t3.small'], false],
    [
      'several types without a kind',
      { capacity: { instanceTypes: ['t3.small', 't3a.small'] } },
      'autoScaling',
      false,
      ['t3.small', 't3a.small'],
      false,
    ],
    ['an arm64 type', { instanceType: 't4g.small' }, 'instance', false, ['t4g.small'], false],
    ['one listed type', { capacity: { instanceTypes: ['t4g.small'] } }, 'instance', false, ['t4g.small'], false],
  ])('of %s', (_name, document, kind, spot, instanceTypes, onDemandFallback) => {
    const size = { min: 1, max: 1, targetCpuPercent: 70 };
    expect(resolve(document).capacity).toEqual({ kind, spot, instanceTypes, onDemandFallback, ...size });
  });

  test.each([
    [{ max: 5 }, { min: 1, max: 5, targetCpuPercent: 70 }],
    [{ min: 2 }, { min: 2, max: 2, targetCpuPercent: 70 }],
    [
      { min: 2, max: 4, targetCpuPercent: 50 },
      { min: 2, max: 4, targetCpuPercent: 50 },
    ],
  ])('of a group with %j', (given, size) => {
    expect(resolve({ capacity: { kind: 'autoScaling', ...given } }).capacity).toMatchObject(size);
  });
});

test('a VPC that exists brings no address block', () => {
  const vpcId = 'vpc-0123456789abcdef0';
  const subnets = [{ id: 'subnet-12345678', availabilityZone: 'us-east-2a' }];
  expect(resolve({ network: { vpcId, subnets } }).network).toEqual({ vpcId, subnets });
  expect(resolve({ network: { vpcId } }, { account: '123456789012' }).network).toEqual({ vpcId });
});

test("the CLI's account and region stand in for those that the settings leave out", () => {
  const defaults = { account: '111111111111', region: 'eu-west-1' };
  expect(resolve({}, defaults)).toMatchObject(defaults);
  const named = { account: '222222222222', region: 'us-west-2' };
  expect(resolve(named, defaults)).toMatchObject(named);
});

test('settings are resolved without changing the document', () => {
  const document = Object.freeze({ network: Object.freeze({ maxAzs: 3 }) });
  resolve(document);
  expect(document).toEqual({ network: { maxAzs: 3 } });
});
