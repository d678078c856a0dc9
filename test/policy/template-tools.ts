import { execFile } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { basename, join } from 'node:path';
import { policyTool } from './prepare.mjs';

/** What a tool from outside says about a resource of a template. */
export interface ToolFinding {
  readonly rule: string;
  /** The name of the template's file. */
  readonly file: string;
  /** The logical id of the resource. */
  readonly resource: string;
}

interface CfnLintMatch {
  readonly Filename: string;
  readonly Rule: { readonly Id: string };
  readonly Location: { readonly Path: readonly string[] | null };
}

interface CheckovReport {
  readonly results: {
    readonly failed_checks: ReadonlyArray<{
      readonly check_id: string;
      readonly file_path: string;
      readonly resource: string;
    }>;
    readonly parsing_errors: readonly string[];
  };
}

interface GuardViolation {
  readonly ruleName: string;
  readonly violatingResources: ReadonlyArray<{ readonly resourceLogicalId?: string; readonly templatePath: string }>;
}

const MAX_OUTPUT = 64 * 1024 * 1024;

/** What cfn-lint says, warnings and advice included. */
export async function runCfnLint(files: readonly string[]): Promise<ToolFinding[]> {
  const output = await outputOf(policyTool('cfn-lint'), ['--format', 'json', '--', ...files]);
  return (JSON.parse(output) as CfnLintMatch[]).map(({ Filename, Rule, Location }) => ({
    rule: Rule.Id,
    file: basename(Filename),
    resource: Location.Path?.[1] ?? '',
  }));
}

/** What checkov says with its own rules for CloudFormation. */
export async function runCheckov(files: readonly string[]): Promise<ToolFinding[]> {
  const options = ['--framework', 'cloudformation', '--skip-download', '--compact', '--output', 'json'];
  const output = await outputOf(policyTool('checkov'), [...options, '--file', ...files]);
  const { results } = JSON.parse(output) as CheckovReport;
  if (results.parsing_errors.length > 0) {
    throw new Error(`checkov cannot read ${results.parsing_errors.join(', ')}`);
  }
  return results.failed_checks.map(({ check_id, file_path, resource }) => ({
    rule: check_id,
    file: basename(file_path),
    resource: resource.split('.').at(-1) ?? '',
  }));
}

/** What cfn-guard says with the rules of AWS Control Tower. */
export async function runCfnGuard(files: readonly string[]): Promise<ToolFinding[]> {
  const output = await outputOf(process.execPath, [join(__dirname, 'cfn-guard.mjs'), ...files]);
  return (JSON.parse(output) as GuardViolation[]).flatMap(({ ruleName, violatingResources }) =>
    violatingResources
      // A rule that fails as a whole is reported twice, once without a resource.
      .filter(({ resourceLogicalId }) => resourceLogicalId !== undefined)
      .map(({ resourceLogicalId, templatePath }) => ({
        rule: ruleName,
        file: basename(templatePath),
        resource: resourceLogicalId ?? '',
      })),
  );
}

/** What a program prints. Tools end with a code of their own when they find something; then they print all the same. */
function outputOf(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { maxBuffer: MAX_OUTPUT }, (error, stdout, stderr) => {
      if (error !== null && stdout === '') {
        reject(new Error(`${basename(program)} failed: ${error.message}\n${stderr}`));
      } else {
        resolve(stdout);
      }
    });
    // Minutes of computing beside tests that hold machines to a time: those first.
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  });
}
