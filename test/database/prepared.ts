import { prepareEmulator } from '../../emulator/prepare.mjs';
import { chromium, whyNoChromium } from '../browser/chromium';

/** Makes the emulator's Python environment and the browser once, before the tests and not within their time. */
export async function setup(): Promise<void> {
  const log = (line: string): void => void process.stderr.write(`${line}\n`);
  await Promise.all([prepareEmulator({ log }), whyNoChromium() === undefined ? chromium() : undefined]);
}
