import type { CfnPipeline } from 'aws-cdk-lib/aws-codepipeline';
import { describe, expect, test } from 'vitest';
import { isFree, RULES } from '../../cli/cost/rules/rules';
import { addExamplePipeline, CONNECTION, OTHER_ACCOUNT, PIPELINE_CONTEXT, pipelineSettings } from '../support/pipeline';
import { ACCOUNT, newApp, synthesize, type SynthesizedStack, synthesizeApp } from '../support/synthesis';
import { resourcesOf, type TemplateDocument } from '../support/template';
import { problemsIn } from '../support/settings-problems';

const PIPELINE = PIPELINE_CONTEXT['pipeline'] as Record<string, unknown>;

const problemsOf = (more: Readonly<Record<string, unknown>>) => problemsIn(() => pipelineSettings(more));

describe('the setting `pipeline`', () => {
  const place = 'cdk.json: context.pipeline';
  test.each<[string, Record<string, unknown>, string]>([
    [
      'no repository',
      { repository: 'mine' },
      `${place}.repository: got "mine", wants a repository, owner/name, such as`,
    ],
    [
      'no connection',
      { connectionArn: 'arn:aws:s3:::x' },
      `${place}.connectionArn: got "arn:aws:s3:::x", wants the ARN of`,
    ],
    ['no stages', { stages: [] }, `${place}.stages: got [], wants a list of stages, each with environment`],
    ['an unknown key', { brnch: 'main' }, `${place}.brnch: unknown key, did you mean branch?`],
    [
      'an unknown environment',
      { stages: [{ environment: 'prd' }] },
      `${place}.stages[0].environment: got "prd", wants one of dev, staging, prod: did you mean prod?`,
    ],
    [
      'an environment twice',
      { stages: [{ environment: 'dev' }, { environment: 'dev', approval: true }] },
      `${place}.stages[1].environment: got "dev" again, wants each environment once`,
    ],
  ])('fails with %s', (_name, changes, message) => {
    const problems = problemsOf({ pipeline: { ...PIPELINE, ...changes } });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(message);
  });

  test('fails with a setting of the command line, which the pipeline itself would not know', () => {
    expect(problemsOf({ useSpot: 'false' })).toEqual([
      '-c useSpot: got "false" beside a pipeline, wants it among the settings of its environment',
    ]);
  });

  test('fails with a VPC that would have to be looked up', () => {
    const dev = { network: { vpcId: 'vpc-0123456789abcdef0' } };
    expect(problemsOf({ dev })).toEqual([expect.stringContaining('wants network.subnets there')]);
  });

  test('is in the account and region of its connection, and so is an environment without an account', () => {
    const { account, region, branch, stages } = pipelineSettings();
    expect({ account, region, branch }).toEqual({ account: ACCOUNT, region: 'us-east-2', branch: 'main' });
    expect(stages.map(({ settings }) => settings.account)).toEqual([ACCOUNT, OTHER_ACCOUNT]);
    expect(CONNECTION).toContain(ACCOUNT);
  });
});

