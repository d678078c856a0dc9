import { readFileSync } from 'node:fs';
import { App } from 'aws-cdk-lib';
import { addGuardrails } from './guardrails';
import { asksForPipeline, loadPipeline, loadSettings, SettingsError, type SettingsOrigin } from './settings';
import { addEnvironment } from './stacks/environment';
import { addPipeline, type PinnedPrograms } from './stacks/pipeline';

/** What the checkout pins, for the steps of a pipeline. */
function pinnedPrograms(): PinnedPrograms {
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    devDependencies: { 'aws-cdk': string };
  };
  return { node: readFileSync('.nvmrc', 'utf8').trim(), cdk: devDependencies['aws-cdk'] };
}

function main(): void {
  const app = new App();
  const context = app.node.getAllContext() as Readonly<Record<string, unknown>>;
  const origin: SettingsOrigin = {
    context: (key) => context[key],
    contextKeys: Object.keys(context),
    environment: context.environment as string | undefined,
    readFile: (path) => readFileSync(path, 'utf8'),
    env: process.env,
  };
  if (asksForPipeline(origin)) {
    addPipeline(app, loadPipeline(origin), pinnedPrograms());
  } else {
    addEnvironment(app, loadSettings(origin));
  }
  addGuardrails(app);
  app.synth();
}

try {
  main();
} catch (error) {
  if (!(error instanceof SettingsError)) {
    throw error;
  }
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
