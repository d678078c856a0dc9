import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import type { HostEvent } from './account';
import { onMachine } from './on-machine';
import { bakedInstance, configure, succeeded } from './workbench';

const NOTICE = { action: 'terminate', time: '2030-01-01T08:22:00Z' };
const DRAINED_WITHIN_S = 100;

const bench = onMachine(async (account) => {
  const machine = await bakedInstance(account);
  succeeded(await configure(machine));
  return machine;
});

const shell = (script: string): Promise<string> => bench.machine.shell(script);
const health = (): Promise<string> => shell('curl --silent --max-time 5 http://127.0.0.1:8080/health || true');
const members = ({ Detail }: HostEvent): unknown => JSON.parse(Detail);

async function told(name: string, withinMs: number): Promise<HostEvent> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; await sleep(200)) {
    const event = bench.account.events.find(({ DetailType }) => DetailType === name);
    if (event !== undefined) return event;
  }
  throw new Error(
    `nobody told ${name}: ${await shell('journalctl --no-pager -u tablesleuth-interruption -u tablesleuth-drain')}`,
  );
}

/** One story: an on-demand host, then a spot host that is recommended away, then one that is taken. */
describe('a host, when EC2 wants it back', { concurrent: false }, () => {
  it('on demand, watches nothing', async () => {
    const state = 'systemctl show --property=SubState --value tablesleuth-interruption';
    // It started a moment ago, and has to look first.
    await shell(`timeout 10 sh -c 'until test "$(${state})" = exited; do sleep 0.2; done'`);
    expect(await shell(state)).toBe('exited');
  });

  it('tells a rebalance recommendation once, and goes on', async () => {
    bench.account.metadata.set('instance-life-cycle', 'spot');
    bench.account.metadata.set('events/recommendations/rebalance', '{"noticeTime": "2030-01-01T08:00:00Z"}');
    await shell('systemctl restart tablesleuth-interruption');
    const event = await told('TableSleuth Host Rebalance Recommendation', 20_000);
    expect(event.Source).toBe('tablesleuth.host');
    expect(members(event)).toEqual({
      environment: 'dev',
      'instance-id': 'i-0123456789abcdef0',
      noticeTime: '2030-01-01T08:00:00Z',
    });
    await sleep(6_000);
    expect(bench.account.events).toHaveLength(1);
    expect(JSON.parse(await health())).toMatchObject({ healthy: true });
  });

  it('told that it is taken, answers 503 at once while the running query finishes', async () => {
    const slow = shell(
      `curl --silent --header 'Content-Type: application/json' http://127.0.0.1:8080/api/gizmosql/query --data ` +
        `'{"sql": "SELECT count(*) FROM range(1200000000) t(i) WHERE hash(i) % 7 = 0"}'`,
    );
    bench.account.metadata.set('spot/instance-action', JSON.stringify(NOTICE));
    let seen = await health();
    for (let tries = 0; !seen.includes('draining') && tries < 50; tries++) {
      await sleep(200);
      seen = await health();
    }
    expect(JSON.parse(seen)).toEqual({ healthy: false, draining: true });
    expect(JSON.parse(await slow)).toMatchObject({ row_count: 1 });
    expect(members(await told('TableSleuth Host Interruption', 20_000))).toMatchObject(NOTICE);
  });

  it('is drained within 100 seconds, says so, and starts nothing again', async () => {
    const event = await told('TableSleuth Host Drained', DRAINED_WITHIN_S * 1000);
    expect((members(event) as { seconds: number }).seconds).toBeLessThan(DRAINED_WITHIN_S);
    await sleep(3_000);
    const states = await shell('systemctl is-active gizmosql tablesleuth-web tablesleuth-proxy || true');
    expect(states.split('\n')).toEqual(['inactive', 'inactive', 'inactive']);
  });

  it('serves again after a boot', async () => {
    bench.account.metadata.clear();
    await bench.machine.powerOff();
    await bench.machine.start();
    for (let tries = 0; !(await health()).includes('"healthy": true') && tries < 100; tries++) await sleep(300);
    expect(JSON.parse(await health())).toMatchObject({ healthy: true });
  });
});
