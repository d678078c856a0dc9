import { Duration, Stack, Stage } from 'aws-cdk-lib';
import { CfnParameter } from 'aws-cdk-lib/aws-ssm';
import { describe, expect, test } from 'vitest';
import { type DeliveredEnvironment, DeliveryPipeline, type DeliveryPipelineProps } from '../../../src';
import { statementsOf } from '../../support/iam';
import { CONNECTION, OTHER_ACCOUNT } from '../../support/pipeline';
import { ACCOUNT, newApp, REGION, type SynthesizedStack, synthesizeApp } from '../../support/synthesis';
import { propertiesOf, resourcesOf, type TemplateDocument } from '../../support/template';

const stringContaining = (text: string) => expect.stringContaining(text) as unknown;
const KEY = 'AWS::KMS::Key';

/** A stage with a stack of one resource in each region. */
function environment(
  root: Stack,
  name: string,
  more: Partial<Omit<DeliveredEnvironment, 'stage'>> = {},
): DeliveredEnvironment {
  const environmentProps = { account: ACCOUNT, regions: [REGION], ...more };
  const { account, regions } = environmentProps;
  const stage = new Stage(root.node.root, name);
  for (const region of regions) {
    const stack = new Stack(stage, `Small-${region}`, { env: { account, region } });
    new CfnParameter(stack, 'Parameter', { type: 'String', value: name });
  }
  return { stage, environmentName: name, ...environmentProps };
}

function made(
  environments: (root: Stack) => DeliveredEnvironment[],
  more: Partial<DeliveryPipelineProps> = {},
): readonly SynthesizedStack[] {
  const app = newApp();
  const stack = new Stack(app, 'Test', { env: { account: ACCOUNT, region: REGION } });
  new DeliveryPipeline(stack, 'Pipeline', {
    repository: 'team/tables',
    connectionArn: CONNECTION,
    nodeVersion: '20',
    cliVersion: '2.1148.1',
    testCommands: ['npm test'],
    synthCommands: ['npx cdk synth'],
    environments: environments(stack),
    ...more,
  });
  return synthesizeApp(app).stacks;
}

const templateNamed = (stacks: readonly SynthesizedStack[], name: string) =>
  stacks.find((stack) => stack.name === name)!.template;

interface PipelineStage {
  readonly Name: string;
  readonly OnFailure?: unknown;
  readonly Actions: ReadonlyArray<{ readonly Name: string; readonly Configuration?: Record<string, unknown> }>;
}

const stagesOf = (template: TemplateDocument) =>
  propertiesOf(template, 'AWS::CodePipeline::Pipeline')['Stages'] as PipelineStage[];
const buildspecOf = (template: TemplateDocument, name: string) =>
  resourcesOf(template, 'AWS::CodeBuild::Project')
    .filter(({ id }) => id.includes(name))
    .map(({ Properties }) => (Properties?.['Source'] as { BuildSpec: string }).BuildSpec)
    .join();

describe('a pipeline with the least properties, to one environment', () => {
  const template = templateNamed(
    made((root) => [environment(root, 'dev')]),
    'Test',
  );

  test('takes the branch main, and asks nobody', () => {
    const stages = stagesOf(template);
    expect(stages.map(({ Name }) => Name)).toEqual(['Source', 'Build', 'UpdatePipeline', 'dev']);
    expect(stages[0]?.Actions[0]?.Configuration).toMatchObject({
      BranchName: 'main',
      ConnectionArn: CONNECTION,
      FullRepositoryId: 'team/tables',
    });
  });

  test('tests before it synthesizes', () => {
    const [, build] = stagesOf(template);
    const orders = (build?.Actions ?? []).map((action) => [action.Name, (action as { RunOrder?: number }).RunOrder]);
    expect(orders).toEqual([
      ['Test', 1],
      ['Synth', 2],
    ]);
  });

  test('watches alarms for a quarter of an hour, wants a host that runs, and takes back what fails', () => {
    const probed = buildspecOf(template, 'Probe');
    expect(probed).toContain(`${REGION} dev tablesleuth-dev-probe false 15 &`);
    expect(stagesOf(template).filter(({ OnFailure }) => OnFailure !== undefined)).toMatchObject([{ Name: 'dev' }]);
  });

  test('encrypts what it hands on with a key of its own, which turns, and keeps it private for 90 days', () => {
    expect(propertiesOf(template, KEY)).toMatchObject({ EnableKeyRotation: true });
    const [bucket] = resourcesOf(template, 'AWS::S3::Bucket');
    expect(bucket?.DeletionPolicy).toBe('Retain');
    expect(bucket?.Properties).toMatchObject({
      BucketEncryption: { ServerSideEncryptionConfiguration: [{ BucketKeyEnabled: true }] },
      LifecycleConfiguration: { Rules: [{ ExpirationInDays: 90, NoncurrentVersionExpiration: { NoncurrentDays: 1 } }] },
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
    });
    for (const { Properties } of resourcesOf(template, 'AWS::Logs::LogGroup')) {
      expect(Properties).toMatchObject({ KmsKeyId: expect.anything() as unknown, RetentionInDays: 90 });
    }
  });

  test('lets only its own test container be privileged', () => {
    const privileged = resourcesOf(template, 'AWS::CodeBuild::Project').filter(
      ({ Properties }) => (Properties?.['Environment'] as { PrivilegedMode?: boolean }).PrivilegedMode,
    );
    expect(privileged.map(({ id }) => id)).toEqual([expect.stringContaining('BuildTest')]);
  });
});

