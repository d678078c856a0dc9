// Makes a fresh clone able to run anything: no dependency but Node, and nothing to do when nothing has changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';

export const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const LOCK_STAMP = path.join(ROOT, 'node_modules', '.lock-sha256');
const OLDEST_NODE = [20, 16];

/** What booting a host needs from Debian or Ubuntu: a program or file, and its package. */
export const BOOTING = JSON.parse(readFileSync(path.join(ROOT, 'emulator', 'machine', 'system-packages.json'), 'utf8'));
/** What testing it needs: checking its scripts as well. */
export const TESTING = { ...BOOTING, shellcheck: 'shellcheck' };
/** What measuring it needs: a program that asks all the time. */
export const MEASURING = { ...BOOTING, wrk: 'wrk' };

/** Stops a command with something the person can do; printed without a stack. */
export class SetupError extends Error {}

/** Prints one line of progress, away from what a machine may read. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * The steps that every command needs.
 *
 * @param {{ systemPackages?: Record<string, string> }} [options] `systemPackages`: also these, `BOOTING`, `TESTING` or `MEASURING`
 */
export async function setUp({ systemPackages = {} } = {}) {
  requireNode();
  installPackages();
  // Whatever synthesizes takes the functions for granted; a few milliseconds when they are bundled already.
  createRequire(import.meta.url)('./bundle-handlers.cjs');
  await installSystemPackages(systemPackages);
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    throw new SetupError(
      `Node.js ${process.versions.node} is too old: ${OLDEST_NODE.join('.')} or newer is needed. ` +
        'Get it from your package manager, nvm or nodejs.org.',
    );
  }
}

function installPackages() {
  const lock = createHash('sha256')
    .update(readFileSync(path.join(ROOT, 'package-lock.json')))
    .digest('hex');
  if (existsSync(LOCK_STAMP) && readFileSync(LOCK_STAMP, 'utf8') === lock) return;
  say('Packages: npm ci (once, and when the lock changes; about a minute)');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    fix: 'They come from the npm registry: check the network, or the registry that npm is set up to use.',
  });
  mkdirSync(path.dirname(LOCK_STAMP), { recursive: true });
  writeFileSync(LOCK_STAMP, lock);
}

async function installSystemPackages(packages) {
  const missing = Object.keys(packages).filter((wanted) => !isHere(wanted));
  if (missing.length === 0 || process.platform !== 'linux') return;
  const names = [...new Set(missing.map((wanted) => packages[wanted]))].join(' ');
  const command = `apt-get install ${names}`;
  if (process.getuid() !== 0 || !onPath('apt-get')) {
    say(`System packages: ${names} not found; what boots a host is left out. As root on Debian or Ubuntu: ${command}`);
    return;
  }
  if (process.stdin.isTTY && !(await agrees(`Booting a host needs the system packages ${names}. Install them now?`))) {
    say('System packages: not installed; what boots a host is left out.');
    return;
  }
  say(`System packages: ${command}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['update', '-qq'], { env, fix: 'Debian’s package lists could not be read: check the network.' });
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names.split(' ')], {
    env,
    fix: `Install them yourself: ${command}`,
  });
}

async function agrees(question) {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} [Y/n] `);
  terminal.close();
  return /^(y|yes|)$/i.test(answer.trim());
}

function isHere(wanted) {
  return wanted.startsWith('/') ? existsSync(wanted) : onPath(wanted);
}

function onPath(program) {
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => existsSync(path.join(folder, program)));
}

function run(command, args, { fix, env = process.env }) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: ROOT, env, encoding: 'utf8' });
  if (status !== 0) {
    const said = [error?.message, stdout, stderr].filter(Boolean).join('\n').trim().split('\n').slice(-20).join('\n');
    throw new SetupError(`${command} ${args.join(' ')} failed:\n${said}\n${fix}`);
  }
}

/** Runs a command's main function; a `SetupError` is printed as it is, without a stack. */
export async function command(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof SetupError) && error?.name !== 'PrepareError') throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
