import type { Machine } from '../emulator/machine/machine';
import { type HostAccount, startAccount } from '../test/host/account';
import { bakedInstance, configure, install, newInstance, succeeded } from '../test/host/workbench';
import { type Figure, median } from './figure';
import { requireMachines, secondsOf } from './machines';

const BAKED_ROUNDS = 3;
const MOST_SECONDS_BAKED = 20;
const MOST_SECONDS_PLAIN = 120;
const MOST_MIB = 4096;

/**
 * From the first script to `/health` 200, on a host of a baked image and on a plain one; then what two such hosts take of
 * this computer's memory at once.
 */
export async function measureHosts(): Promise<Figure[]> {
  await requireMachines();
  const account = await startAccount();
  const hosts: Machine[] = [];
  try {
    // Bakes the image where there is none yet, which is no boot.
    await (await bakedInstance(account)).terminate();
    const baked: number[] = [];
    for (let round = 0; round < BAKED_ROUNDS; round++) baked.push(await bakedHost(account));
    const plain: number[] = [];
    for (let round = 0; round < 2; round++) plain.push(await plainHost(account, hosts));
    return [
      {
        name: 'configure on a baked host to healthy',
        value: median(baked),
        peer: { name: 'install and configure on a plain one', value: median(plain) },
        most: MOST_SECONDS_BAKED,
      },
      { name: 'install and configure on a plain host to healthy', value: median(plain), most: MOST_SECONDS_PLAIN },
      { name: 'memory of two hosts with their disks', value: await memoryOf(hosts), unit: 'MiB', most: MOST_MIB },
    ];
  } finally {
    await Promise.all(hosts.map((host) => host.terminate()));
    account.close();
  }
}

async function bakedHost(account: HostAccount): Promise<number> {
  const host = await bakedInstance(account);
  try {
    return await secondsOf(async () => succeeded(await configure(host)));
  } finally {
    await host.terminate();
  }
}

/** Leaves the host running, among `hosts`. */
async function plainHost(account: HostAccount, hosts: Machine[]): Promise<number> {
  const host = await newInstance(account);
  hosts.push(host);
  return secondsOf(async () => {
    succeeded(await install(host));
    succeeded(await configure(host));
  });
}

/** What their programs have in memory, and what they wrote: their disks are memory as well. */
async function memoryOf(hosts: readonly Machine[]): Promise<number> {
  const programs =
    "(cat /proc/[0-9]*/smaps_rollup 2>/dev/null || true) | awk '/^Pss:/ { kib += $2 } END { print kib }'";
  const disks = "df --output=used / /run /tmp /dev/shm | awk 'NR > 1 { kib += $1 } END { print kib }'";
  const parts = await Promise.all(hosts.flatMap((host) => [programs, disks].map((script) => host.shell(script))));
  return parts.map(Number).reduce((sum, kib) => sum + kib / 1024, 0);
}
