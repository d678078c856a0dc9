// npm run check: everything that must be true of a change before it is shown to anybody, but the slow tests.
// `npm run check -- lint types` runs the steps whose names hold one of the words.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { command, ROOT, say, setUp, SetupError } from './setup.mjs';
import { writeSnippets } from './snippets.mjs';

const SYNTHESIZED = path.join(ROOT, '.cache', 'check');

/** Each step gives what went wrong, or nothing. In the order in which a mistake is the soonest told. */
const STEPS = {
  'format (prettier)': () =>
    tool('prettier', '--check', '--cache', '--cache-location', '.cache/prettier', '.', '!.cache/**'),
  'lint (eslint)': () => tool('eslint', '.'),
  'library (jsii)': () => tool('jsii'),
  'types, snippets of the documents included (tsc)': () => tool('tsc', '--project', writeSnippets()),
  'types of the page in a browser (tsc)': () => tool('tsc', '--project', 'tsconfig.page.json'),
  'docs/settings.md, settings.schema.json': () =>
    upToDate(['docs/settings.md', 'settings.schema.json'], 'scripts/settings-schema.ts'),
  'docs/images/cost.svg': () => upToDate(['docs/images/cost.svg'], 'scripts/cost-picture.ts'),
  'docs/emulator-types.md': () => upToDate(['docs/emulator-types.md'], 'emulator/document-types.ts'),
  'unit tests (vitest)': () => tool('vitest', 'run', '--project=unit'),
  'synthesis of dev, with every policy': () => synthesis('dev'),
  'synthesis of staging, with every policy': () => synthesis('staging'),
  'synthesis of prod, with every policy': () => synthesis('prod'),
};

await command(async () => {
  await setUp();
  const started = Date.now();
  for (const [name, step] of chosenSteps(process.argv.slice(2))) {
    const begun = Date.now();
    const problem = step();
    say(`${problem === undefined ? 'ok    ' : 'FAILED'}  ${seconds(begun)}  ${name}`);
    if (problem !== undefined) {
      process.stdout.write(`\n${problem}\n`);
      return 1;
    }
  }
  say(`        ${seconds(started)}  in all`);
  return 0;
});

function chosenSteps(words) {
  const steps = Object.entries(STEPS);
  const chosen = steps.filter(([name]) => words.length === 0 || words.some((word) => name.includes(word)));
  if (chosen.length > 0) return chosen;
  const names = steps.map(([name]) => `  ${name}`).join('\n');
  throw new SetupError(`No step is named ${words.join(' or ')}. The steps are:\n${names}`);
}

function seconds(since) {
  return `${((Date.now() - since) / 1000).toFixed(1).padStart(6)} s`;
}

function tool(name, ...args) {
  return run(path.join(ROOT, 'node_modules', '.bin', name), args);
}

/** Writes a generated document anew: if that changes it, it was stale. */
function upToDate(files, generator) {
  const contents = () => files.map((file) => readFileSync(path.join(ROOT, file), 'utf8')).join('\0');
  const before = contents();
  const problem = tool('tsx', generator);
  if (problem !== undefined) return problem;
  return contents() === before
    ? undefined
    : `${files.join(' and ')} did not say what the code does. Written anew by: npx tsx ${generator}. Commit it.`;
}

function synthesis(environment) {
  rmSync(SYNTHESIZED, { recursive: true, force: true });
  return tool(
    'cdk',
    'synth',
    '--quiet',
    '--strict',
    '--context',
    `environment=${environment}`,
    '--output',
    SYNTHESIZED,
  );
}

function run(program, args) {
  const env = {
    ...process.env,
    // jsii says at each start that Node 20 is beyond its end of life.
    JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION: '20',
  };
  const { status, signal, stdout, stderr, error } = spawnSync(program, args, { cwd: ROOT, env, encoding: 'utf8' });
  if (status === 0) return undefined;
  return `${[error?.message, stdout, stderr].filter(Boolean).join('\n').trim()}\n\n${path.basename(program)} ended with ${signal ?? `exit code ${status}`}`;
}
