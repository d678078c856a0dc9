import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadSettings, type Settings } from '../../app/settings';
import { ALL_KEYS } from '../support/settings-keys';
import { problemsIn } from '../support/settings-problems';

const project = join(__dirname, '../..');
const readProject = (path: string) => readFileSync(join(project, path), 'utf8');
const { context: own } = JSON.parse(readProject('cdk.json')) as { context: Record<string, unknown> };

interface Situation {
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

function load(context: Readonly<Record<string, unknown>>, { files = {}, env = {} }: Situation = {}): Settings {
  const readFile = (path: string) => {
    const text = files[path];
    if (text === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`);
    return text;
  };
  return loadSettings({ context: (key) => context[key], contextKeys: Object.keys(context), readFile, env });
}

const problemsOf = (context: Readonly<Record<string, unknown>>, situation: Situation = {}) =>
  problemsIn(() => load(context, situation));

const context = {
  '@aws-cdk/core:target-partitions': ['aws'],
  '@aws-cdk/core:someFlag': { not: 'an environment' },
  'vpc-provider:account=1:region=us-east-2': { vpcId: 'vpc-1' },
  'aws:cdk:bundling-stacks': ['**'],
  dev: { instanceType: 't3.small' },
  staging: { instanceType: 't3.medium' },
  prod: 'environments/prod.yaml',
};

describe('the environment', () => {
  test('is dev unless another is picked', () => {
    expect(load(context)).toMatchObject({ environment: 'dev', instanceType: 't3.small' });
    expect(load({ ...context, environment: 'staging' })).toMatchObject({
      environment: 'staging',
      instanceType: 't3.medium',
    });
  });

  test('may be a YAML file', () => {
    const files = { 'environments/prod.yaml': 'instanceType: m7g.large\nnetwork: { natGateways: 1 }\n' };
    expect(load({ ...context, environment: 'prod' }, { files })).toMatchObject({
      environment: 'prod',
      instanceType: 'm7g.large',
      network: { natGateways: 1 },
    });
  });

  test('may be an empty YAML file', () => {
    const files = { 'environments/prod.yaml': '# all defaults\n' };
    expect(load({ ...context, environment: 'prod' }, { files })).toMatchObject({ instanceType: 't3.small' });
  });

  test('takes the account and region that the CDK CLI found', () => {
    const env = { CDK_DEFAULT_ACCOUNT: '123456789012', CDK_DEFAULT_REGION: 'eu-west-1' };
    expect(load(context, { env })).toMatchObject({ account: '123456789012', region: 'eu-west-1' });
    expect(load(context, { env: { CDK_DEFAULT_REGION: '' } })).toMatchObject({ region: 'us-east-2' });
  });
});

describe('an environment that is not there', () => {
  test('fails when it is unknown, with the nearest and all that are known', () => {
    expect(problemsOf({ ...context, environment: 'pord' })).toEqual([
      '-c environment: got "pord", wants one of dev, staging, prod: did you mean prod?',
    ]);
    expect(problemsOf({ ...context, environment: '@aws-cdk/core:someFlag' })).toEqual([
      '-c environment: got "@aws-cdk/core:someFlag", wants one of dev, staging, prod',
    ]);
  });

  test('fails when the context has none', () => {
    expect(problemsOf({ '@aws-cdk/core:someFlag': true })).toEqual([
      'cdk.json: context: got no environment, wants at least one block of settings such as "dev": { "region": ' +
        '"us-east-2", "instanceType": "t3.small" }',
    ]);
  });

  test('fails when it is neither settings nor a YAML file', () => {
    expect(problemsOf({ dev: 'dev.json' })).toEqual([
      'cdk.json: context.dev: got "dev.json", wants a block of settings, or the name of a .yaml file such as ' +
        '"app/environments/prod.yaml"',
    ]);
  });

  test('fails when its file cannot be read', () => {
    expect(problemsOf({ ...context, environment: 'prod' })).toEqual([
      'cdk.json: context.prod: got "environments/prod.yaml", wants a file in the project that can be read: ENOENT: no ' +
        `such file or directory, open 'environments/prod.yaml'`,
    ]);
  });
});

describe('a message', () => {
  test('names the key in cdk.json', () => {
    expect(problemsOf({ dev: { network: { maxAzs: 9 } } })).toEqual([
      'cdk.json: context.dev.network.maxAzs: got 9, wants a whole number from 1 to 3',
    ]);
  });

  test('names the line of a YAML file', () => {
    const text = 'region: us-east-2\nnetwork:\n  maxAzs: 9\n  natGateway: 1\nimage:\n  kind: parameter\n';
    expect(problemsOf({ dev: 'dev.yml' }, { files: { 'dev.yml': text } })).toEqual([
      'dev.yml:3: network.maxAzs: got 9, wants a whole number from 1 to 3',
      'dev.yml:4: network.natGateway: unknown key, did you mean natGateways?',
      'dev.yml:5: image.name: got nothing, wants the full name of an SSM parameter such as /images/workbench',
    ]);
  });

  test.each([
    ['region: us-east-2\nregion: us-west-2\n', 'dev.yaml:2: not YAML: Map keys must be unique'],
    ['region: us-east-2\n\tuseSpot: true\n', 'dev.yaml:2: not YAML: Tabs are not allowed as indentation'],
    ['tags: *common\n', 'dev.yaml:1: not YAML: Unresolved alias (the anchor must be set before the alias): common'],
    ['- useSpot\n', `dev.yaml:1: got ["useSpot"], wants a block of settings: ${ALL_KEYS}`],
  ])('tells of YAML that cannot be used: %j', (text, message) => {
    expect(problemsOf({ dev: 'dev.yaml' }, { files: { 'dev.yaml': text } })).toContain(message);
  });
});

const OVERRIDES: ReadonlyArray<[key: string, value: string, expected: object]> = [
  ['useSpot', 'false', { capacity: { spot: false, kind: 'autoScaling' } }],
  ['capacity.kind', 'fleet', { capacity: { kind: 'fleet', spot: true } }],
  ['capacity.maxPrice', '0.05', { capacity: { maxPrice: 0.05 } }],
  ['capacity.instanceTypes', 't3.small, t3.medium', { capacity: { instanceTypes: ['t3.small', 't3.medium'] } }],
  ['capacity.instanceTypes', '["t3.small"]', { capacity: { instanceTypes: ['t3.small'] } }],
  ['capacity', '{"kind":"fleet"}', { capacity: { kind: 'fleet', instanceTypes: ['t3.small'] } }],
  ['instanceType', 't4g.small', { instanceType: 't4g.small', capacity: { instanceTypes: ['t4g.small'] } }],
  ['network.natGateways', '1', { network: { natGateways: 1 } }],
  ['network.cidr', '10.20.0.0/16', { network: { cidr: '10.20.0.0/16' } }],
  ['account', '012345678901', { account: '012345678901' }],
  ['retain', 'false', { retain: false }],
  ['tags.example.com/team', '42', { tags: { 'example.com/team': '42' } }],
];

describe('the command line', () => {
  const dev = { useSpot: true, instanceType: 't3.small', capacity: { instanceTypes: ['t3.small', 't3a.small'] } };

  test.each(OVERRIDES)('overrides %s with %s', (key, value, expected) => {
    expect(load({ dev, [key]: value })).toMatchObject(expected);
  });

  test('takes several overrides at once', () => {
    const settings = load({
      dev,
      'network.vpcId': 'vpc-12345678',
      'network.subnets': '[{"id":"subnet-12345678","availabilityZone":"us-east-2a"}]',
      'image.kind': 'parameter',
      'image.name': '/images/workbench',
    });
    expect(settings).toMatchObject({
      network: { vpcId: 'vpc-12345678', subnets: [{ id: 'subnet-12345678', availabilityZone: 'us-east-2a' }] },
      image: { kind: 'parameter', name: '/images/workbench' },
    });
  });

  test('overrides a YAML file too, and leaves the context as it was', () => {
    const files = { 'dev.yaml': 'capacity: { kind: autoScaling }\n' };
    expect(load({ dev: 'dev.yaml', 'capacity.kind': 'instance' }, { files }).capacity.kind).toBe('instance');
    load({ dev, useSpot: 'false' });
    expect(dev.useSpot).toBe(true);
  });

  test('is named where its own value is the problem', () => {
    expect(
      problemsOf({ dev: { useSpot: true, retain: 1 }, 'capacity.kind': 'instance', 'network.maxAzs': 'two' }),
    ).toEqual([
      '-c network.maxAzs: got "two", wants a whole number from 1 to 3',
      'cdk.json: context.dev.retain: got 1, wants true or false',
      '-c capacity.kind: got "instance" together with useSpot: true, wants autoScaling or fleet, or no spot: a single ' +
        'instance is always on-demand',
    ]);
  });

  test.each([
    [{ 'network.natGateway': '1' }, '-c network.natGateway: unknown key, did you mean natGateways?'],
    [{ 'netwrok.natGateways': '1' }, '-c netwrok.natGateways: unknown key, did you mean network?'],
    [{ usespot: 'false' }, '-c usespot: unknown key, did you mean useSpot?'],
    [{ enviroment: 'prod' }, '-c enviroment: unknown key, did you mean environment?'],
    [{ env: 'prod' }, '-c env: unknown key, did you mean environment?'],
    [
      { 'dev.useSpot': 'false' },
      '-c dev.useSpot: got a key inside an environment, wants -c environment=dev -c useSpot=false',
    ],
    [{ 'region.name': 'us-east-2' }, '-c region: got a block of settings, wants an AWS region such as us-east-2'],
  ])('fails on a key that was meant for us: %j', (context, message) => {
    expect(problemsOf({ dev, ...context })).toEqual([message]);
  });

  test('leaves the keys of other programs alone', () => {
    expect(problemsOf({ dev, 'acknowledged-issue-numbers': [1], 'vendor.option': 'x', verbose: 'true' })).toEqual([]);
  });
});

describe('the environments of this project', () => {
  const open = (context: Record<string, unknown>) =>
    loadSettings({ context: (key) => context[key], contextKeys: Object.keys(context), readFile: readProject, env: {} });

  test('dev is spot t3.small in us-east-2', () => {
    expect(open(own)).toMatchObject({
      environment: 'dev',
      region: 'us-east-2',
      instanceType: 't3.small',
      capacity: { kind: 'autoScaling', spot: true, instanceTypes: ['t3.small', 't3a.small'], onDemandFallback: true },
    });
  });

  test.each(['staging', 'prod'])('%s can be used', (environment) => {
    expect(open({ ...own, environment })).toMatchObject({ environment, retain: true, capacity: { spot: false } });
  });
});
