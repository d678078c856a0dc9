// Sets up cfn-lint and checkov. No dependency but Node, so that it runs before `npm ci`.
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { prepareAsCommand, preparePythonEnvironment, pythonIn } from '../../emulator/python-environment.mjs';

const POLICY = path.dirname(fileURLToPath(import.meta.url));
const HOME = path.join(POLICY, '..', '..', '.cache', 'policy');

/** The program of a policy tool; exists once `preparePolicyTools` has run. */
export function policyTool(name) {
  return path.join(path.dirname(pythonIn(HOME)), name);
}

/**
 * Makes a virtual environment with cfn-lint and checkov below `.cache/policy`, or does nothing (in a few milliseconds)
 * when it is there and the locked requirements have not changed. The first time takes about a minute and 420 MB.
 *
 * @param {{ log?: (line: string) => void }} [options]
 * @returns {Promise<void>}
 */
export function preparePolicyTools({ log } = {}) {
  return preparePythonEnvironment({
    name: 'Policy tools',
    home: HOME,
    requirements: path.join(POLICY, 'requirements.txt'),
    price: 'about a minute',
    log,
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await prepareAsCommand(preparePolicyTools);
}
