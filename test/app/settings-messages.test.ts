import { describe, expect, test } from 'vitest';
import { resolveSettings, type SettingsInput } from '../../app/settings';
import { ALL_KEYS } from '../support/settings-keys';
import { problemsIn } from '../support/settings-problems';

const problemsOf = (document: unknown, environment = 'dev', defaults: SettingsInput['defaults'] = {}) =>
  problemsIn(() => resolveSettings({ environment, source: 'dev.yaml', document, defaults }));

const LOG_RETENTION =
  '1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653';
const CHARACTERS = 'letters, digits, spaces and _ . : / = + - @, not beginning with aws:';

const WRONG_VALUES: ReadonlyArray<[document: unknown, message: string]> = [
  [{ region: 'us-east2' }, 'region: got "us-east2", wants an AWS region such as us-east-2'],
  [
    { account: 123456789012 },
    'account: got 123456789012, wants an AWS account: 12 digits in quotes, such as "123456789012"',
  ],
  [{ account: '1234' }, 'account: got "1234", wants an AWS account: 12 digits in quotes, such as "123456789012"'],
  [{ instanceType: 'large' }, 'instanceType: got "large", wants an EC2 instance type, family.size, such as t3.small'],
  [{ useSpot: 'yes' }, 'useSpot: got "yes", wants true or false'],
  [{ useSpot: null }, 'useSpot: got nothing, wants true or false'],
  [{ capacity: { kind: 'flet' } }, 'capacity.kind: got "flet", wants instance, autoScaling or fleet'],
  [{ region: 'us-eats-2' }, 'region: got "us-eats-2", wants an AWS region such as us-east-2'],
  [
    { capacity: 'fleet' },
    'capacity: got "fleet", wants a block of settings: kind, spot, instanceTypes, maxPrice, onDemandFallback, min, max, targetCpuPercent',
  ],
  [{ capacity: { instanceTypes: [] } }, 'capacity.instanceTypes: got [], wants a list of 1 to 20 EC2 instance types'],
  [
    { capacity: { instanceTypes: ['t3.small', 't3.small'] } },
    'capacity.instanceTypes: got ["t3.small", "t3.small"], wants a list of 1 to 20 EC2 instance types, each once',
  ],
  [
    { capacity: { instanceTypes: ['t3.small', 't3'] } },
    'capacity.instanceTypes[1]: got "t3", wants an EC2 instance type, family.size, such as t3.small',
  ],
  [
    { useSpot: true, capacity: { maxPrice: 0 } },
    'capacity.maxPrice: got 0, wants a price in USD per hour above 0, such as 0.05',
  ],
  [{ network: { cidr: '10.10.0.0' } }, 'network.cidr: got "10.10.0.0", wants an IPv4 block such as 10.10.0.0/16'],
  [{ network: { cidr: '10.10.0.0/8' } }, 'network.cidr: got "10.10.0.0/8", wants a block between /16 and /24'],
  [
    { network: { cidr: '8.8.0.0/16' } },
    'network.cidr: got "8.8.0.0/16", wants a private block, inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16',
  ],
  [
    { network: { cidr: '10.10.1.0/16' } },
    `network.cidr: got "10.10.1.0/16", wants the block's first address: 10.10.0.0/16`,
  ],
  [{ healthyWithinMinutes: 2 }, 'healthyWithinMinutes: got 2, wants a whole number from 3 to 60'],
  [{ network: { maxAzs: 4 } }, 'network.maxAzs: got 4, wants a whole number from 1 to 3'],
  [{ network: { natGateways: 0.5 } }, 'network.natGateways: got 0.5, wants a whole number from 0 to 3'],
  [{ network: { vpcId: 'main' } }, 'network.vpcId: got "main", wants a VPC id such as vpc-0123456789abcdef0'],
  [
    { network: { vpcId: 'vpc-0123456789abcdef0', subnets: [{ id: 'subnet-0123456789abcdef0' }] } },
    'network.subnets[0].availabilityZone: got nothing, wants an Availability Zone such as us-east-2a',
  ],
  [{ image: { kind: 'ubuntu' } }, 'image.kind: got "ubuntu", wants amazonLinux, pipeline or parameter'],
  [
    { image: 'ubuntu' },
    'image: got "ubuntu", wants a block of settings: kind, with kind pipeline schedule, and with kind parameter name',
  ],
  [
    { image: { kind: 'pipeline', schedule: 'weekly' } },
    'image.schedule: got "weekly", wants a schedule of EC2 Image Builder with six fields, in UTC, such as ' +
      'cron(0 3 ? * sun *)',
  ],
  [
    { image: { kind: 'parameter' } },
    'image.name: got nothing, wants the full name of an SSM parameter such as /images/workbench',
  ],
  [{ data: { buckets: 'my-lake' } }, 'data.buckets: got "my-lake", wants a list of S3 bucket ARNs'],
  [
    { data: { buckets: ['my-lake'] } },
    'data.buckets[0]: got "my-lake", wants the ARN of an S3 bucket such as arn:aws:s3:::my-lake',
  ],
  [
    { data: { buckets: ['arn:aws:s3:::*'] } },
    'data.buckets[0]: got "arn:aws:s3:::*", wants the ARN of an S3 bucket such as arn:aws:s3:::my-lake',
  ],
  [
    { data: { glueDatabases: ['*'] } },
    'data.glueDatabases[0]: got "*", wants the name of a Glue database, in lower case, such as sales',
  ],
  [
    { data: { kmsKeys: ['arn:aws:kms:us-east-2:123456789012:alias/lake'] } },
    'data.kmsKeys[0]: got "arn:aws:kms:us-east-2:123456789012:alias/lake", wants the ARN of a KMS key (an alias will ' +
      'not do) such as arn:aws:kms:us-east-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab',
  ],
  [
    { gizmosql: { username: 'token' } },
    'gizmosql.username: got "token", wants a name of letters, digits and _, other than the reserved name token',
  ],
  [
    { gizmosql: { memoryLimit: '120%' } },
    'gizmosql.memoryLimit: got "120%", wants a share of the memory up to 95%, or a size such as 8GB',
  ],
  [{ gizmosql: { rotationDays: 0 } }, 'gizmosql.rotationDays: got 0, wants a whole number from 1 to 1000'],
  [
    { gizmosql: { rotationDays: true } },
    'gizmosql.rotationDays: got true, wants a whole number of days from 1 to 1000, or false',
  ],
  [{ gizmosql: { sha256: 'abc' } }, 'gizmosql.sha256: got "abc", wants a SHA-256 of 64 lower-case hexadecimal digits'],
  [{ logRetentionDays: 45 }, `logRetentionDays: got 45, wants a retention that CloudWatch Logs has: ${LOG_RETENTION}`],
  [
    { tags: { 'AWS:team': 'x' } },
    `tags["AWS:team"]: got "AWS:team", wants a tag name of 1 to 128 characters: ${CHARACTERS}`,
  ],
  [{ tags: { cost: 7 } }, `tags.cost: got 7, wants a text in quotes of 0 to 256 characters: ${CHARACTERS}`],
  [
    { tags: Object.fromEntries(Array.from({ length: 41 }, (_, index) => [`tag${index}`, ''])) },
    'tags: got a block of settings, wants at most 40 tags',
  ],
];

