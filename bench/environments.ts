import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { App } from 'aws-cdk-lib';
import { addGuardrails } from '../app/guardrails';
import { resolveSettings } from '../app/settings';
import { addEnvironment } from '../app/stacks/environment';
import { type Figure, median } from './figure';

const PROJECT = path.dirname(__dirname);
const COUNTS = [1, 2, 4, 8] as const;
const ROUNDS = 7;
const MOST_GROWTH = 1.3;

/** The time per environment of apps with 1 to 8 environments: what grows faster than their number shows here. */
export function measureEnvironments(): Figure[] {
  if (process.env.CDK_VALIDATION !== 'false') throw new Error('CDK_VALIDATION must be false: it would be measured too');
  const measurements = new Map<number, number[]>(COUNTS.map((count) => [count, []]));
  synthesize(1);
  for (let round = 0; round < ROUNDS; round++) {
    for (const count of COUNTS) measurements.get(count)?.push(synthesize(count) / count);
  }
  const perEnvironment = (count: number) => median(measurements.get(count) ?? []);
  return COUNTS.map((count) => ({
    name: `per environment, of ${count} in one app`,
    value: perEnvironment(count),
    ...(count === 8 ? { peer: { name: 'of 2', value: perEnvironment(2) }, mostRatio: MOST_GROWTH } : {}),
  }));
}

function synthesize(count: number): number {
  const outdir = mkdtempSync(path.join(tmpdir(), 'tablesleuth-bench-'));
  const { context } = JSON.parse(readFileSync(path.join(PROJECT, 'cdk.json'), 'utf8')) as {
    context: Record<string, unknown>;
  };
  try {
    const started = performance.now();
    const app = new App({ outdir, context });
    for (let index = 0; index < count; index++) {
      const environment = `dev${index}`;
      addEnvironment(app, resolveSettings({ environment, source: 'cdk.json', document: context.dev, defaults: {} }));
    }
    addGuardrails(app);
    app.synth();
    return (performance.now() - started) / 1000;
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
