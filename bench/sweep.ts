import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { type Figure, median, NotMeasurable } from './figure';

const PROJECT = path.dirname(__dirname);
const TABLES = path.join(__dirname, 'sweep_tables.py');
const FEW = 50;
const MANY = 200;
const ROUNDS = 3;

/** Runs Python with the sweep's packages, and gives what it says. */
type Python = (...args: string[]) => string;

/**
 * The sweep of two hundred tables on this computer's disk: against PyIceberg and delta-rs that read the same without it, its
 * memory against that of fifty tables, and what a second worker adds. TableSleuth's own services, which are a second
 * reader of each table, are not asked.
 */
export async function measureSweep(): Promise<Figure[]> {
  const { prepareSweep, SWEEP_PYTHON } = await import('../sweep/prepare.mjs');
  await prepareSweep();
  const env = { ...process.env, PYTHONPATH: path.join(PROJECT, 'sweep'), PYTHONDONTWRITEBYTECODE: '1' };
  const python: Python = (...args) => {
    const { status, stdout, stderr } = spawnSync(SWEEP_PYTHON, args, { env, encoding: 'utf8', maxBuffer: 2 ** 28 });
    if (status !== 0) throw new Error(`${args.join(' ')} failed:\n${stderr.slice(-2_000)}`);
    return stdout;
  };
  const folder = mkdtempSync(path.join(tmpdir(), 'tablesleuth-bench-'));
  const [few, many] = [FEW, MANY].map((count) => path.join(folder, `${count}`)) as [string, string];
  try {
    python(TABLES, 'make', few, `${FEW}`);
    python(TABLES, 'make', many, `${MANY}`);
    return [...measureTime(python, many), measureMemory(python, SWEEP_PYTHON, few, many)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function measureTime(python: Python, folder: string): Figure[] {
  if (availableParallelism() < 2) throw new NotMeasurable('a second worker needs a second core');
  const times = { bare: [] as number[], one: [] as number[], two: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    times.bare.push(seconds(() => python(TABLES, 'bare', folder)));
    times.one.push(seconds(() => python(...sweepOf(folder, 1))));
    times.two.push(seconds(() => python(...sweepOf(folder, 2))));
  }
  const one = median(times.one);
  return [
    {
      ...{ name: `sweep: ${MANY} tables, one worker`, value: one, mostRatio: 1.3 },
      peer: { name: 'PyIceberg and delta-rs alone', value: median(times.bare) },
    },
    {
      ...{ name: `sweep: ${MANY} tables, two workers`, value: median(times.two) },
      peer: { name: 'one worker', value: one },
      // 80 % of a worker more: 1.8 times as many tables a second.
      mostRatio: 0.56,
    },
  ];
}

function measureMemory(python: Python, interpreter: string, few: string, many: string): Figure {
  const peak = (folder: string) => Number(python(TABLES, 'peak', interpreter, ...sweepOf(folder, 1))) / 1024;
  return {
    name: `sweep: memory of its largest process, ${MANY} tables`,
    value: peak(many),
    unit: 'MiB',
    peer: { name: `with ${FEW} tables`, value: peak(few) },
    mostRatio: 1.1,
  };
}

function sweepOf(folder: string, workers: number): string[] {
  return ['-m', 'tablesleuth_sweep', folder, '--json', '--quiet', '--no-tablesleuth', '--workers', `${workers}`];
}

function seconds(work: () => unknown): number {
  const started = performance.now();
  work();
  return (performance.now() - started) / 1000;
}
