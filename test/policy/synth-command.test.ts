import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { scratchFolder } from '../support/scratch';
import { PROJECT } from '../support/synthesis';

const CDK = require.resolve('aws-cdk/bin/cdk');

/** Runs `cdk synth` in the project as a person without AWS credentials does. */
function cdkSynth(...args: string[]): { code: number | null; output: string } {
  const home = scratchFolder();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [CDK, 'synth', '--quiet', '--no-notices', '--no-color', '--output', scratchFolder(), ...args],
    {
      cwd: PROJECT,
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        HOME: home,
        AWS_CONFIG_FILE: `${home}/config`,
        AWS_SHARED_CREDENTIALS_FILE: `${home}/credentials`,
        AWS_EC2_METADATA_DISABLED: 'true',
        CDK_DISABLE_CLI_TELEMETRY: 'true',
      },
    },
  );
  return { code: status, output: `${stdout}${stderr}` };
}

describe('cdk synth', () => {
  test('of the project succeeds, and warns of nothing', () => {
    const { code, output } = cdkSynth('-c', 'environment=dev');
    expect({ code, output }).toEqual({ code: 0, output: expect.not.stringMatching(/warning|error/i) as unknown });
  });

  test('of an app with an unsafe bucket fails with exit code 1, and names the bucket and the rules', () => {
    const { code, output } = cdkSynth(
      '--app',
      'node --require ./app/typescript.cjs test/policy/fixtures/unsafe-app.ts',
    );
    expect(code).toBe(1);
    expect(output).toContain('Unsafe/Bucket');
    expect(output).toContain('AwsSolutions-S1');
    expect(output).toContain('the bucket has no encryption: set its encryption property');
  });
});
