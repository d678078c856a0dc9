import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type App, CfnResource, Stack, Validations } from 'aws-cdk-lib';
import { FAIL_SYNTH_ON_VALIDATION_ERRORS_CONTEXT, VALIDATION_REPORT_FILE } from 'aws-cdk-lib/cx-api';
import {
  AwsSolutionsChecks,
  HIPAASecurityChecks,
  type NagPack,
  NIST80053R5Checks,
  PCIDSS321Checks,
  ServerlessChecks,
} from 'cdk-nag';
import { addGuardrails } from '../../app/guardrails';
import { newApp, type Synthesis, synthesizeApp } from '../support/synthesis';

/** Something that the guardrails of the app say about a construct. */
export interface Finding {
  readonly rule: string;
  /** The construct's path. */
  readonly path: string;
}

/** A finding that the code accepts, with its reason. */
export interface Acknowledgement extends Finding {
  readonly reason: string;
  /** Whether it is on a stack or an app, and so accepts the finding wherever it turns up below. */
  readonly blanket: boolean;
}

/** What the guardrails say about an app that `build` fills. */
export interface Inspection {
  readonly synthesis: Synthesis;
  /** Errors and warnings, as the report of the synthesis has them. */
  readonly findings: readonly Finding[];
  readonly acknowledgements: readonly Acknowledgement[];
}

interface Report {
  readonly pluginReports: ReadonlyArray<{
    readonly violations: ReadonlyArray<{
      readonly ruleName: string;
      readonly violatingConstructs?: ReadonlyArray<{ readonly constructPath?: string }>;
      readonly suppressed?: unknown;
    }>;
  }>;
}

/** Synthesizes an app with all guardrails and reads their report, instead of failing as `cdk synth` does. */
export function inspect(build: (app: App) => void): Inspection {
  const app = newApp({ [FAIL_SYNTH_ON_VALIDATION_ERRORS_CONTEXT]: false });
  build(app);
  addGuardrails(app);
  const synthesis = synthesizeApp(app);
  const report = JSON.parse(readFileSync(join(synthesis.directory, VALIDATION_REPORT_FILE), 'utf8')) as Report;
  return { synthesis, findings: findingsIn(report), acknowledgements: acknowledgementsIn(app) };
}

function findingsIn({ pluginReports }: Report): Finding[] {
  return pluginReports
    .flatMap(({ violations }) => violations)
    .flatMap(({ ruleName, violatingConstructs = [{}] }) =>
      violatingConstructs.map(({ constructPath }) => ({ rule: ruleName, path: constructPath ?? '' })),
    );
}

function acknowledgementsIn(app: App): Acknowledgement[] {
  return app.node.findAll().flatMap((construct) =>
    construct.node.metadata
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) => Object.entries(data as Record<string, string>))
      .map(([rule, reason]) => ({
        rule: rule.replace(/^Annotation::(?!@)/, ''),
        path: construct.node.path,
        reason,
        blanket: construct === app || Stack.isStack(construct),
      })),
  );
}

/** Everything that the rule packs find in an app, as if nothing were acknowledged. */
export function unacknowledgedFindings(app: App): Finding[] {
  const packs: NagPack[] = [
    new AwsSolutionsChecks(),
    new HIPAASecurityChecks(),
    new NIST80053R5Checks(),
    new PCIDSS321Checks(),
    new ServerlessChecks(),
  ];
  return packs.flatMap((pack) => {
    // The packs have no option for this, and only they know their rules.
    Reflect.set(pack, 'isAcknowledged', () => false);
    return pack
      .validateScope(app)
      .violations.flatMap(({ ruleName, violatingResources }) =>
        violatingResources.map(({ constructPath }) => ({ rule: ruleName, path: constructPath ?? '' })),
      );
  });
}

/** Acknowledgements of rule packs' findings that are not there. */
export function staleAcknowledgements({ synthesis, acknowledgements }: Inspection): Acknowledgement[] {
  const findings = unacknowledgedFindings(synthesis.app);
  return acknowledgements
    .filter(({ rule }) => !rule.startsWith('Annotation::'))
    .filter(({ rule, path }) => !findings.some((found) => found.rule === rule && isAtOrBelow(found.path, path)));
}

function isAtOrBelow(path: string, ancestor: string): boolean {
  return path === ancestor || path.startsWith(`${ancestor}/`);
}

/** Resources that rule packs cannot look into, because CDK declares them without a type of their own. */
export function untypedResources(app: App): string[] {
  return app.node
    .findAll()
    .filter((construct) => construct.constructor === CfnResource)
    .map((construct) => (construct as CfnResource).cfnResourceType);
}
