import { type App, Duration, Stack, type StackProps, Stage, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { type DeliveredEnvironment, DeliveryPipeline, HostProbe } from '../../src';
import { addSecurityChecks } from '../guardrails';
import { type PipelineSettings, type Settings, settingsOfRegions, type StageSettings } from '../settings';
import { addEnvironment, stackName } from './environment';

/** The versions that a checkout pins. */
export interface PinnedPrograms {
  /** The version of Node. */
  readonly node: string;
  /** The version of the CDK CLI. */
  readonly cdk: string;
}

/** The pipeline's stack, and a stage for each environment that it delivers to. */
export function addPipeline(app: App, pipeline: PipelineSettings, programs: PinnedPrograms): void {
  const environments = pipeline.stages.map((stage) => deliveredEnvironment(app, stage, pipeline.account));
  const { account, region } = pipeline;
  new PipelineStack(app, 'TablesleuthPipeline', pipeline, programs, environments, {
    env: { account, region },
    description: 'TableSleuth: the pipeline that delivers it',
  });
}

/** The same stacks as without a pipeline, and beside them what the pipeline may do there. */
function deliveredEnvironment(app: App, { settings, approval }: StageSettings, from: string): DeliveredEnvironment {
  const { environment: environmentName, account, regions, hours, idleStop } = settings;
  const stage = new Stage(app, environmentName, { env: { account, region: settings.region } });
  addEnvironment(stage, settings);
  for (const ofRegion of settingsOfRegions(settings)) {
    const name = stackName('Delivery', ofRegion);
    new DeliveryStack(stage, name, ofRegion, from, {
      env: { account, region: ofRegion.region },
      stackName: name,
      description: 'TableSleuth: what the pipeline may do here',
    });
  }
  addSecurityChecks(stage);
  const mayBeStopped = hours !== undefined || idleStop !== undefined;
  return { stage, environmentName, account, regions: [...regions], approval, mayBeStopped };
}

/** What the pipeline may do in an environment beside deploying it. */
class DeliveryStack extends Stack {
  constructor(scope: Construct, id: string, { environment }: Settings, from: string, props: StackProps) {
    super(scope, id, props);
    const proberArn = DeliveryPipeline.proberArn(this, from, environment);
    new HostProbe(this, 'Probe', { environmentName: environment, proberArn });
  }
}

class PipelineStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    { repository, branch, connectionArn, watchMinutes }: PipelineSettings,
    programs: PinnedPrograms,
    environments: DeliveredEnvironment[],
    props: StackProps,
  ) {
    super(scope, id, props);
    new DeliveryPipeline(this, 'Pipeline', {
      repository,
      branch,
      connectionArn,
      nodeVersion: programs.node,
      cliVersion: programs.cdk,
      testCommands: ['bash .ci/run'],
      synthCommands: ['npm ci --no-audit --no-fund', 'npx cdk synth --quiet -c environment=pipeline'],
      environments,
      watchAlarms: Duration.minutes(watchMinutes),
    });
    Tags.of(this).add('tablesleuth:environment', 'pipeline');
  }
}
