import { prepareLake } from '../../demo/lake/prepare.mjs';
import { prepareEmulator } from '../../emulator/prepare.mjs';
import { prepareSweep } from '../../sweep/prepare.mjs';

/** Makes once, before the tests, the Python environments that both files of tests would otherwise make at the same time. */
export async function setup(): Promise<void> {
  const log = (line: string): void => void process.stderr.write(`${line}\n`);
  await Promise.all([prepareEmulator({ log }), prepareLake({ log }), prepareSweep({ log })]);
}
