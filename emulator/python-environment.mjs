// Makes virtual environments from hash-locked requirements. No dependency but Node, so that it runs before `npm ci`.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const COMMANDS = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];
const GET_PYTHON =
  'Install Python 3.10 or newer with its venv module (Debian, Ubuntu: `apt-get install python3 python3-venv`; ' +
  'macOS: `brew install python`; Amazon Linux: `dnf install python3.11`) and run the command again.';

/** Stops a preparation with something the person can do. */
export class PrepareError extends Error {
  name = 'PrepareError';
}

/** The Python interpreter of the environment in a folder; exists once `preparePythonEnvironment` has run. */
export function pythonIn(home) {
  return path.join(home, 'venv', 'bin', 'python');
}

/**
 * Makes a virtual environment, or does nothing (in a few milliseconds) when it is there and the locked requirements
 * have not changed.
 *
 * @param {{
 *   name: string,
 *   home: string,
 *   requirements: string,
 *   withoutDependencies?: string,
 *   price: string,
 *   log?: (line: string) => void,
 * }} options `withoutDependencies`: more locked requirements, installed without what they say they need, Python's version
 *   included, because `requirements` has what is used of them
 * @returns {Promise<void>}
 * @throws {PrepareError} when Python or its venv module is missing, or the packages cannot be installed
 */
export async function preparePythonEnvironment({
  name,
  home,
  requirements,
  withoutDependencies,
  price,
  log = () => {},
}) {
  const stamp = path.join(home, 'requirements.sha256');
  const wanted = digestOf([requirements, withoutDependencies]);
  if (existsSync(pythonIn(home)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  const python = await findPython();
  log(`${name}: making its Python environment with ${python} (once; ${price})`);
  const venv = path.join(home, 'venv');
  mkdirSync(home, { recursive: true });
  rmSync(stamp, { force: true });
  rmSync(venv, { recursive: true, force: true });
  await step(python, ['-m', 'venv', venv], `${python} cannot make a virtual environment. ${GET_PYTHON}`);
  await install(name, home, [requirements]);
  if (withoutDependencies !== undefined) {
    await install(name, home, [withoutDependencies, '--no-deps', '--ignore-requires-python']);
  }
  writeFileSync(stamp, wanted);
}

function digestOf(files) {
  const digest = createHash('sha256');
  for (const file of files) if (file !== undefined) digest.update(readFileSync(file));
  return digest.digest('hex');
}

function install(name, home, [requirements, ...options]) {
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--require-hashes'];
  return step(
    pythonIn(home),
    [...pip, ...options, '-r', requirements],
    `${name}: its packages could not be installed (${path.relative('.', requirements)}). ` +
      'They come from the Python package index: check the network, or the index that pip is set up to use.',
  );
}

/** Runs a preparation as a command: progress on the terminal, a `PrepareError` printed without a stack. */
export async function prepareAsCommand(prepare) {
  try {
    await prepare({ log: console.log });
  } catch (error) {
    console.error(error instanceof PrepareError ? error.message : error);
    process.exitCode = 1;
  }
}

async function findPython() {
  const seen = [];
  for (const command of [process.env.TABLESLEUTH_PYTHON, ...COMMANDS]) {
    if (!command) continue;
    const { code, output } = await run(command, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']);
    const [major, minor] = output.trim().split('.').map(Number);
    if (code === 0 && major === 3 && minor >= 10) return command;
    seen.push(code === 0 ? `${command} is Python ${output.trim()}` : `${command} does not run`);
  }
  throw new PrepareError(`No Python 3.10 or newer was found: ${seen.join('; ')}. ${GET_PYTHON}`);
}

async function step(command, args, whatToDo) {
  const { code, output } = await run(command, args);
  if (code !== 0) throw new PrepareError(`${whatToDo}\n\n${output.trim().split('\n').slice(-15).join('\n')}`);
}

function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('error', (error) => resolve({ code: 127, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString('utf8') }));
  });
}
