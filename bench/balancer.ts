import { readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Deployment } from '../test/account/deployment';
import { ANA, HOST_NAME, provideSignIn } from '../test/account/fixtures/identity-provider';
import { Person } from '../test/account/fixtures/person';
import { processesOf } from '../test/account/fixtures/processes';
import { elements, queryApi } from '../test/account/fixtures/query-api';
import { type Figure, median } from './figure';
import { load, type Load, type LoadTarget, requireLoadTool } from './load';
import { requireMachines } from './machines';

/** Something small: the more TableSleuth has to do, the less the way there matters. */
const PATH = '/api/health';
const ROUNDS = 5;
const SECONDS = 4;
const HEALTHY_WITHIN_MS = 60_000;
const MOST_ADDED_MS = 5;

/**
 * What the way adds to a request: HTTPS to the load balancer, its sign-in, nginx on a booted host, and the check of the
 * signed header there, against TableSleuth's own port on that host. The load balancer is the emulated account's.
 */
export async function measureBalancer(): Promise<Figure[]> {
  await requireMachines();
  requireLoadTool();
  const deployment = await Deployment.start('bench-balancer', { machines: true });
  try {
    const { settings } = await provideSignIn(deployment.account);
    const { exitCode, output } = await deployment.deploy(...settings, ...deployment.account.machines!.gizmosqlSettings);
    if (exitCode !== 0) throw new Error(`the deployment failed:\n${output}`);
    return await measure(deployment);
  } finally {
    await deployment.stop();
  }
}

async function measure(deployment: Deployment): Promise<Figure[]> {
  const { loadBalancers } = deployment.account.machines!;
  const balancer = await balancerOf(deployment);
  const person = await Person.signIn(loadBalancers, balancer, ANA);
  const [host] = await deployment.hosts();
  const inside = processesOf(host!.InstanceId!).find((pid) => networkOf(pid) !== networkOf('self'));
  const direct: LoadTarget = { url: `http://127.0.0.1:8000${PATH}`, networkOf: inside! };
  const through: LoadTarget = {
    url: `https://127.0.0.1:${loadBalancers.port(balancer, 443)}${PATH}`,
    headers: { Host: HOST_NAME, Cookie: person.cookie },
  };
  const loads: Record<'direct' | 'through', Load[]> = { direct: [], through: [] };
  for (let round = 0; round < ROUNDS; round++) {
    loads.direct.push(await load(direct, SECONDS));
    loads.through.push(await load(through, SECONDS));
    // A redirection to the sign-in would be quick, and no failure to the load tool.
    const { status } = await person.ask({ path: PATH });
    if (status !== 200) throw new Error(`the load balancer answers ${status}, expected 200`);
  }
  person.leave();
  return figures(loads.direct, loads.through);
}

function networkOf(process: number | 'self'): string {
  return readlinkSync(`/proc/${process}/ns/net`);
}

function figures(direct: readonly Load[], through: readonly Load[]): Figure[] {
  const of = (loads: readonly Load[], which: keyof Load) => median(loads.map((each) => each[which]));
  const p99 = { name: 'TableSleuth direct', value: of(direct, 'p99') };
  const way = 'load balancer and nginx';
  return [
    {
      name: `a request through ${way}, p50`,
      unit: 'ms',
      value: of(through, 'p50'),
      peer: { ...p99, value: of(direct, 'p50') },
    },
    { name: `a request through ${way}, p99`, unit: 'ms', value: of(through, 'p99'), peer: p99 },
    { name: `added by ${way}, p99`, unit: 'ms', value: of(through, 'p99') - p99.value, peer: p99, most: MOST_ADDED_MS },
  ];
}

/** The load balancer, once its host is well. */
async function balancerOf({ account }: Deployment): Promise<string> {
  const ask = (action: string, more = {}) =>
    queryApi(account, 'elasticloadbalancing', action, { Version: '2015-12-01', ...more });
  const [balancer] = elements(await ask('DescribeLoadBalancers'), 'LoadBalancerArn');
  const [TargetGroupArn] = elements(await ask('DescribeTargetGroups'), 'TargetGroupArn');
  for (const deadline = Date.now() + HEALTHY_WITHIN_MS; Date.now() < deadline; await sleep(300)) {
    if (elements(await ask('DescribeTargetHealth', { TargetGroupArn }), 'State').includes('healthy')) return balancer!;
  }
  throw new Error(`the load balancer did not call the host healthy within ${HEALTHY_WITHIN_MS / 1000} seconds`);
}