describe('the pipeline', () => {
  const app = newApp();
  addExamplePipeline(app);
  const { stacks } = synthesizeApp(app);
  const template = stacks.find(({ name }) => name === 'TablesleuthPipeline')!.template;
  const [pipeline] = resourcesOf(template, 'AWS::CodePipeline::Pipeline');
  const stages = pipeline!.Properties!['Stages'] as Array<
    CfnPipeline.StageDeclarationProperty & {
      Name: string;
      Actions: Array<Record<string, unknown>>;
      OnFailure?: unknown;
    }
  >;
  const buildspecs = resourcesOf(template, 'AWS::CodeBuild::Project').map(
    ({ id, Properties }) => [id, (Properties?.['Source'] as { BuildSpec: string }).BuildSpec] as const,
  );
  const buildspec = (name: string) => buildspecs.find(([id]) => id.includes(name))![1];

  test('tests a commit, synthesizes it, changes itself, and delivers to dev and, after approval, to prod', () => {
    const names = stages.map(({ Name, Actions }) => [Name, Actions.map((action) => String(action['Name']))] as const);
    expect(names.map(([name]) => name)).toEqual([
      'Source',
      'Build',
      'UpdatePipeline',
      'Assets',
      'dev',
      'prod-approval',
      'prod',
    ]);
    expect(new Map(names).get('Build')).toEqual(['Test', 'Synth']);
    expect(new Map(names).get('prod-approval')).toEqual(['Review', 'Approve']);
    expect(new Map(names).get('prod')?.at(-1)).toBe('Probe');
  });

  test('takes back what was delivered when it fails, but nothing when somebody refuses', () => {
    const back = stages.filter(({ OnFailure }) => JSON.stringify(OnFailure) === '{"Result":"ROLLBACK"}');
    expect(back.map(({ Name }) => Name)).toEqual(['dev', 'prod']);
    expect(pipeline!.Properties!['PipelineType']).toBe('V2');
  });

  test('runs the programs that the checkout pins', () => {
    for (const step of ['BuildTest', 'BuildSynth', 'Review']) expect(buildspec(step)).toContain('"nodejs": "20"');
    expect(buildspec('SelfMutation')).toContain('npm install -g aws-cdk@2.1148.1');
    expect(buildspec('BuildTest')).toContain('bash .ci/run');
    expect(buildspec('BuildSynth')).toContain('npx cdk synth --quiet -c environment=pipeline');
  });

  test('has a price for each of its parts, or they are free', () => {
    const types = stacks.flatMap(({ template: each }) => resourcesOf(each).map(({ Type }) => Type));
    expect([...new Set(types)].filter((type) => !(type in RULES) && !isFree(type))).toEqual([]);
  });

  test('shows who approves the difference and the cost', () => {
    const approve = stages.find(({ Name }) => Name === 'prod-approval')!.Actions[1]!;
    expect(approve['Configuration']).toEqual({
      CustomData:
        '#{prod-approval@Review.CHANGES}. #{prod-approval@Review.COST}. All of it: #{prod-approval@Review.REVIEW_LOG}',
      ExternalEntityLink: '#{prod-approval@Review.REVIEW_LOG}',
    });
  });

  test('may take the roles of lookups and probes, each by its name, in the account that they are in', () => {
    const assumed = resourcesOf(template, 'AWS::IAM::Policy')
      .filter(({ id }) => /Review|Proberprod/.test(id))
      .map(({ Properties }) => JSON.stringify(Properties));
    expect(assumed).toHaveLength(2);
    for (const region of ['us-east-2', 'eu-west-1']) {
      expect(assumed.join()).toContain(`${OTHER_ACCOUNT}:role/tablesleuth-prod-probe-${region}`);
      expect(assumed.join()).toContain(`${OTHER_ACCOUNT}:role/cdk-hnb659fds-lookup-role-${OTHER_ACCOUNT}-${region}`);
    }
  });

  test('lets no one but its own role probe, and the probe send one document to its own hosts alone', () => {
    const delivery = stacks.find(({ name }) => name === 'TablesleuthDelivery-prod-eu-west-1')!.template;
    const [role] = resourcesOf(delivery, 'AWS::IAM::Role');
    expect(role?.Properties?.['RoleName']).toBe('tablesleuth-prod-probe-eu-west-1');
    const trust = JSON.stringify(role?.Properties?.['AssumeRolePolicyDocument']);
    expect(trust).toContain(`iam::${ACCOUNT}:role/tablesleuth-pipeline-prod-probe`);
    const policy = JSON.stringify(resourcesOf(delivery, 'AWS::IAM::ManagedPolicy'));
    expect(policy).toContain('"ssm:resourceTag/tablesleuth:environment":"prod"');
    expect(policy).not.toContain('AWS-RunShellScript');
  });

  test('delivers the stacks that are deployed without it; only names that are paths begin with the stage', () => {
    for (const { settings } of pipelineSettings().stages) {
      for (const stack of synthesize(settings).synthesis.stacks) {
        const inStage = stacks.find(({ name }) => name === stack.name)!;
        expect([stack.name, withoutPaths(inStage)]).toEqual([stack.name, withoutPaths(stack)]);
      }
    }
  });
});

/** The path of a construct says that it is in a stage; no resource is another one for it. */
function withoutPaths({ template, tags }: SynthesizedStack): [TemplateDocument, unknown] {
  const text = JSON.stringify(template, (key, value: unknown) =>
    key === 'aws:cdk:path' ? undefined : value,
  ).replaceAll(/"\w+\/(Tablesleuth\w+-)/g, '"$1');
  return [JSON.parse(text) as TemplateDocument, tags];
}
