// Sets up the Python environment that writes the sample lake. No dependency but Node, so that it runs before `npm ci`.
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { prepareAsCommand, preparePythonEnvironment, pythonIn } from '../../emulator/python-environment.mjs';

const LAKE = path.dirname(fileURLToPath(import.meta.url));
const HOME = path.join(LAKE, '..', '..', '.cache', 'lake');

/** The Python interpreter that has the table formats' writers; exists once `prepareLake` has run. */
export const LAKE_PYTHON = pythonIn(HOME);

/**
 * Makes the sample lake's own virtual environment below `.cache/lake`, or does nothing (in a few milliseconds) when it
 * is there and the locked requirements have not changed. The first time takes about a minute and 450 MB.
 *
 * @param {{ log?: (line: string) => void }} [options]
 * @returns {Promise<void>}
 */
export function prepareLake({ log } = {}) {
  return preparePythonEnvironment({
    name: 'Sample lake',
    home: HOME,
    requirements: path.join(LAKE, 'requirements.txt'),
    price: 'about a minute',
    log,
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await prepareAsCommand(prepareLake);
}