describe('a value that is wrong by itself', () => {
  test.each(WRONG_VALUES)('%j is refused', (document, message) => {
    expect(problemsOf(document)).toEqual([`dev.yaml: ${message}`]);
  });

  test('settings that are no block are refused', () => {
    expect(problemsOf(['t3.small'])).toEqual([`dev.yaml: got ["t3.small"], wants a block of settings: ${ALL_KEYS}`]);
  });
});

describe('an unknown key', () => {
  test.each([
    [{ usespot: true }, 'usespot: unknown key, did you mean useSpot?'],
    [{ instance_type: 't3.small' }, 'instance_type: unknown key, did you mean instanceType?'],
    [{ network: { natGateway: 1 } }, 'network.natGateway: unknown key, did you mean natGateways?'],
    [{ maxAzs: 3 }, 'maxAzs: unknown key, did you mean network.maxAzs?'],
    [
      { image: { kind: 'amazonLinux', name: '/a' } },
      'image.name: got "/a", wants it left out: it belongs to another kind',
    ],
    [
      { network: { firewall: true } },
      'network.firewall: unknown key, wants one of cidr, maxAzs, natGateways, vpcId, subnets',
    ],
    [{ reports: { schedule: 'daily' } }, `reports: unknown key, wants one of ${ALL_KEYS}`],
  ])('%j is refused, with the nearest known one', (document, message) => {
    expect(problemsOf(document)).toEqual([`dev.yaml: ${message}`]);
  });
});

