import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

import packages from './system-packages.json';

const run = promisify(execFile);

/**
 * Says in one line why this computer cannot run a machine, or undefined when it can.
 * Takes about 50 ms. Changes nothing.
 */
export async function whyNoMachine(): Promise<string | undefined> {
  if (process.platform !== 'linux') {
    return `machines need Linux, this is ${process.platform}`;
  }
  if (process.getuid?.() !== 0) {
    return 'machines need root (systemd-nspawn boots them): run as root';
  }
  const missing = new Set<string>();
  for (const [wanted, debianPackage] of Object.entries(packages)) {
    if (!(await isHere(wanted))) missing.add(debianPackage);
  }
  if (missing.size > 0) {
    return `machines need packages that are not here: apt-get install ${[...missing].join(' ')}`;
  }
  try {
    await run('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']);
  } catch {
    return 'machines need to mount file systems, which this container does not allow';
  }
  return undefined;
}

/** A program on the path, or a file. */
async function isHere(wanted: string): Promise<boolean> {
  return wanted.startsWith('/') ? existsSync(wanted) : run('which', [wanted]).then(Boolean, () => false);
}
