import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from 'aws-cdk-lib';
import { loadPipeline, type PipelineSettings } from '../../app/settings';
import { addPipeline } from '../../app/stacks/pipeline';
import { ACCOUNT, PROJECT, REGION } from './synthesis';
import { EVERYTHING_IN_TWO_REGIONS } from './variants';

/** An account that the pipeline delivers to, and is not in. */
export const OTHER_ACCOUNT = '444455556666';
export const CONNECTION = `arn:aws:codeconnections:${REGION}:${ACCOUNT}:connection/12345678-1234-1234-1234-123456789012`;
export const PROGRAMS = { node: '20', cdk: '2.1148.1' };

/** The context of the project, with a pipeline in it: dev, and after approval prod with everything in two regions. */
export const PIPELINE_CONTEXT: Readonly<Record<string, unknown>> = {
  ...(JSON.parse(readFileSync(join(PROJECT, 'cdk.json'), 'utf8')) as { context: Record<string, unknown> }).context,
  prod: { ...EVERYTHING_IN_TWO_REGIONS, account: OTHER_ACCOUNT },
  pipeline: {
    repository: 'my-team/tablesleuth-cdk',
    connectionArn: CONNECTION,
    stages: [{ environment: 'dev' }, { environment: 'prod', approval: true }],
  },
};

/** The pipeline's settings, with more or other context. */
export function pipelineSettings(more: Readonly<Record<string, unknown>> = {}): PipelineSettings {
  const context = { ...PIPELINE_CONTEXT, ...more };
  return loadPipeline({
    context: (key) => context[key],
    contextKeys: Object.keys(context),
    environment: 'pipeline',
    readFile: (path) => readFileSync(join(PROJECT, path), 'utf8'),
    env: {},
  });
}

/** Adds the pipeline and all its stages. */
export function addExamplePipeline(app: App): void {
  addPipeline(app, pipelineSettings(), PROGRAMS);
}
