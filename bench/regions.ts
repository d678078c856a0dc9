import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { App } from 'aws-cdk-lib';
import { addGuardrails } from '../app/guardrails';
import type { Settings } from '../app/settings';
import { addEnvironment } from '../app/stacks/environment';
import { projectSettings } from '../test/support/synthesis';
import { EVERYTHING, EVERYTHING_IN_THREE_REGIONS } from '../test/support/variants';
import { type Figure, median } from './figure';

const PROJECT = path.dirname(__dirname);
const ROUNDS = 7;
const MOST_RATIO = 3;

/** The time that prod with every part takes in three regions, against the same in one. */
export function measureRegions(): Figure {
  if (process.env.CDK_VALIDATION !== 'false') throw new Error('CDK_VALIDATION must be false: it would be measured too');
  const inOne = projectSettings('prod', EVERYTHING);
  const inThree = projectSettings('prod', EVERYTHING_IN_THREE_REGIONS);
  const [ofOne, ofAll]: [number[], number[]] = [[], []];
  synthesize(inThree);
  for (let round = 0; round < ROUNDS; round++) {
    ofOne.push(synthesize(inOne));
    ofAll.push(synthesize(inThree));
  }
  return {
    name: 'prod with all parts in three regions, validation left out',
    value: median(ofAll),
    peer: { name: 'in one region', value: median(ofOne) },
    mostRatio: MOST_RATIO,
  };
}

function contextOfProject(): Record<string, unknown> {
  const file = readFileSync(path.join(PROJECT, 'cdk.json'), 'utf8');
  return (JSON.parse(file) as { context: Record<string, unknown> }).context;
}

function synthesize(settings: Settings): number {
  const outdir = mkdtempSync(path.join(tmpdir(), 'tablesleuth-bench-'));
  try {
    const started = performance.now();
    const app = new App({ outdir, context: contextOfProject() });
    addEnvironment(app, settings);
    addGuardrails(app);
    app.synth();
    return (performance.now() - started) / 1000;
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
