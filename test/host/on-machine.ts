import { afterAll, beforeAll, beforeEach } from 'vitest';

import type { Machine } from '../../emulator/machine/machine';
import { whyNoMachine } from '../../emulator/machine/requirements';
import { startAccount, type HostAccount } from './account';

/** What the tests of one file share. Filled before the first of them runs. */
export interface Bench {
  machine: Machine;
  account: HostAccount;
}

/**
 * Gives the tests of a file (or of a `describe`) one booted machine. Where no machine can run they are skipped, with the reason;
 * in CI they fail instead.
 */
export function onMachine(boot: (account: HostAccount) => Promise<Machine>): Bench {
  const bench = {} as Bench;
  let obstacle: string | undefined;
  beforeAll(async () => {
    obstacle = await whyNoMachine();
    if (obstacle !== undefined) {
      if (['true', '1'].includes(process.env['CI'] ?? '')) {
        throw new Error(obstacle);
      }
      console.warn(`skipped: ${obstacle}`);
      return;
    }
    bench.account = await startAccount();
    bench.machine = await boot(bench.account);
  });
  beforeEach(({ skip }) => {
    skip(obstacle !== undefined, obstacle);
  });
  afterAll(async () => {
    await bench.machine?.terminate();
    bench.account?.close();
  });
  return bench;
}
