import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { type Figure, median } from './figure';

const PROJECT = path.dirname(__dirname);
const RUNS = 3;
const MOST_SECONDS = 15;

/** The time of all unit tests, from the start of the process: everything without emulator, host or browser. */
export function measureUnitTests(): Figure {
  return {
    name: 'unit tests',
    value: median(Array.from({ length: RUNS }, run)),
    most: MOST_SECONDS,
  };
}

function run(): number {
  const started = performance.now();
  const args = [path.join('node_modules', 'vitest', 'vitest.mjs'), 'run', '--project=unit', '--reporter=dot'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: PROJECT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the unit tests failed, so their time means nothing:\n${stdout}${stderr}`);
  return (performance.now() - started) / 1000;
}
