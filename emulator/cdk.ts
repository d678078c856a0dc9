import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { assertLoopback, type EmulatedAccount } from './account';

const CDK_CLI = require.resolve('aws-cdk/bin/cdk');
const STOPPING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface CdkOptions {
  /** The folder of the CDK app. @default the current one */
  readonly cwd?: string;
  /** More environment variables, for the app; nothing of AWS. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each line that the CLI prints. */
  readonly onLine?: (line: string) => void;
}

export interface CdkResult {
  readonly exitCode: number;
  /** Everything the CLI printed, on both of its streams. */
  readonly output: string;
}

/**
 * Runs the real CDK CLI against an emulated account. Never throws for a failing command: look at `exitCode`. When this
 * process is told to stop, the CLI and all it started are killed first.
 */
export async function runCdk(
  account: EmulatedAccount,
  args: readonly string[],
  options: CdkOptions = {},
): Promise<CdkResult> {
  assertLoopback(account.endpoint);
  const child = spawn(process.execPath, [CDK_CLI, ...args, '--no-notices', '--no-color'], {
    cwd: options.cwd,
    env: { ...options.env, ...account.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const release = killOnSignal(child.pid);
  const lines: string[] = [];
  const keep = (line: string): void => {
    lines.push(line);
    options.onLine?.(line);
  };
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', keep);
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? 1));
    });
    return { exitCode, output: lines.join('\n') };
  } finally {
    release();
  }
}

export interface BootstrapOptions extends CdkOptions {
  /** Where stacks are to be deployed. @default the account's own region alone */
  readonly regions?: readonly string[];
}

/**
 * Deploys CDK's own bootstrap stack, which every deployment needs in its region. About three seconds each; does nothing
 * the second time.
 */
export async function bootstrap(account: EmulatedAccount, options: BootstrapOptions = {}): Promise<void> {
  // From outside any app's folder, or the CLI synthesizes the app first.
  const cwd = path.join(account.environment.HOME!, 'bootstrap');
  mkdirSync(cwd, { recursive: true });
  const { regions = [], ...others } = options;
  const environments = [...new Set([account.region, ...regions])].map(
    (region) => `aws://${account.accountId}/${region}`,
  );
  const { exitCode, output } = await runCdk(account, ['bootstrap', ...environments], { ...others, cwd });
  if (exitCode !== 0) throw new Error(`cdk bootstrap failed with exit code ${exitCode}:\n${output}`);
}

function killOnSignal(pid: number | undefined): () => void {
  const kill = (): void => {
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  };
  const listeners = STOPPING_SIGNALS.map((signal) => {
    const listener = (): void => {
      kill();
      release();
      // Without a listener of anyone else's, the signal's own effect would have been lost to ours.
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    };
    process.on(signal, listener);
    return [signal, listener] as const;
  });
  const release = (): void => listeners.forEach(([signal, listener]) => process.removeListener(signal, listener));
  process.on('exit', kill);
  return () => {
    release();
    process.removeListener('exit', kill);
  };
}