const VPC_ID = 'vpc-0123456789abcdef0';
const SUBNETS = [{ id: 'subnet-0123456789abcdef0', availabilityZone: 'us-west-2a' }];

const IMPOSSIBLE_TOGETHER: ReadonlyArray<[document: unknown, message: string]> = [
  [
    { useSpot: true, capacity: { kind: 'instance' } },
    'capacity.kind: got "instance" together with useSpot: true, wants autoScaling or fleet, or no spot: a single ' +
      'instance is always on-demand',
  ],
  [
    { capacity: { kind: 'instance', spot: true } },
    'capacity.kind: got "instance" together with capacity.spot: true, wants autoScaling or fleet, or no spot: a single ' +
      'instance is always on-demand',
  ],
  [
    { useSpot: true, capacity: { spot: false } },
    'capacity.spot: got false together with useSpot: true, wants the two to agree: leave one of them out',
  ],
  [
    { useSpot: false, capacity: { kind: 'fleet', spot: true } },
    'capacity.spot: got true together with useSpot: false, wants the two to agree: leave one of them out',
  ],
  [
    { capacity: { kind: 'fleet', maxPrice: 0.05 } },
    'capacity.maxPrice: got 0.05 without spot, wants it left out or useSpot: true: on-demand capacity has a fixed price',
  ],
  [
    { capacity: { kind: 'autoScaling', onDemandFallback: true } },
    'capacity.onDemandFallback: got true without spot, wants it left out: only a spot Auto Scaling group falls back',
  ],
  [
    { useSpot: true, capacity: { kind: 'fleet', onDemandFallback: false } },
    'capacity.onDemandFallback: got false with kind fleet, wants it left out: only a spot Auto Scaling group falls back',
  ],
  [
    { useSpot: true, capacity: { instanceTypes: ['t3.small', 't4g.small', 't3a.small'] } },
    'capacity.instanceTypes: got t3.small, t3a.small (x86_64) and t4g.small (arm64), wants one CPU architecture: a host ' +
      'image fits one alone',
  ],
  [
    { useSpot: true, instanceType: 't4g.small', capacity: { instanceTypes: ['m7g.large'] } },
    'capacity.instanceTypes: got ["m7g.large"], wants instanceType t4g.small among them: add it, or leave instanceType out',
  ],
  [
    { capacity: { kind: 'instance', instanceTypes: ['t3.small', 't3a.small'] } },
    'capacity.instanceTypes: got ["t3.small", "t3a.small"] together with capacity.kind: instance, wants one type: a ' +
      'single instance has one',
  ],
  [
    { network: { natGateways: 3 } },
    'network.natGateways: got 3 with maxAzs: 2, wants at most one gateway for each Availability Zone',
  ],
  [
    { network: { cidr: '10.0.0.0/23', natGateways: 1 } },
    'network.cidr: got "10.0.0.0/23", wants a block of /22 or larger for 4 subnets of /24: take a larger block or fewer ' +
      'maxAzs',
  ],
  [
    { network: { vpcId: VPC_ID, subnets: [{ ...SUBNETS[0], availabilityZone: 'us-east-2a' }], natGateways: 1 } },
    'network.natGateways: got 1 together with network.vpcId, wants one of the two: a VPC that exists is not changed',
  ],
  [
    { network: { subnets: SUBNETS } },
    'network.subnets: got subnets without vpcId, wants network.vpcId: subnets are named only in a VPC that exists',
  ],
  [
    { region: 'us-east-2', network: { vpcId: VPC_ID, subnets: SUBNETS } },
    'network.subnets[0].availabilityZone: got "us-west-2a", wants an Availability Zone of region us-east-2',
  ],
  [
    { gizmosql: { version: '1.41.0' } },
    `gizmosql.version: got "1.41.0" without sha256, wants 1.40.0, or gizmosql.sha256 of the release's Linux zip beside it`,
  ],
  [
    { gizmosql: { version: '1.12.13', sha256: 'a'.repeat(64) } },
    'gizmosql.version: got "1.12.13", wants 1.31.1 or newer: older ones do not run on Amazon Linux 2023 or cannot drain',
  ],
  [
    { image: { kind: 'pipeline' }, capacity: { kind: 'fleet' } },
    'image.kind: got "pipeline" together with capacity.kind: fleet, wants autoScaling: old images are deleted, and a ' +
      'fleet launches the one that it was deployed with',
  ],
  [
    { image: { kind: 'pipeline' }, network: { cidr: '10.0.0.0/23' } },
    'network.cidr: got "10.0.0.0/23", wants a block of /22 or larger for 2 subnets of /24 and those that build images: ' +
      'take a larger block or fewer maxAzs',
  ],
  [
    { deleteDataOnDestroy: true },
    'deleteDataOnDestroy: got true without retain: false, wants both or neither: they are the two halves of one yes',
  ],
];

