import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Figure, median } from './figure';

const PROJECT = path.dirname(__dirname);
const BARE_APP = path.join(__dirname, 'bare-app.cjs');
const RECORDER = path.join(__dirname, 'loaded-modules.cjs');
const PAIRS = 7;
const MOST_RATIO = 2;

interface CdkJson {
  readonly app: string;
  readonly context: Readonly<Record<string, unknown>>;
}

/**
 * The time that the app takes to synthesize dev, from the start of its process, against a bare app in plain JavaScript
 * that loads the same files of the CDK and synthesizes one empty stack. CDK's own schema validation is left out of both.
 */
export function measureAppSynthesis(): Figure {
  const folder = mkdtempSync(path.join(tmpdir(), 'tablesleuth-bench-'));
  try {
    return measure(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function measure(folder: string): Figure {
  const { app, context } = JSON.parse(readFileSync(path.join(PROJECT, 'cdk.json'), 'utf8')) as CdkJson;
  const [program = '', ...args] = app.split(' ');
  if (program !== 'node') throw new Error(`cdk.json: app: got ${app}, expected a command that begins with node`);
  const modules = path.join(folder, 'modules.json');
  const env = environment(context, folder);
  run(['--require', RECORDER, ...args], { ...env, BENCH_MODULES: modules });
  keepModulesOfCdk(modules);

  const ours: number[] = [];
  const bare: number[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    ours.push(run(args, env));
    bare.push(run([BARE_APP], { ...env, BENCH_MODULES: modules }));
  }
  return {
    name: 'synthesis of dev, validation left out',
    value: median(ours),
    peer: { name: 'bare app with the same CDK modules', value: median(bare) },
    mostRatio: MOST_RATIO,
  };
}

/** What the CDK CLI gives to an app. */
function environment(context: CdkJson['context'], folder: string): NodeJS.ProcessEnv {
  const ofCli = {
    'aws:cdk:enable-path-metadata': true,
    'aws:cdk:enable-asset-metadata': true,
    'aws:cdk:bundling-stacks': ['**'],
  };
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    CDK_VALIDATION: 'false',
    CDK_OUTDIR: path.join(folder, 'cdk.out'),
    CDK_CONTEXT_JSON: JSON.stringify({ ...context, ...ofCli, environment: 'dev' }),
    CDK_DEFAULT_ACCOUNT: '111122223333',
    CDK_DEFAULT_REGION: 'us-east-2',
  };
}

function keepModulesOfCdk(list: string): void {
  const all = JSON.parse(readFileSync(list, 'utf8')) as string[];
  const ofCdk = all.filter((file) => /\/node_modules\/(aws-cdk-lib|cdk-nag|constructs)\//.test(file));
  if (ofCdk.length < 100) throw new Error(`the app loaded only ${ofCdk.length} files of the CDK: it cannot have run`);
  writeFileSync(list, JSON.stringify(ofCdk));
}

function run(args: readonly string[], env: NodeJS.ProcessEnv): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: PROJECT, env, encoding: 'utf8' });
  const seconds = (performance.now() - started) / 1000;
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with exit code ${status}:\n${stderr}`);
  return seconds;
}
