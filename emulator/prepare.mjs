// Sets up the Python environment of the emulated account. No dependency but Node, so that it runs before `npm ci`.
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { prepareAsCommand, preparePythonEnvironment, pythonIn } from './python-environment.mjs';

const EMULATOR = path.dirname(fileURLToPath(import.meta.url));
const HOME = path.join(path.dirname(EMULATOR), '.cache', 'emulator');

/** The Python interpreter of the emulated account; exists once `prepareEmulator` has run. */
export const EMULATOR_PYTHON = pythonIn(HOME);

/**
 * Makes the emulator's own virtual environment below `.cache/emulator`, or does nothing (in a few milliseconds) when
 * it is there and the locked requirements have not changed. The first time takes about 15 seconds and 90 MB.
 *
 * @param {{ log?: (line: string) => void }} [options]
 * @returns {Promise<void>}
 */
export function prepareEmulator({ log } = {}) {
  return preparePythonEnvironment({
    name: 'Emulated account',
    home: HOME,
    requirements: path.join(EMULATOR, 'requirements.txt'),
    price: 'about 15 seconds',
    log,
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await prepareAsCommand(prepareEmulator);
}
