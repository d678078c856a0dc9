import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { DISABLE_ASSET_STAGING_CONTEXT, DISABLE_CREATION_STACK_TRACES } from 'aws-cdk-lib/cx-api';
import type { Settings } from '../../app/settings';
import { addEnvironment } from '../../app/stacks/environment';
import { Mistake } from '../mistake';
import { contextOf, settingsIn } from '../settings';
import type { PricedTemplate, TemplateResource } from './template';

const FALLBACK_REGION = 'us-east-2';
/** As the CDK CLI does: a person knows a resource by the path of its construct. What prices do not need takes half the time. */
const CONTEXT = {
  'aws:cdk:enable-path-metadata': true,
  [DISABLE_ASSET_STAGING_CONTEXT]: true,
  [DISABLE_CREATION_STACK_TRACES]: true,
};

/** An environment as it would be deployed. */
export interface SynthesizedEnvironment {
  readonly settings: Settings;
  readonly templates: readonly PricedTemplate[];
}

interface Template {
  readonly Resources?: Readonly<Record<string, TemplateResource>>;
}

/**
 * Synthesizes an environment of `cdk.json` in a folder of its own, without guardrails: they do not change a template.
 *
 * @param context settings as `-c` takes them: `key=value`.
 * @throws SettingsError for wrong settings and for an environment that is not there.
 */
export function synthesizeEnvironment(context: readonly string[]): SynthesizedEnvironment {
  const outdir = mkdtempSync(join(tmpdir(), 'tablesleuth-cost-'));
  try {
    const all = { ...CONTEXT, ...contextOf(context) };
    const settings = settingsIn(all);
    const app = new App({
      outdir,
      context: all,
      analyticsReporting: false,
      treeMetadata: false,
      builtinCloudFormationValidation: false,
    });
    addEnvironment(app, settings);
    const templates = app.synth().stacksRecursively.map((stack) => ({
      stack: stack.stackName,
      region: stack.environment.region,
      resources: (stack.template as Template).Resources ?? {},
    }));
    return { settings, templates };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** Reads a template that something else synthesized. */
export function readTemplate(file: string, region = FALLBACK_REGION): PricedTemplate {
  const stack = file.replace(/^.*\//, '').replace(/(\.template)?\.json$/, '');
  try {
    const { Resources } = JSON.parse(readFileSync(file, 'utf8')) as Template;
    if (typeof Resources === 'object') return { stack, region, resources: Resources };
  } catch (error) {
    throw new Mistake(`--template: got ${file}, wants a CloudFormation template in JSON: ${messageOf(error)}`);
  }
  throw new Mistake(`--template: got ${file}, wants a CloudFormation template in JSON: it has no Resources`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
