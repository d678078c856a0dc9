import { prepareEmulator } from '../../emulator/prepare.mjs';

/** Makes the emulator's Python environment once, before the tests and not within their time. */
export async function setup(): Promise<void> {
  await prepareEmulator({ log: (line: string) => void process.stderr.write(`${line}\n`) });
}
