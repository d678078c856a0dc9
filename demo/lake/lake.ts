import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { assertLoopback, type EmulatedAccount } from '../../emulator/account';

/** A table, or a folder of files, of the sample lake. */
export interface SampleTable {
  readonly kind: 'iceberg' | 'delta' | 'parquet';
  /** `database.table` for what is in Glue. */
  readonly name: string;
  /** Where its files are, as `s3://bucket/prefix`. */
  readonly uri: string;
  /** How many rows a reader finds in it. */
  readonly rows: number;
}

/** Where the sample lake is, as the settings `data.buckets` and `data.glueDatabases` take it. */
export interface SampleLake {
  readonly bucketArn: string;
  readonly database: string;
  readonly tables: readonly SampleTable[];
}

export interface MakeLakeOptions {
  /** @default tablesleuth-demo-lake */
  readonly bucket?: string;
  /** Of Glue. @default sample */
  readonly database?: string;
  /** Told, in a line of text, what takes time. */
  readonly onProgress?: (line: string) => void;
}

const PROGRAM = path.join(__dirname, 'make_lake.py');

/**
 * Writes Iceberg tables (through Glue), a Delta table and Parquet files of about 1 MB into an emulated account, with the
 * formats' own writers. About ten seconds, two when they are there already, and once a minute for a Python environment.
 * They are the same each time: neglected tables, with many small files, old snapshots, deletes and waste.
 */
export async function makeLake(account: EmulatedAccount, options: MakeLakeOptions = {}): Promise<SampleLake> {
  const { bucket = 'tablesleuth-demo-lake', database = 'sample', onProgress } = options;
  assertLoopback(account.endpoint);
  const { LAKE_PYTHON, prepareLake } = await import('./prepare.mjs');
  await prepareLake({ log: onProgress });
  const tables = JSON.parse(await runProgram(LAKE_PYTHON, account, [bucket, database], onProgress)) as SampleTable[];
  return { bucketArn: `arn:aws:s3:::${bucket}`, database, tables };
}

function runProgram(
  python: string,
  account: EmulatedAccount,
  args: readonly string[],
  onProgress: (line: string) => void = () => undefined,
): Promise<string> {
  const child = spawn(python, [PROGRAM, ...args], {
    env: { ...account.environment, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const killed = (): boolean => child.kill('SIGKILL');
  process.once('exit', killed);
  const said: string[] = [];
  let tables = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (tables += text));
  createInterface({ input: child.stderr }).on('line', (line) => {
    said.push(line);
    if (line.startsWith('Sample lake:')) onProgress(line);
  });
  return new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(tables);
      else reject(new Error(failure(args[0]!, code, said)));
    });
  }).finally(() => process.off('exit', killed));
}

/** Of a Python program that failed the last line says what was wrong, unless it is a stack's. */
function failure(bucket: string, code: number | null, said: readonly string[]): string {
  return `The sample lake could not be made in the bucket ${bucket} (exit code ${code}). It said last:\n${said.slice(-12).join('\n')}`;
}
