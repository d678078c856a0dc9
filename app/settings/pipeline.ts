import type { z } from 'zod';
import { CONNECTION, pipelineSchema, stageSchema } from './blocks/pipeline';
import { isBlock } from './check';
import { loadSettings, PIPELINE, readDocument, type SettingsOrigin, textOf } from './load';
import { nearest } from './nearest';
import { type Locate, type Path, SettingsError, show, valueAt } from './problem';
import { keysAt } from './reference';
import type { Settings } from './resolve';

/** A stage of the pipeline, with the settings of its environment. */
export interface StageSettings {
  readonly approval: boolean;
  readonly settings: Settings & { readonly account: string };
}

/** The pipeline's settings, checked and complete. */
export interface PipelineSettings extends Omit<z.output<typeof pipelineSchema>, 'stages'> {
  readonly account: string;
  readonly region: string;
  readonly stages: readonly StageSettings[];
}

/**
 * Finds the pipeline in the context, or in the YAML file that the context names, and the settings of its environments.
 *
 * @throws SettingsError with every problem at once.
 */
export function loadPipeline(origin: SettingsOrigin): PipelineSettings {
  const { document, locate } = readDocument(origin, PIPELINE);
  const checked = pipelineSchema.safeParse(document);
  const problems = [
    ...overridesBeside(origin),
    ...(checked.success ? [] : checked.error.issues.flatMap((issue) => describe(issue, document, locate))),
  ];
  if (!checked.success || problems.length > 0) throw new SettingsError(problems);
  const { stages, ...pipeline } = checked.data;
  const [, region = '', account = ''] = CONNECTION.exec(pipeline.connectionArn) ?? [];
  return { ...pipeline, region, account, stages: stagesOf(stages, origin, account, locate) };
}

/** The pipeline synthesizes what is in the repository: a setting of somebody's command line would be gone by then. */
function overridesBeside({ context, contextKeys }: SettingsOrigin): string[] {
  const known = keysAt([]);
  return contextKeys
    .filter((key) => known.includes(key.split('.')[0] ?? key) && !isBlock(context(key)))
    .map(
      (key) => `-c ${key}: got ${show(context(key))} beside a pipeline, wants it among the settings of its environment`,
    );
}

function stagesOf(
  stages: z.output<typeof pipelineSchema>['stages'],
  origin: SettingsOrigin,
  account: string,
  locate: Locate,
): StageSettings[] {
  const problems: string[] = [];
  const found = stages.flatMap(({ environment, approval }, index) => {
    const place = locate(['stages', index, 'environment']);
    if (stages.findIndex((stage) => stage.environment === environment) < index) {
      problems.push(`${place}: got ${show(environment)} again, wants each environment once`);
      return [];
    }
    try {
      // Whoever synthesizes: an environment without an account is in the pipeline's.
      const settings = loadSettings({ ...origin, environment, env: { CDK_DEFAULT_ACCOUNT: account } });
      problems.push(...lookedUp(settings, place));
      return [{ approval, settings: { ...settings, account: settings.account ?? account } }];
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      problems.push(...error.problems.map((problem) => problem.replace(/^-c environment:/, `${place}:`)));
      return [];
    }
  });
  if (problems.length > 0) throw new SettingsError(problems);
  return found;
}

function lookedUp({ environment, network }: Settings, place: string): string[] {
  if (network.vpcId === undefined || network.subnets !== undefined) return [];
  const wants = 'wants network.subnets there: a pipeline synthesizes without credentials to look a VPC up';
  return [`${place}: got ${show(environment)}, which has network.vpcId without subnets, ${wants}`];
}

function describe(issue: z.core.$ZodIssue, document: unknown, locate: Locate): string[] {
  if (issue.code !== 'unrecognized_keys') {
    return [`${locate(issue.path)}: got ${show(valueAt(document, issue.path))}, wants ${issue.message}`];
  }
  const known = keysOf(issue.path);
  return issue.keys.map((key) => {
    const near = nearest(key, known);
    const hint = near === undefined ? `wants one of ${known.join(', ')}` : `did you mean ${near}?`;
    return `${locate([...issue.path, key])}: unknown key, ${hint}`;
  });
}

function keysOf(path: Path): string[] {
  return Object.keys(path[0] === 'stages' ? stageSchema.shape : pipelineSchema.shape);
}

/** Whether the context asks for the pipeline, and not for an environment. */
export function asksForPipeline({ environment, context }: SettingsOrigin): boolean {
  return (environment ?? textOf(context('environment'))) === PIPELINE;
}
