import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  SetDesiredCapacityCommand,
} from '@aws-sdk/client-auto-scaling';
import { afterAll, describe, expect, test } from 'vitest';
import { withSoftware } from '../support/installed-software';
import { Deployment } from './deployment';
import { ANA, BEN, provideSignIn } from './fixtures/identity-provider';
import { alarmStates, putFigures, untilAlarm } from './fixtures/cloudwatch';
import { GroupStory } from './fixtures/group-story';
import { whereMachinesRun } from './fixtures/machines';
import { Person } from './fixtures/person';
import { elements, queryApi } from './fixtures/query-api';
import { Traffic } from './fixtures/traffic';

const STACK = 'TablesleuthWorkbench-dev';
const SPOT_NOTICE = { action: 'terminate', time: new Date('2030-01-01T08:22:00Z') } as const;
const ALARMS = 'alarms={"email":"team@example.com"}';
/** A new host has to boot, and this computer may be busy. */
const BOOT_MS = 240_000;
/** Longer than a drain may take. */
const DRAIN_MS = 150_000;

let deployment: Deployment;
let settings: readonly string[];
let balancerArn: string;
let targetGroupArn: string;

whereMachinesRun(async () => {
  deployment = await Deployment.start('balanced-group', { enforceIam: true, machines: await withSoftware() });
  const { account } = deployment;
  const given = (await provideSignIn(account)).settings;
  const size = 'capacity={"kind":"autoScaling","max":3}';
  settings = ['useSpot=true', size, ALARMS, ...given, ...account.machines!.gizmosqlSettings];
  const { exitCode, output } = await deployment.deploy(...settings);
  expect(exitCode, output).toBe(0);
  balancerArn = elements(await elb('DescribeLoadBalancers'), 'LoadBalancerArn')[0]!;
  targetGroupArn = elements(await elb('DescribeTargetGroups'), 'TargetGroupArn')[0]!;
});

afterAll(() => deployment?.stop());

/** One story: a host is replaced, another one comes, and EC2 takes one back. */
describe('a spot group of one to three hosts behind a load balancer', { concurrent: false }, () => {
  test('is updated while people work, and none of them notices', async () => {
    await expect.poll(healthy, { timeout: 60_000, interval: 200 }).toHaveLength(1);
    const [old] = await healthy();
    const people = await signedIn();
    const traffic = Traffic.of(...people);
    const story = GroupStory.of(theGroup, health);
    const { exitCode, output } = await deployment.deployStack(STACK, ...settings, 'gizmosql.memoryLimit=55%');
    await story.end();
    await traffic.stop();
    expect(exitCode, output).toBe(0);
    expect(traffic.failures).toEqual([]);
    expect(traffic.answered).toBeGreaterThan(200);
    const [replacement, ...others] = await healthy();
    expect(others).toEqual([]);
    expect(replacement).not.toBe(old);
    expect(story.of(replacement!)).toContain('Pending:Wait');
    expect(story.of(replacement!).at(-1)).toBe('InService, healthy');
    expect(story.of(old!)[0]).toBe('InService, healthy');
    expect(story.of(old!).at(-1)).toBe('Terminating:Wait');
    expect(story.lookOf(replacement!, 'InService, healthy')).toBeLessThanOrEqual(story.lookOf(old!, 'Terminating'));
    people.forEach((person) => person.leave());
  });

  test('has people on both of two hosts, each of them always on the same one', async () => {
    const group = { AutoScalingGroupName: (await theGroup()).AutoScalingGroupName, DesiredCapacity: 2 };
    await autoScaling().send(new SetDesiredCapacityCommand(group));
    await expect.poll(healthy, { timeout: BOOT_MS, interval: 500 }).toHaveLength(2);
    const people = await signedIn();
    for (let turn = 0; turn < 20; turn++) {
      for (const person of people) expect((await person.ask({ path: '/api/health?sticky' })).status).toBe(200);
    }
    const seen = await Promise.all((await healthy()).map((host) => peopleOn(host, 'sticky')));
    expect(seen).toContainEqual({ [ANA.name]: 20 });
    expect(seen).toContainEqual({ [BEN.name]: 20 });
    people.forEach((person) => person.leave());
  });

  test('has a host that leaves the load balancer when EC2 takes it back, and nobody on it notices', async () => {
    const hosts = await healthy();
    const people = await signedIn();
    for (const person of people) await person.ask({ path: '/api/health?before' });
    const isBens = await Promise.all(hosts.map(async (host) => BEN.name in (await peopleOn(host, 'before'))));
    const taken = hosts[isBens.indexOf(true)]!;
    const kept = hosts[isBens.indexOf(false)]!;
    const traffic = Traffic.of(...people);
    deployment.account.machines!.setSpotNotice(taken, SPOT_NOTICE);
    await expect.poll(healthy, { timeout: 60_000, interval: 200 }).toEqual([kept]);
    // Not the group's doing, which knows of nothing.
    expect(await stateOf(taken)).toBe('InService');
    const programs = 'systemctl is-active gizmosql tablesleuth-web tablesleuth-proxy || true';
    await expect
      .poll(() => on(taken, programs), { timeout: DRAIN_MS, interval: 1_000 })
      .toBe('inactive\ninactive\ninactive');
    await traffic.stop();
    expect(traffic.failures).toEqual([]);
    for (const person of people) await person.ask({ path: '/api/health?after' });
    expect(await peopleOn(kept, 'after')).toEqual({ [ANA.name]: 1, [BEN.name]: 1 });
    people.forEach((person) => person.leave());
  });

  test('has alarms that watch this load balancer and these hosts', async () => {
    const LoadBalancer = balancerArn.split(':loadbalancer/')[1]!;
    const TargetGroup = targetGroupArn.split(':').at(-1)!;
    const figures: ReadonlyArray<readonly [alarm: string, name: string, dimensions: Record<string, string>]> = [
      ['TargetErrors', 'HTTPCode_Target_5XX_Count', { LoadBalancer, TargetGroup }],
      ['BalancerErrors', 'HTTPCode_ELB_5XX_Count', { LoadBalancer }],
    ];
    for (const [alarm, name, dimensions] of figures) {
      expect((await alarmStates(deployment.account))[`tablesleuth-dev-${alarm}`]).toBe('OK');
      await putFigures(deployment.account, { namespace: 'AWS/ApplicationELB', name, dimensions }, [10]);
      await untilAlarm(deployment.account, `tablesleuth-dev-${alarm}`, 'ALARM');
    }
  });

  test('has hosts that may leave their load balancer, and do nothing else to any', async () => {
    const [host] = await healthy();
    const refusal = (command: string, arn: string) =>
      on(host!, `aws elbv2 ${command} --region us-east-2 --target-group-arn ${arn} --targets Id=${host} 2>&1 || true`);
    const another = targetGroupArn.replace(/[^/]+$/, '0123456789abcdef');
    expect(await refusal('deregister-targets', another)).toContain('AccessDenied');
    expect(await refusal('register-targets', targetGroupArn)).toContain('AccessDenied');
    expect(await healthy()).toEqual([host]);
  });
});

