import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { scratchFolder } from '../support/scratch';
import { addExamplePipeline } from '../support/pipeline';
import { newApp, synthesize, synthesizeApp, type SynthesizedStack } from '../support/synthesis';
import { resourcesOf, type TemplateDocument } from '../support/template';
import { VARIANTS } from '../support/variants';
import { ACCEPTED_GUARD_FINDINGS } from './accepted-guard-findings';
import { preparePolicyTools } from './prepare.mjs';
import { runCfnGuard, runCfnLint, runCheckov, type ToolFinding } from './template-tools';

const PREPARATION = 900_000;
const UNSAFE = 'unsafe.json';

const folder = scratchFolder();

/** Every different template of every variant, by the name of its file. */
const templates = new Map<string, TemplateDocument>();

/**
 * Those that tell tools to accept something on a resource that no template before them had, without that. A stage accepts
 * what its environment does without a pipeline.
 */
const bare = new Map<string, TemplateDocument>();

/** A template that none of the tools may let through. */
const unsafe: TemplateDocument = {
  Resources: {
    Bucket: { Type: 'AWS::S3::Bucket' },
    Instance: { Type: 'AWS::EC2::Instance', Properties: { NoSuchProperty: 1 } },
    Group: {
      Type: 'AWS::EC2::SecurityGroup',
      Properties: {
        GroupDescription: 'open',
        SecurityGroupIngress: [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, CidrIp: '0.0.0.0/0' }],
      },
    },
  },
};

const found: Record<'cfnLint' | 'checkov' | 'cfnGuard', ToolFinding[]> = { cfnLint: [], checkov: [], cfnGuard: [] };

beforeAll(async () => {
  await preparePolicyTools();
  // CDK's own validation judges the same environments in guardrails.test.ts.
  vi.stubEnv('CDK_VALIDATION', 'false');
  collectTemplates();
  vi.unstubAllEnvs();
  const named = [...templates, ...bare, [UNSAFE, unsafe] as const];
  named.forEach(([name, template]) => writeFileSync(join(folder, name), JSON.stringify(template, undefined, 1)));
  const all = named.map(([name]) => join(folder, name));
  const forGuard = [...templates.keys(), UNSAFE].map((name) => join(folder, name));
  [found.cfnLint, found.checkov, found.cfnGuard] = await Promise.all([
    runCfnLint(all),
    runCheckov(all),
    runCfnGuard(forGuard),
  ]);
}, PREPARATION);

function collectTemplates(): void {
  const known = new Set<string>();
  const accepting = new Set<string>();
  const pipeline = stacksOfPipeline();
  const environments = VARIANTS.map(([, settings]) => synthesize(settings).synthesis.stacks);
  for (const [index, stacks] of [...environments, pipeline].entries()) {
    for (const { name, template } of stacks) {
      const text = JSON.stringify(template);
      if (known.has(text)) continue;
      known.add(text);
      templates.set(`${name}.${index}.json`, template);
      const isInStage = stacks === pipeline && !name.startsWith('TablesleuthPipeline');
      const news = acceptances(template).filter((each) => !accepting.has(each));
      if (isInStage || news.length === 0) continue;
      news.forEach((each) => accepting.add(each));
      bare.set(`bare.${name}.${index}.json`, withoutMetadata(template));
    }
  }
}

/** The stack of a pipeline, its buckets in other regions, and the stacks in its stages, of which prod with everything is one. */
function stacksOfPipeline(): readonly SynthesizedStack[] {
  const app = newApp();
  addExamplePipeline(app);
  return synthesizeApp(app).stacks;
}

/** What a template tells tools to accept, and of which of its resources. */
function acceptances(template: TemplateDocument): string[] {
  return resourcesOf(template)
    .map(({ id, Type, Metadata = {} }) => [id, Type, Metadata['cfn-lint'], Metadata['checkov']])
    .filter(([, , ...told]) => told.some((each) => each !== undefined))
    .map((told) => JSON.stringify(told));
}

