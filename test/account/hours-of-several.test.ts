import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  SetDesiredCapacityCommand,
} from '@aws-sdk/client-auto-scaling';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Deployment } from './deployment';

const HOURS = ['hours.start=08:00', 'hours.stop=18:00', 'hours.timeZone=America/New_York'];
const GROUP = (capacity: object) => [`capacity=${JSON.stringify({ kind: 'autoScaling', ...capacity })}`];
const SOME = [...GROUP({ min: 2, max: 4 }), ...HOURS];

let deployment: Deployment;

beforeAll(async () => {
  deployment = await Deployment.start('hours-of-several', { enforceIam: true });
  await deployment.account.passTime(at('03-09T21:00:00-05:00'));
  await deploy(...SOME);
}, 120_000);

afterAll(() => deployment?.stop());

/** One story in one account: it begins on a Tuesday night. */
describe('a group of two to four with hours', { concurrent: false }, () => {
  test('has nobody at night, and its fewest in the morning', async () => {
    expect(await sizes()).toEqual([0, 0, 4]);
    await deployment.account.passTime(at('03-10T08:00:00-05:00'));
    expect(await sizes()).toEqual([2, 2, 4]);
    expect(await deployment.hosts()).toHaveLength(2);
  });

  test('keeps what it has grown to, and its minimum, when another host is deployed by day', async () => {
    const before = await hosts();
    await setDesired(3);
    await deploy(...SOME, 'gizmosql.memoryLimit=50%');
    expect(await sizes()).toEqual([2, 3, 4]);
    expect(await hosts()).toHaveLength(3);
    expect((await hosts()).filter((id) => before.includes(id))).toEqual([]);
  });

  test('keeps what it has grown to when a morning comes that no evening came before', async () => {
    await deployment.account.passTime(at('03-10T07:59:00-05:00'));
    await deployment.account.passTime(at('03-10T08:00:00-05:00'));
    expect(await sizes()).toEqual([2, 3, 4]);
  });

  test('has nobody in the evening', async () => {
    await deployment.account.passTime(at('03-10T18:00:00-05:00'));
    expect(await sizes()).toEqual([0, 0, 4]);
    expect(await hosts()).toEqual([]);
  });
});

describe('a group of one to three that stops when it is idle', { concurrent: false }, () => {
  test('loses the host that nobody uses, and keeps the other', async () => {
    await deploy(...GROUP({ max: 3 }), 'hours=false', 'idleStop={}');
    await setDesired(2);
    const [first, second] = await hosts();
    await idle(first!);
    await expect.poll(hosts, { timeout: 20_000 }).toEqual([second]);
    expect(await sizes()).toEqual([1, 1, 3]);
  });

  test('stops when nobody uses the last one', async () => {
    await idle((await hosts())[0]!);
    await expect.poll(hosts, { timeout: 20_000 }).toEqual([]);
    expect(await sizes()).toEqual([0, 0, 3]);
  });
});

function at(time: string): Date {
  return new Date(`2027-${time}`);
}

async function deploy(...settings: string[]): Promise<void> {
  const { exitCode, output } = await deployment.deploy(...settings);
  expect(exitCode, output).toBe(0);
}

async function hosts(): Promise<string[]> {
  return (await deployment.hosts()).map(({ InstanceId }) => InstanceId!);
}

/** The event that a host sends when nobody uses it. */
function idle(instanceId: string): Promise<void> {
  return deployment.account.sendAwsEvent({
    source: 'tablesleuth.host',
    detailType: 'TableSleuth Host Idle',
    detail: { environment: 'dev', 'instance-id': instanceId, 'idle-minutes': '60' },
  });
}

async function group() {
  const { AutoScalingGroups = [] } = await new AutoScalingClient(deployment.account.client).send(
    new DescribeAutoScalingGroupsCommand({}),
  );
  return AutoScalingGroups[0]!;
}

/** The fewest, the wanted and the most hosts of the group. */
async function sizes(): Promise<Array<number | undefined>> {
  const { MinSize, DesiredCapacity, MaxSize } = await group();
  return [MinSize, DesiredCapacity, MaxSize];
}

async function setDesired(DesiredCapacity: number): Promise<void> {
  const { AutoScalingGroupName } = await group();
  await new AutoScalingClient(deployment.account.client).send(
    new SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity }),
  );
}
