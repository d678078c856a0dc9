// Runs a child that gets our signals and never outlives us.
import { spawn } from 'node:child_process';
import { ROOT } from './setup.mjs';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const PATIENCE = 20_000;

/**
 * Runs a program with our terminal and resolves to its exit code. A signal is passed on, and the child is given time to
 * clean up after itself; after that it and all it started are killed.
 */
export function runChild(program, args, { env = process.env, cwd = ROOT } = {}) {
  const child = spawn(program, args, { cwd, env, stdio: 'inherit', detached: true });
  const kill = (signal) => {
    try {
      process.kill(-child.pid, signal);
    } catch {
      // It has ended by itself.
    }
  };
  let stopped = false;
  const stop = (signal) => {
    if (stopped) return;
    stopped = true;
    process.kill(child.pid, signal);
    setTimeout(() => kill('SIGKILL'), PATIENCE).unref();
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      for (const signal of SIGNALS) process.off(signal, stop);
      kill('SIGKILL');
      resolve(stopped ? 130 : (code ?? 1));
    });
  });
}
