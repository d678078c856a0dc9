import { prepareLake } from '../../demo/lake/prepare.mjs';
import { whyNoMachine } from '../../emulator/machine/requirements';
import { machineRoot } from '../../emulator/machine/root';
import { wheels } from '../../emulator/machine/wheels';
import { prepareEmulator } from '../../emulator/prepare.mjs';
import { prepareSweep } from '../../sweep/prepare.mjs';
import { chromium, whyNoChromium } from '../browser/chromium';
import { withSoftware } from './installed-software';

/**
 * Makes once, before the tests, what several of their files would otherwise make at the same time: Python environments,
 * the root file system of machines with its packages, the browser. Minutes on a fresh clone, a second afterwards.
 */
export async function setup(): Promise<void> {
  const log = (line: string): void => void process.stderr.write(`${line}\n`);
  await Promise.all([prepareEmulator({ log }), prepareLake({ log }), prepareSweep({ log })]);
  if ((await whyNoMachine()) !== undefined) return;
  log('Machines: their root file system and packages (once; one to three minutes)');
  await Promise.all([machineRoot(), wheels(), whyNoChromium() === undefined ? chromium() : undefined]);
  await withSoftware();
}
