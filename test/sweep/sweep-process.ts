import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

const SWEEP = path.join(__dirname, '..', '..', 'sweep');

/** How a program of the sweep ended. */
export interface Ended {
  /** The exit code, or the name of the signal that killed it. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program of the sweep that runs. */
export interface SweepProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Starts Python with the sweep's packages; `-m tablesleuth_sweep` is the sweep itself. */
export async function startSweep(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<SweepProcess> {
  const { SWEEP_PYTHON } = await import('../../sweep/prepare.mjs');
  const env = { ...environment, PYTHONPATH: SWEEP, PYTHONDONTWRITEBYTECODE: '1' };
  const child = spawn(SWEEP_PYTHON, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => (said[stream] += text));
  }
  const ended = once(child, 'close').then(([code, signal]) => ({ code: (code ?? signal) as number | string, ...said }));
  return { child, ended };
}
