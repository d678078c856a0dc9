import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { startEmulatedAccount } from '../emulator/account';
import { bootstrap } from '../emulator/cdk';
import { deploy, landmarks } from './deployment';
import { readBack, type ReadBack } from './read-back';

const FOLDERS = path.join('.cache', 'demo', 'records');

export interface RecordedDemoOptions {
  readonly environment: string;
  /** Settings as `-c` takes them. */
  readonly context: readonly string[];
  readonly verbose: boolean;
  readonly progress: (line: string) => void;
}

/** Deploys into an account where instances are records, reads it back and ends it. */
export async function recordedDemo(options: RecordedDemoOptions): Promise<ReadBack> {
  const { environment, context, verbose, progress } = options;
  const stateDirectory = ownFolder();
  const account = await startEmulatedAccount({ stateDirectory, onProgress: progress });
  const stop = () => void account.stop().finally(() => process.exit(130));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  try {
    progress(`Emulated account: ready at ${account.endpoint}`);
    await bootstrap(account);
    progress(`Deploying environment ${environment} with the CDK CLI`);
    const output = path.join(stateDirectory, 'cdk.out');
    await deploy(account, { environment, context, output, onLine: verbose ? progress : landmarks(progress) });
    progress('Reading back what is in the account');
    return await readBack(account, environment);
  } finally {
    await account.stop();
    rmSync(stateDirectory, { recursive: true, force: true });
  }
}

/** A folder for this process: two demos may run at once. Those of processes that were killed are removed. */
function ownFolder(): string {
  mkdirSync(FOLDERS, { recursive: true });
  for (const pid of readdirSync(FOLDERS)) {
    if (!isAlive(Number(pid))) rmSync(path.join(FOLDERS, pid), { recursive: true, force: true });
  }
  return path.join(FOLDERS, String(process.pid));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