function withoutMetadata(template: TemplateDocument): TemplateDocument {
  const resources = Object.entries(template.Resources ?? {}).map(([id, { Metadata: _, ...rest }]) => [id, rest]);
  return { ...template, Resources: Object.fromEntries(resources) as TemplateDocument['Resources'] };
}

/** What the templates tell a tool to accept, in the tool's own way. */
function accepted(rulesOf: (metadata: Readonly<Record<string, unknown>>) => string[]): ToolFinding[] {
  return [...templates]
    .map(([file, template]) => [`bare.${file}`, template] as const)
    .filter(([file]) => bare.has(file))
    .flatMap(([file, template]) =>
      resourcesOf(template).flatMap(({ id, Metadata = {} }) =>
        rulesOf(Metadata).map((rule) => ({ rule, file, resource: id })),
      ),
    );
}

const ofOurs = (findings: readonly ToolFinding[]) => findings.filter(({ file }) => templates.has(file));
const ofBare = (findings: readonly ToolFinding[]) => findings.filter(({ file }) => bare.has(file));
const ofUnsafe = (findings: readonly ToolFinding[]) =>
  findings.filter(({ file }) => file === UNSAFE).map(({ rule, resource }) => `${resource}: ${rule}`);
const asText = (findings: readonly ToolFinding[]) =>
  [...new Set(findings.map(({ rule, file, resource }) => `${file} ${resource} ${rule}`))].sort();

describe('cfn-lint', () => {
  const ignored = (metadata: Readonly<Record<string, unknown>>) =>
    (metadata['cfn-lint'] as { config: { ignore_checks: string[] } } | undefined)?.config.ignore_checks ?? [];

  test('finds nothing in any template', () => {
    expect(asText(ofOurs(found.cfnLint))).toEqual([]);
  });

  test('finds exactly what is accepted when the templates do not say that it is', () => {
    expect(asText(ofBare(found.cfnLint))).toEqual(asText(accepted(ignored)));
  });

  test('bites', () => {
    expect(ofUnsafe(found.cfnLint)).toContain('Instance: E3002');
  });
});

describe('checkov', () => {
  const skipped = (metadata: Readonly<Record<string, unknown>>) =>
    ((metadata.checkov as { skip: Array<{ id: string }> } | undefined)?.skip ?? []).map(({ id }) => id);

  test('finds nothing in any template', () => {
    expect(asText(ofOurs(found.checkov))).toEqual([]);
  });

  test('finds exactly what is accepted when the templates do not say that it is', () => {
    expect(asText(ofBare(found.checkov))).toEqual(asText(accepted(skipped)));
  });

  test('bites', () => {
    expect(ofUnsafe(found.checkov)).toEqual(expect.arrayContaining(['Bucket: CKV_AWS_18', 'Group: CKV_AWS_24']));
  });
});

describe('cfn-guard', () => {
  const isAccepted = ({ rule, resource }: ToolFinding) =>
    ACCEPTED_GUARD_FINDINGS.some(
      (each) => each.rule === rule && each.resource === resource.replace(/[0-9A-F]{8}$/, ''),
    );

  test('finds nothing in any template but what its table accepts', () => {
    expect(asText(ofOurs(found.cfnGuard).filter((finding) => !isAccepted(finding)))).toEqual([]);
  });

  test('finds everything that its table accepts', () => {
    const seen = new Set(ofOurs(found.cfnGuard).map(({ rule, resource }) => `${rule} ${resource.slice(0, -8)}`));
    const stale = ACCEPTED_GUARD_FINDINGS.filter(({ rule, resource }) => !seen.has(`${rule} ${resource}`));
    expect(stale.map(({ rule, resource }) => `${rule} ${resource}`)).toEqual([]);
  });

  test('bites', () => {
    expect(ofUnsafe(found.cfnGuard)).toEqual(
      expect.arrayContaining([
        'Bucket: s3_bucket_logging_enabled_check',
        'Group: vpc_sg_restricted_common_ports_check',
      ]),
    );
  });
});
