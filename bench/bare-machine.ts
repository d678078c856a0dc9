import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { machineRoot } from '../emulator/machine/root';

const BOOT_WITHIN_MS = 60_000;

/**
 * Boots the root file system of machines with systemd-nspawn and nothing of ours, until systemd has started everything.
 * Gives the seconds that it took, and switches the machine off.
 */
export async function bootBareMachine(): Promise<number> {
  const root = await machineRoot();
  const flags = ['--quiet', '--boot', '--register=no', '--keep-unit', '--private-network', '--link-journal=no'];
  const disk = ['--resolv-conf=off', '--timezone=off', '--volatile=overlay', `--directory=${root}`];
  const started = performance.now();
  const container = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', 'systemd-nspawn', ...flags, ...disk, 'SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1'],
    { stdio: 'ignore' },
  );
  const ended = once(container, 'exit');
  try {
    const leader = await leaderOf(container.pid!);
    const isRunning = ['systemctl', 'is-system-running', '--wait'];
    const { stdout } = spawnSync('nsenter', ['--target', String(leader), '--all', '--', ...isRunning], {
      encoding: 'utf8',
    });
    const seconds = (performance.now() - started) / 1000;
    if (!/^(running|degraded)$/m.test(stdout))
      throw new Error(`systemd-nspawn alone ended as ${JSON.stringify(stdout)}`);
    return seconds;
  } finally {
    container.kill('SIGTERM');
    await ended;
  }
}

/** The machine's first process, once its systemd answers. */
async function leaderOf(pid: number): Promise<number> {
  for (const deadline = Date.now() + BOOT_WITHIN_MS; Date.now() < deadline; await sleep(10)) {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
    if (child && existsSync(`/proc/${child}/root/run/systemd/private`)) return Number(child);
  }
  throw new Error('systemd-nspawn alone did not boot the root file system of machines');
}
