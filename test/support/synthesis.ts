import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { DISABLE_ASSET_STAGING_CONTEXT, DISABLE_CREATION_STACK_TRACES } from 'aws-cdk-lib/cx-api';
import { resolveSettings, type Settings } from '../../app/settings';
import { loadSettings } from '../../app/settings/load';
import type { GivenSettings } from '../../app/settings/schema';
import { addEnvironment, stackName } from '../../app/stacks/environment';
import { scratchFolder } from './scratch';
import type { TemplateDocument } from './template';

/** The top of the project. */
export const PROJECT = join(__dirname, '..', '..');

/** An account that nobody deploys to. */
export const ACCOUNT = '111122223333';
export const REGION = 'us-east-2';

const CONTEXT = (JSON.parse(readFileSync(join(PROJECT, 'cdk.json'), 'utf8')) as { context: Record<string, unknown> })
  .context;

/** CDK's feature flags as `cdk.json` sets them: without them templates are not those that are deployed. */
const FEATURE_FLAGS = Object.fromEntries(Object.entries(CONTEXT).filter(([key]) => key.includes('@')));

const zones = ['a', 'b', 'c'].map((zone) => `${REGION}${zone}`);

/** A stack after synthesis. */
export interface SynthesizedStack {
  readonly name: string;
  readonly template: TemplateDocument;
  readonly templateFile: string;
  /** The names of the stacks that are deployed before this one. */
  readonly dependsOn: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

/** What an app became. */
export interface Synthesis {
  readonly app: App;
  readonly stacks: readonly SynthesizedStack[];
  /** Where the templates and the report of the validation are. */
  readonly directory: string;
  /** Lookups in an account that the synthesis could not do without. */
  readonly lookups: number;
}

/** An app with the project's feature flags, and with more context where a test needs it. */
export function newApp(context: Record<string, unknown> = {}): App {
  return new App({
    outdir: scratchFolder(),
    analyticsReporting: false,
    stackTraces: false,
    treeMetadata: false,
    context: {
      ...FEATURE_FLAGS,
      [DISABLE_ASSET_STAGING_CONTEXT]: true,
      // For people who look for where a resource was made; a sixth of the time.
      [DISABLE_CREATION_STACK_TRACES]: true,
      [`availability-zones:account=${ACCOUNT}:region=${REGION}`]: zones,
      ...context,
    },
  });
}

/** Synthesizes a whole app. */
export function synthesizeApp(app: App): Synthesis {
  const assembly = app.synth();
  const stacks = assembly.stacksRecursively.map((stack) => ({
    name: stack.stackName,
    template: stack.template as TemplateDocument,
    templateFile: stack.templateFullPath,
    dependsOn: stack.dependencies.map(({ id }) => id).filter((id) => !id.endsWith('.assets')),
    tags: stack.tags,
  }));
  return { app, stacks, directory: assembly.directory, lookups: assembly.manifest.missing?.length ?? 0 };
}

/** The template of a stack that `build` fills. */
export function templateOf(build: (stack: Stack) => void): TemplateDocument {
  const app = newApp();
  build(new Stack(app, 'Test', { env: { account: ACCOUNT, region: REGION } }));
  return synthesizeApp(app).stacks[0]!.template;
}

/** Runs `build` in a stack, for what throws before there is a template. */
export function inStack<T>(build: (stack: Stack) => T): T {
  return build(new Stack(newApp(), 'Test', { env: { account: ACCOUNT, region: REGION } }));
}

/** The settings of an environment with nothing in its file but these. */
export function settingsOf(given: GivenSettings, environment = 'dev'): Settings {
  return resolveSettings({
    environment,
    source: 'test.yaml',
    document: given,
    defaults: { account: ACCOUNT, region: REGION },
  });
}

/** The settings of an environment of `cdk.json`, with more over its own. */
export function projectSettings(environment: string, more: GivenSettings = {}): Settings {
  const context: Record<string, unknown> = { ...CONTEXT, ...more };
  return loadSettings({
    context: (key) => context[key],
    contextKeys: Object.keys(context),
    environment,
    readFile: (path) => readFileSync(join(PROJECT, path), 'utf8'),
    env: { CDK_DEFAULT_ACCOUNT: ACCOUNT },
  });
}

/** The names of the environments of `cdk.json`. */
export const PROJECT_ENVIRONMENTS = Object.keys(CONTEXT).filter((key) => !key.includes('@'));

const synthesized = new Map<string, EnvironmentTemplates>();

/** The stacks of one environment, by their part; of several regions, those of the first. */
export interface EnvironmentTemplates {
  readonly synthesis: Synthesis;
  readonly data: TemplateDocument;
  readonly workbench: TemplateDocument;
  /** Empty when the network is brought along. */
  readonly network: TemplateDocument;
  /** Empty when no image is built. */
  readonly image: TemplateDocument;
  readonly operations: TemplateDocument;
  /** Empty without `service`. */
  readonly service: TemplateDocument;
  /** Of another region; empty when backups are not copied. */
  readonly copies: TemplateDocument;
}

/** The templates of an environment, as the app makes them; each is made once for all tests. */
export function synthesize(given: GivenSettings | Settings = {}): EnvironmentTemplates {
  const settings = 'environment' in given ? given : settingsOf(given);
  const key = JSON.stringify(settings);
  const known = synthesized.get(key) ?? environmentTemplates(settings);
  synthesized.set(key, known);
  return known;
}

function environmentTemplates(settings: Settings): EnvironmentTemplates {
  const app = newApp();
  addEnvironment(app, settings);
  const synthesis = synthesizeApp(app);
  const part = (name: string) =>
    synthesis.stacks.find((stack) => stack.name === stackName(name, settings))?.template ?? {};
  return {
    synthesis,
    data: part('Data'),
    workbench: part('Workbench'),
    network: part('Network'),
    image: part('Image'),
    operations: part('Operations'),
    service: part('Service'),
    copies: part('Copies'),
  };
}
