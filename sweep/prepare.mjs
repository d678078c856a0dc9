// Sets up the Python environment of the sweep. No dependency but Node, so that it runs before `npm ci`.
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { prepareAsCommand, preparePythonEnvironment, pythonIn } from '../emulator/python-environment.mjs';

const SWEEP = path.dirname(fileURLToPath(import.meta.url));
const HOME = path.join(path.dirname(SWEEP), '.cache', 'sweep');

/** The Python interpreter of the sweep; exists once `prepareSweep` has run. */
export const SWEEP_PYTHON = pythonIn(HOME);

/** The folder of that interpreter: what containers of the sweep's image are started with in an emulated account. */
export const SWEEP_PROGRAMS = path.dirname(SWEEP_PYTHON);

/**
 * Makes the sweep's own virtual environment below `.cache/sweep`, with the independent readers that its tests compare
 * with, or does nothing (in a few milliseconds) when it is there and the locked requirements have not changed. The first
 * time takes about a minute and 600 MB.
 *
 * @param {{ log?: (line: string) => void }} [options]
 * @returns {Promise<void>}
 */
export function prepareSweep({ log } = {}) {
  return preparePythonEnvironment({
    name: 'Sweep',
    home: HOME,
    requirements: path.join(SWEEP, 'requirements-dev.txt'),
    withoutDependencies: path.join(SWEEP, 'tablesleuth.txt'),
    price: 'about a minute',
    log,
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await prepareAsCommand(prepareSweep);
}
