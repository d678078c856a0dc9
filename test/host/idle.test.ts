import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { onMachine } from './on-machine';
import { bakedInstance, configure, settings, succeeded } from './workbench';

/** Shorter than anybody can set: a person's smallest is five minutes. */
const AFTER_MINUTES = 0.2;
const AFTER_MS = AFTER_MINUTES * 60_000;

const bench = onMachine(async (account) => {
  const machine = await bakedInstance(account);
  succeeded(await configure(machine));
  return machine;
});

const shell = (script: string): Promise<string> => bench.machine.shell(script);

async function watchFromNow(minutes: number): Promise<void> {
  const text = settings(bench.account, { IDLE_STOP_AFTER_MINUTES: String(minutes) });
  bench.machine.write('/etc/tablesleuth/settings.env', text);
  await shell('systemctl restart tablesleuth-idle');
}

describe('a host that stops when it is idle', { concurrent: false }, () => {
  it('watches nothing without the setting', async () => {
    const state = 'systemctl show --property=SubState --value tablesleuth-idle';
    // It started a moment ago, and has to look first.
    await shell(`timeout 10 sh -c 'until test "$(${state})" = exited; do sleep 0.2; done'`);
    expect(await shell(state)).toBe('exited');
  });

  it.each([
    ['a client is connected to GizmoSQL', "bash -c 'exec 3<>/dev/tcp/127.0.0.1/31337; sleep SECONDS'"],
    ['a session is open', 'cp /bin/sleep /run/ssm-session-worker; /run/ssm-session-worker SECONDS'],
    [
      'somebody uses the web interface',
      'for i in $(seq SECONDS); do curl -so /dev/null http://127.0.0.1:8080/; sleep 1; done',
    ],
  ])('asks for no stop while %s', async (_what, use) => {
    await watchFromNow(AFTER_MINUTES);
    await shell(use.replace('SECONDS', String(AFTER_MS / 1000 + 16)));
    expect(bench.account.events).toEqual([]);
  });

  it('asks for its stop within a minute of the threshold, once', async () => {
    const began = Date.now();
    while (bench.account.events.length === 0 && Date.now() - began < AFTER_MS + 60_000) await sleep(250);
    expect(bench.account.events).toMatchObject([{ Source: 'tablesleuth.host', DetailType: 'TableSleuth Host Idle' }]);
    expect(await shell('journalctl --no-pager --output=cat --unit=tablesleuth-idle')).toContain(
      'TableSleuth Host Idle',
    );
    await sleep(16_000);
    expect(bench.account.events).toHaveLength(1);
  });
});