describe('a pipeline with every property, to an environment of two regions in another account', () => {
  const regions = [REGION, 'eu-west-1'];
  const stacks = made(
    (root) => [
      environment(root, 'dev'),
      environment(root, 'prod', { account: OTHER_ACCOUNT, regions, approval: true, mayBeStopped: true }),
    ],
    { branch: 'release', watchAlarms: Duration.minutes(40) },
  );
  const template = templateNamed(stacks, 'Test');

  test('takes the branch that was named', () => {
    expect(stagesOf(template)[0]?.Actions[0]?.Configuration).toMatchObject({ BranchName: 'release' });
  });

  test('shows the difference and the cost before somebody approves, and only what is delivered is taken back', () => {
    const stages = stagesOf(template);
    expect(stages.map(({ Name }) => Name).slice(3)).toEqual(['dev', 'prod-approval', 'prod']);
    expect(stages[4]?.Actions.map(({ Name }) => Name)).toEqual(['Review', 'Approve']);
    expect(stages.filter(({ OnFailure }) => OnFailure !== undefined).map(({ Name }) => Name)).toEqual(['dev', 'prod']);
  });

  test('probes each region with the role that is there, and is content when no host runs', () => {
    const probed = buildspecOf(template, 'prodProbe');
    for (const region of regions) {
      expect(probed).toContain(
        `probe arn:aws:iam::${OTHER_ACCOUNT}:role/tablesleuth-prod-probe-${region} ${region} prod tablesleuth-prod-probe true 40 &`,
      );
    }
  });

  test('hands on through a bucket in each other region, encrypted and private as its own', () => {
    const support = stacks.filter(({ name }) => name.includes('support-eu-west-1'));
    expect(support).toHaveLength(1);
    expect(propertiesOf(support[0]!.template, 'AWS::S3::Bucket')).toMatchObject({
      BucketEncryption: { ServerSideEncryptionConfiguration: expect.any(Array) as unknown },
      LifecycleConfiguration: { Rules: [{ ExpirationInDays: 90, NoncurrentVersionExpiration: { NoncurrentDays: 1 } }] },
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
      VersioningConfiguration: { Status: 'Enabled' },
    });
    const keys = [template, support[0]!.template].map((each) => JSON.stringify(propertiesOf(each, KEY)['KeyPolicy']));
    expect(keys).toEqual([stringContaining('GrantsOnlyByServices'), stringContaining('GrantsOnlyByServices')]);
  });

  test('uses no key but its own, whatever CDK’s statement about all keys says', () => {
    const denied = statementsOf(template).filter(({ sid }) => sid === 'UseOwnKeys');
    expect(denied).toHaveLength(1);
    expect(denied[0]).toMatchObject({ effect: 'Deny', actions: expect.arrayContaining(['kms:Decrypt']) as unknown });
    expect(JSON.stringify(denied[0]?.condition)).toContain('kms:ResourceAliases');
  });
});

test('a pipeline fails without an environment to deliver to', () => {
  expect(() => made(() => [])).toThrow('Test/Pipeline: got no environments, wants one or more to deliver to');
});