describe('settings that are impossible together', () => {
  test.each(IMPOSSIBLE_TOGETHER)('%j is refused, with advice', (document, message) => {
    expect(problemsOf(document)).toEqual([`dev.yaml: ${message}`]);
  });

  test('production does not give up its data unless that is said twice', () => {
    expect(problemsOf({ retain: false }, 'prod')).toEqual([
      'dev.yaml: retain: got false in prod, wants true, or deleteDataOnDestroy: true beside it: a destroy of the stack ' +
        'would delete logs and secret',
    ]);
    expect(problemsOf({ retain: false }, 'production-eu')).toHaveLength(1);
    expect(problemsOf({ retain: false, deleteDataOnDestroy: true }, 'prod')).toEqual([]);
    expect(problemsOf({ retain: false }, 'dev')).toEqual([]);
  });
});

test('a VPC that must be looked up needs an account', () => {
  const vpcId = 'vpc-0123456789abcdef0';
  const subnets = [{ id: 'subnet-0123456789abcdef0', availabilityZone: 'us-east-2a' }];
  expect(problemsOf({ network: { vpcId } })).toEqual([
    'dev.yaml: network.vpcId: got "vpc-0123456789abcdef0" and no account to look it up in, wants AWS credentials for the ' +
      'CDK CLI, or network.subnets, which need no lookup',
  ]);
  expect(problemsOf({ network: { vpcId } }, 'dev', { account: '123456789012' })).toEqual([]);
  expect(problemsOf({ network: { vpcId, subnets } })).toEqual([]);
});

test('a wrong value is not blamed a second time for what its default would do', () => {
  expect(problemsOf({ network: { maxAzs: 9, natGateways: 3, cidr: '10.0.0.0/24' } })).toEqual([
    'dev.yaml: network.maxAzs: got 9, wants a whole number from 1 to 3',
  ]);
  const subnets = [{ id: 'subnet-0123456789abcdef0', availabilityZone: 'us-west-2a' }];
  expect(problemsOf({ region: 'west', network: { vpcId: 'mine', subnets } })).toEqual([
    'dev.yaml: region: got "west", wants an AWS region such as us-east-2',
    'dev.yaml: network.vpcId: got "mine", wants a VPC id such as vpc-0123456789abcdef0',
  ]);
});

test('an environment whose name no stack can bear is refused', () => {
  expect(problemsOf({}, 'my_env')).toEqual([
    'dev.yaml: context: got an environment named "my_env", wants up to 30 letters, digits and dashes, beginning with a ' +
      'letter: it becomes part of the names of stacks',
  ]);
});

test('a region of the shell that is none is refused when the settings name no other', () => {
  expect(problemsOf({}, 'dev', { region: 'ohio' })).toEqual([
    'CDK_DEFAULT_REGION: got "ohio", wants an AWS region such as us-east-2',
  ]);
  expect(problemsOf({ region: 'us-west-2' }, 'dev', { region: 'ohio' })).toEqual([]);
});
