import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Channel, type CommandChannel } from './channel';

export const STATE_DIRECTORY = path.join('.cache', 'demo');
/** Relative, because the path of a unix socket has to be short. */
export const SOCKET = path.join(STATE_DIRECTORY, 'socket');
export const LOG = path.join(STATE_DIRECTORY, 'demo.log');
/** Locked for as long as anything of the background is left: there is one for each checkout. */
const LOCK = path.join(STATE_DIRECTORY, 'lock');
const IS_LOCKED = 75;
const PROGRAM = path.join(__dirname, 'background.ts');
const STOPS_WITHIN_MS = 10_000;

/**
 * The background and all it starts, however detached, live in a process namespace: when its first process ends, however
 * it ends, the kernel ends all others. Their mounts and temporary files live in a mount namespace, and go with it: a
 * folder of their own over /dev/shm, which hides nothing that they need.
 */
const IN_NAMESPACES = [
  ...['unshare', '--mount', '--propagation', 'slave', '--ipc', '--pid', '--fork', '--kill-child', '--mount-proc', '--'],
  ...['sh', '-ec', 'mount -t tmpfs -o mode=1777 tmpfs /dev/shm; exec "$@"', 'sh'],
];

export interface StartedBackground {
  readonly channel: CommandChannel;
  /** Resolves when it has ended: to true when it gave way to another one. */
  readonly gaveWay: Promise<boolean>;
  /** Lets this process end, and the background go on. */
  release(): void;
}

/** Starts the background. It ends with this process until it has been told goodbye. */
export function startBackground(): StartedBackground {
  mkdirSync(STATE_DIRECTORY, { recursive: true });
  const log = openSync(LOG, 'a');
  const locked = ['--no-fork', '--nonblock', '--conflict-exit-code', `${IS_LOCKED}`, LOCK];
  const child = spawn('flock', [...locked, ...IN_NAMESPACES, process.execPath, '--import', 'tsx', PROGRAM], {
    env: { ...process.env, TMPDIR: '/dev/shm' },
    stdio: ['ignore', log, log, 'pipe'],
    // Ctrl-C at the terminal is for the command alone.
    detached: true,
  });
  closeSync(log);
  const gaveWay = once(child, 'exit').then(([code]) => code === IS_LOCKED);
  return { channel: new Channel(child.stdio[3] as Socket), gaveWay, release: () => child.unref() };
}

/** A channel to the background that runs, or undefined when none does. */
export async function reachBackground(): Promise<CommandChannel | undefined> {
  const socket = connect(SOCKET);
  try {
    await once(socket, 'connect');
    return new Channel(socket);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined;
    throw error;
  }
}

/** Ends the background, also one that does not answer, and waits until nothing is left. False when none was running. */
export async function stopBackground(): Promise<boolean> {
  if (keeper() === undefined) return false;
  const channel = await reachBackground();
  channel?.send({ type: 'stop' });
  await Promise.race([channel?.closed, setTimeout(STOPS_WITHIN_MS, undefined, { ref: false })]);
  const deaf = keeper();
  if (deaf !== undefined) process.kill(firstChild(deaf) ?? deaf, 'SIGKILL');
  await backgroundIsGone();
  return true;
}

/** Waits until nothing of the background is left: no process, mount or temporary file. */
export async function backgroundIsGone(): Promise<void> {
  await promisify(execFile)('flock', [LOCK, 'true']);
}

/** The process that holds the lock: the one that made the namespaces, and ends when the last process in them has. */
function keeper(): number | undefined {
  if (!existsSync(LOCK)) return undefined;
  const isOurs = new RegExp(`FLOCK .* (\\d+) \\w+:\\w+:${statSync(LOCK).ino} `);
  const pid = isOurs.exec(readFileSync('/proc/locks', 'utf8'))?.[1];
  return pid !== undefined && read(`/proc/${pid}/cmdline`).includes(PROGRAM) ? Number(pid) : undefined;
}

function firstChild(pid: number): number | undefined {
  return Number(read(`/proc/${pid}/task/${pid}/children`).split(' ')[0]) || undefined;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // The process has ended meanwhile.
  }
}
