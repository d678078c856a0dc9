import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { DescribeLaunchTemplateVersionsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Deployment } from './deployment';
import { pasted } from './fixtures/pasted';

const HOURS = ['hours.start=08:00', 'hours.stop=18:00', 'hours.timeZone=America/New_York'];
const GROUP = ['useSpot=true', ...HOURS];
const FLEET = ['capacity.kind=fleet', ...HOURS];
const INSTANCE = ['useSpot=false', 'capacity={"kind":"instance"}', ...HOURS];
/** A setting that only hosts know of: it is a new launch template. */
const ANOTHER_HOST = 'gizmosql.memoryLimit=50%';

/** New York's own time, in March and April of 2027, when the clocks go forward on Sunday the 14th. */
const at = (time: string) => new Date(`2027-${time}`);

/** One story in one account: it begins on a Tuesday night. */
describe('a group with hours', { concurrent: false }, () => {
  let deployment: Deployment;

  beforeAll(async () => {
    deployment = await Deployment.start('hours-of-a-group', { enforceIam: true });
    await deployment.account.passTime(at('03-09T21:00:00-05:00'));
  });

  afterAll(() => deployment?.stop());

  const { deploy, pass, hosts, command, launchedWith } = stepsOf(() => deployment);

  test('starts nothing when it is first deployed at night', async () => {
    await deploy(...GROUP);
    expect(await hosts()).toBe(0);
  });

  test('starts in the morning and stops in the evening, with the permissions of their roles alone', async () => {
    expect(await pass('03-10T07:59:00-05:00')).toEqual([]);
    const [start, ...more] = await pass('03-10T08:00:00-05:00');
    expect(start).toEqual({
      Schedule: expect.stringContaining('StartCapacity') as string,
      Time: '2027-03-10T13:00:00Z',
      Target: 'arn:aws:scheduler:::aws-sdk:autoscaling:setDesiredCapacity',
    });
    expect(more).toEqual([]);
    expect(await hosts()).toBe(1);
    expect((await pass('03-10T18:00:00-05:00')).map(({ Time }) => Time)).toEqual(['2027-03-10T23:00:00Z']);
    expect(await hosts()).toBe(0);
  });

  test('starts nothing when another host is deployed at night, and the deployment succeeds', async () => {
    await deploy(...GROUP, ANOTHER_HOST);
    expect(await hosts()).toBe(0);
    expect(await desiredCapacity()).toBe(0);
  });

  test('starts the new host in the morning', async () => {
    await pass('03-11T08:00:00-05:00');
    expect(await launchedWith()).toContain('GIZMOSQL_MEMORY_LIMIT="50%"');
  });

  test('replaces the host when another one is deployed in its hours', async () => {
    await deploy(...GROUP);
    expect(await hosts()).toBe(1);
    expect(await launchedWith()).toContain('GIZMOSQL_MEMORY_LIMIT="60%"');
  });

  test('keeps running for a night when somebody says so, and stops on the next', async () => {
    await command('KeepRunningCommand', '2027-03-11T17:30:00-05:00');
    expect(await pass('03-11T23:00:00-05:00')).toEqual([]);
    expect(await hosts()).toBe(1);
    await pass('03-12T18:00:00-05:00');
    expect(await hosts()).toBe(0);
  });

  test('starts on a day off when somebody says so, and stops when somebody says so', async () => {
    expect(await pass('03-13T12:00:00-05:00')).toEqual([]);
    await command('StartCommand');
    expect(await hosts()).toBe(1);
    await command('StopCommand');
    expect(await hosts()).toBe(0);
  });

  test('follows the clock when it goes forward', async () => {
    expect((await pass('03-15T20:00:00-04:00')).map(({ Time }) => Time)).toEqual([
      '2027-03-15T12:00:00Z',
      '2027-03-15T22:00:00Z',
    ]);
  });

  test('is always on when the hours are switched off, and their resources are gone', async () => {
    await deploy('useSpot=true', 'hours=false');
    expect(await hosts()).toBe(1);
    expect(await pass('03-17T20:00:00-04:00')).toEqual([]);
    const [host] = await deployment.hosts();
    await deploy(...GROUP);
    expect((await deployment.hosts()).map(({ InstanceId }) => InstanceId)).toEqual([host!.InstanceId]);
  });

  async function desiredCapacity(): Promise<number | undefined> {
    const { AutoScalingGroups = [] } = await new AutoScalingClient(deployment.account.client).send(
      new DescribeAutoScalingGroupsCommand({}),
    );
    return AutoScalingGroups[0]?.DesiredCapacity;
  }
});

