import { spawn } from 'node:child_process';

/** What a finished program left. */
export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** @default - the environment of this process */
  readonly environment?: NodeJS.ProcessEnv;
  /** @default - nothing: the program reads an end of file */
  readonly input?: string;
  /** @default 300_000 */
  readonly timeoutMs?: number;
}

/**
 * Runs a program to its end without blocking this process, which may be the one that answers the program's requests.
 * The program dies with this process. A failing program is an outcome, not an exception.
 */
export function run(command: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], {
      env: options.environment ?? process.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: options.timeoutMs ?? 300_000,
      killSignal: 'SIGKILL',
    });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    child.stdin.on('error', () => undefined); // a program may end without reading its input
    child.stdin.end(options.input ?? '');
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const killed = signal === null ? '' : `\nended by ${signal}`;
      resolve({ status: code ?? 128, stdout: output.stdout, stderr: output.stderr + killed });
    });
  });
}

/** Runs a program that has to succeed. Throws its error output otherwise. */
export async function must(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const outcome = await run(command, options);
  if (outcome.status !== 0) {
    throw new Error(
      `${command.join(' ')} failed with exit code ${outcome.status}:\n${outcome.stderr || outcome.stdout}`,
    );
  }
  return outcome.stdout;
}
