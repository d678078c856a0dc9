import type { EmulatedAccount } from '../emulator/account';
import { runCdk } from '../emulator/cdk';

/** Ends the demo with a message that needs no stack. */
export class DemoError extends Error {}

export interface DeployOptions {
  readonly environment: string;
  /** Settings as `-c` takes them. */
  readonly context: readonly string[];
  /** Where the synthesized templates go. */
  readonly output: string;
  readonly onLine: (line: string) => void;
}

/** `cdk deploy --all` of an environment; throws what the CLI said last when it fails. */
export async function deploy(account: EmulatedAccount, options: DeployOptions): Promise<void> {
  const context = [`environment=${options.environment}`, ...options.context].flatMap((each) => ['-c', each]);
  const flags = ['--all', '--concurrency', '3', '--require-approval', 'never', '--output', options.output];
  const { exitCode, output } = await runCdk(account, ['deploy', ...flags, ...context], {
    onLine: options.onLine,
    env: { CDK_VALIDATION: 'false' },
  });
  if (exitCode !== 0) {
    throw new DemoError(`The deployment failed. What the CDK CLI said last:\n${tail(output)}`);
  }
}

/** Of the CDK CLI's lines those that tell how far it is. */
export function landmarks(tell: (line: string) => void): (line: string) => void {
  return (line) => {
    if (/^( *✅|Tablesleuth\S+: deploying)|_FAILED|ROLLBACK/.test(line)) tell(line.trim());
  };
}

function tail(output: string): string {
  return output.split('\n').slice(-25).join('\n');
}
