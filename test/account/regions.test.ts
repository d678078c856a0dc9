import { DeleteParameterCommand, GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Deployment } from './deployment';
import { queryApi } from './fixtures/query-api';

const REGIONS = ['us-east-2', 'eu-west-1'] as const;
const [HERE, THERE] = REGIONS;
const settings = (instanceType: string) => [
  `regions=${REGIONS.join(',')}`,
  'dashboard=true',
  'useSpot=false',
  'capacity.kind=instance',
  `instanceType=${instanceType}`,
];
const PARTS = ['Data', 'Network', 'Operations', 'Workbench'];

describe('one environment in two regions of an emulated account', { concurrent: false }, () => {
  let deployment: Deployment;

  beforeAll(async () => {
    deployment = await Deployment.start('regions', { regions: REGIONS });
    const { exitCode, output } = await deployment.deploy(...settings('t3.small'));
    expect(exitCode, output).toBe(0);
  });
  afterAll(() => deployment?.stop());

  const ssmOf = (region: string) => new SSMClient({ ...deployment.account.client, region });
  const launcher = async (region: string) =>
    (await deployment.outputs(`TablesleuthWorkbench-dev-${region}`, region)).InstanceId;

  test.each(REGIONS)('has stacks, a host and outputs of its own in %s', async (region) => {
    const created = PARTS.map((part) => [`Tablesleuth${part}-dev-${region}`, 'CREATE_COMPLETE']);
    expect(await deployment.stacks(region)).toMatchObject(Object.fromEntries(created));
    const [host, ...more] = await deployment.hosts(region);
    expect(more).toEqual([]);
    expect(host?.Placement?.AvailabilityZone).toBe(`${region}a`);
    expect(await launcher(region)).toBe(host?.InstanceId);
    const outputs = await deployment.outputs(`TablesleuthWorkbench-dev-${region}`, region);
    expect(outputs.Region).toBe(region);
    expect(outputs.ConnectCommand).toContain(`--region ${region} --target ${host?.InstanceId}`);
    const { Parameter } = await ssmOf(region).send(new GetParameterCommand({ Name: '/tablesleuth/dev/data/key-arn' }));
    expect(Parameter?.Value).toMatch(new RegExp(`^arn:aws:kms:${region}:`));
  });

  test('has one dashboard, which shows both', async () => {
    expect(Object.keys(await deployment.stacks(THERE))).toHaveLength(PARTS.length);
    expect(await deployment.stacks(HERE)).toMatchObject({ [`TablesleuthOverview-dev-${HERE}`]: 'CREATE_COMPLETE' });
    const body = await queryApi(deployment.account, 'monitoring', 'GetDashboard', { DashboardName: 'tablesleuth-dev' });
    for (const region of REGIONS) expect(body).toContain(region);
  });

  test('fails in one region alone: the other one takes the change', async () => {
    const before = await launcher(THERE);
    await ssmOf(THERE).send(new DeleteParameterCommand({ Name: '/tablesleuth/dev/data/host-log-group' }));
    const failed = await deployment.deployOnly(`*-${THERE}`, ...settings('t3.medium'));
    expect(failed.exitCode, failed.output).toBe(1);
    const passed = await deployment.deployOnly(`*-${HERE}`, ...settings('t3.medium'));
    expect(passed.exitCode, passed.output).toBe(0);
    const types = await Promise.all(REGIONS.map((region) => deployment.hosts(region)));
    expect(types.flat().map(({ InstanceType }) => InstanceType)).toEqual(['t3.medium', 't3.small']);
    expect(await launcher(THERE)).toBe(before);
  });
});