/** One story in one account: it begins at noon of a Wednesday. */
describe('a fleet with hours, and then one instance', { concurrent: false }, () => {
  let deployment: Deployment;
  let instanceId: string;

  beforeAll(async () => {
    deployment = await Deployment.start('hours-of-a-fleet', { enforceIam: true });
    await deployment.account.passTime(at('03-10T12:00:00-05:00'));
    await deploy(...FLEET);
  });

  afterAll(() => deployment?.stop());

  const { deploy, pass, hosts, command, launchedWith } = stepsOf(() => deployment);

  test('the fleet has a host when it is first deployed, and none at night', async () => {
    expect(await hosts()).toBe(1);
    const called = await pass('03-10T20:00:00-05:00');
    expect(called.map(({ Target, Error }) => [Target, Error])).toEqual([
      ['arn:aws:scheduler:::aws-sdk:ec2:modifyFleet', undefined],
      ['arn:aws:scheduler:::aws-sdk:ssm:putParameter', undefined],
    ]);
    expect(await hosts()).toBe(0);
  });

  test('another host, which is another fleet, starts nothing at night, and starts in the morning', async () => {
    const fleet = (await deployment.outputs('TablesleuthWorkbench-dev')).FleetId;
    await deploy(...FLEET, ANOTHER_HOST);
    expect((await deployment.outputs('TablesleuthWorkbench-dev')).FleetId).not.toBe(fleet);
    expect(await hosts()).toBe(0);
    await pass('03-11T08:00:00-05:00');
    expect(await launchedWith()).toContain('GIZMOSQL_MEMORY_LIMIT="50%"');
  });

  test('another fleet in its hours has a host', async () => {
    await deploy(...FLEET);
    expect(await hosts()).toBe(1);
  });

  test('stays for a night, starts and stops when somebody says so', async () => {
    await command('KeepRunningCommand', '2027-03-11T17:30:00-05:00');
    expect(await pass('03-11T23:00:00-05:00')).toEqual([]);
    await command('StopCommand');
    expect(await hosts()).toBe(0);
    await command('StartCommand');
    expect(await hosts()).toBe(1);
  });

  test('one instance is stopped in the evening, and stays so when something else is deployed', async () => {
    await deploy(...INSTANCE);
    instanceId = (await deployment.outputs('TablesleuthWorkbench-dev')).InstanceId!;
    expect(await hosts()).toBe(1);
    await pass('03-12T20:00:00-05:00');
    expect(await hosts()).toBe(0);
    await deploy(...INSTANCE, 'hours.start=07:00');
    expect(await hosts()).toBe(0);
  });

  test('and is the same one in the morning', async () => {
    const called = await pass('03-15T12:00:00Z');
    expect(called.map(({ Time }) => Time)).toEqual(['2027-03-15T11:00:00Z']);
    expect((await deployment.hosts()).map(({ InstanceId }) => InstanceId)).toEqual([instanceId]);
  });
});

/** What both stories do. */
function stepsOf(deployment: () => Deployment) {
  return {
    deploy: async (...settings: string[]) => {
      const { exitCode, output } = await deployment().deploy(...settings);
      expect(exitCode, output).toBe(0);
    },
    pass: (time: string) => deployment().account.passTime(at(time)),
    hosts: async () => (await deployment().hosts()).length,
    command: async (name: string, now = '') => {
      const outputs = await deployment().outputs('TablesleuthWorkbench-dev');
      return pasted(deployment().account, outputs[name]!, { now });
    },
    /** The user data of the host that runs. */
    launchedWith: async () => {
      const [host] = await deployment().hosts();
      const tag = (name: string) => host!.Tags!.find(({ Key }) => Key === name)!.Value!;
      const { LaunchTemplateVersions: [version] = [] } = await new EC2Client(deployment().account.client).send(
        new DescribeLaunchTemplateVersionsCommand({
          LaunchTemplateId: tag('aws:ec2launchtemplate:id'),
          Versions: [tag('aws:ec2launchtemplate:version')],
        }),
      );
      return Buffer.from(version!.LaunchTemplateData!.UserData!, 'base64').toString();
    },
  };
}
