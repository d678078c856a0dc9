import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const READY_WITHIN_MS = 60_000;

export interface ProcessOptions {
  readonly python: string;
  readonly port: number;
  readonly stateDirectory: string;
  readonly environment: NodeJS.ProcessEnv;
}

export interface RunningProcess {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/** Starts the emulator and waits until it answers; its output goes to `emulator.log` in the state directory. */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const log = path.join(options.stateDirectory, 'emulator.log');
  // Its own process group, so that Ctrl-C at the terminal reaches us first; its input closes when we end, whatever the
  // reason, and on that it kills its whole group.
  const child = spawn(options.python, ['-m', 'tablesleuth_emulator', String(options.port)], {
    cwd: options.stateDirectory,
    env: options.environment,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const sink = createWriteStream(log);
  child.stderr.pipe(sink);
  child.stdin.on('error', () => undefined);
  const stop = stopOnce(child);
  try {
    const port = await announcedPort(child);
    child.stdout.pipe(sink, { end: false });
    await answers(child, port);
    child.unref();
    for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as unknown as { unref(): void }).unref();
    return { port, stop };
  } catch (error) {
    await stop();
    const tail = readFileSync(log, 'utf8').trim().split('\n').slice(-15).join('\n');
    throw new Error(`The emulated account did not start: ${(error as Error).message}. Its log (${log}) ends:\n${tail}`);
  }
}

async function announcedPort(child: ChildProcess): Promise<number> {
  const lines = createInterface({ input: child.stdout! });
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`its process ended with ${signal ?? `exit code ${code}`}`);
  });
  const failed = once(child, 'error').then(([error]) => {
    throw error;
  });
  const late = sleep(READY_WITHIN_MS, undefined, { ref: false }).then(() => {
    throw new Error(`it named no port within ${READY_WITHIN_MS / 1000} seconds`);
  });
  ended.catch(() => undefined);
  failed.catch(() => undefined);
  late.catch(() => undefined);
  const [line] = (await Promise.race([once(lines, 'line'), ended, failed, late])) as [string];
  lines.close();
  return (JSON.parse(line) as { port: number }).port;
}

async function answers(child: ChildProcess, port: number): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`its process ended with exit code ${child.exitCode}`);
    const timeout = AbortSignal.timeout(5_000);
    const response = await fetch(`http://127.0.0.1:${port}/_ministack/ready`, { signal: timeout }).catch(
      () => undefined,
    );
    if (response?.ok) return;
    await sleep(50);
  }
  throw new Error(`it did not answer on port ${port} within ${READY_WITHIN_MS / 1000} seconds`);
}

function stopOnce(child: ChildProcess): () => Promise<void> {
  let stopped: Promise<void> | undefined;
  return () => (stopped ??= end(child));
}

async function end(child: ChildProcess): Promise<void> {
  const gone = child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  const exit = gone ? undefined : once(child, 'exit');
  child.ref();
  killGroup(child);
  await exit;
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