function autoScaling(): AutoScalingClient {
  return new AutoScalingClient(deployment.account.client);
}

async function theGroup() {
  const { AutoScalingGroups = [] } = await autoScaling().send(new DescribeAutoScalingGroupsCommand({}));
  return AutoScalingGroups[0]!;
}

async function stateOf(host: string): Promise<string | undefined> {
  return (await theGroup()).Instances?.find(({ InstanceId }) => InstanceId === host)?.LifecycleState;
}

async function on(host: string, script: string): Promise<string> {
  return (await deployment.account.machines!.run(host, script)).stdout.trim();
}

function elb(action: string, parameters: Readonly<Record<string, string>> = {}): Promise<string> {
  return queryApi(deployment.account, 'elasticloadbalancing', action, { Version: '2015-12-01', ...parameters });
}

async function health(): Promise<Record<string, string>> {
  const answer = await elb('DescribeTargetHealth', { TargetGroupArn: targetGroupArn });
  const states = elements(answer, 'State');
  return Object.fromEntries(elements(answer, 'Id').map((id, index) => [id, states[index]!]));
}

async function healthy(): Promise<string[]> {
  return Object.entries(await health()).flatMap(([id, state]) => (state === 'healthy' ? [id] : []));
}

function signedIn(): Promise<Person[]> {
  const { loadBalancers } = deployment.account.machines!;
  return Promise.all([ANA, BEN].map((user) => Person.signIn(loadBalancers, balancerArn, user)));
}

/** Who came to a host with a word in the URL, and how often, by nginx's log. */
async function peopleOn(host: string, word: string): Promise<Record<string, number>> {
  const log = await on(host, 'journalctl --output=cat --unit=tablesleuth-proxy');
  const lines = log.split('\n').filter((line) => line.includes(word));
  const names = lines.map((line) => / - (\S+) \[/.exec(line)?.[1] ?? line);
  return Object.fromEntries([...new Set(names)].map((name) => [name, names.filter((each) => each === name).length]));
}
