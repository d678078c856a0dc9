import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type EmulatedAccount, startEmulatedAccount } from '../../emulator/account';
import { bootstrap, type CdkResult, runCdk } from '../../emulator/cdk';
import { commandsOf, runStep } from './fixtures/build-steps';
import { whereMachinesRun } from './fixtures/machines';
import { queryApi } from './fixtures/query-api';

const STATE = path.join('.cache', 'test-accounts', 'pipeline');
const OUT = path.join(STATE, 'cdk.out');
const TEMPLATE = path.join(OUT, 'TablesleuthPipeline.template.json');
const CONNECTION = 'arn:aws:codeconnections:us-east-2:000000000000:connection/12345678-1234-1234-1234-123456789012';
const QUICKLY = { PROBE_PAUSE: '1' };

/** CodePipeline itself is a record here: its steps' own commands are run, and its stages deployed by the CDK CLI. */
describe('a pipeline in an emulated account', { concurrent: false }, () => {
  let account: EmulatedAccount;
  const cdk = (...args: string[]): Promise<CdkResult> =>
    runCdk(account, [...args, '-c', `dev=${STATE}/dev.yaml`, '-c', `pipeline=${STATE}/pipeline.yaml`], {
      env: { CDK_VALIDATION: 'false' },
    });
  const deploy = (...args: string[]) => cdk('deploy', '--require-approval', 'never', '--concurrency', '3', ...args);

  whereMachinesRun(async () => {
    account = await startEmulatedAccount({ stateDirectory: STATE, machines: true });
    await bootstrap(account);
    const [version, sha256] = (account.machines?.gizmosqlSettings ?? []).map((each) => each.split('=')[1]);
    const gizmosql = version === undefined ? {} : { gizmosql: { version, sha256 } };
    const stages = [{ environment: 'dev' }, { environment: 'prod', approval: true }];
    const pipeline = { repository: 'my-team/tablesleuth-cdk', connectionArn: CONNECTION, watchMinutes: 0, stages };
    mkdirSync(STATE, { recursive: true });
    writeFileSync(path.join(STATE, 'dev.yaml'), JSON.stringify({ region: 'us-east-2', ...gizmosql }));
    writeFileSync(path.join(STATE, 'pipeline.yaml'), JSON.stringify(pipeline));
    const { exitCode, output } = await cdk('synth', '--quiet', '-c', 'environment=pipeline', '--output', OUT);
    expect(exitCode, output).toBe(0);
  });
  afterAll(() => account?.stop());

  test('is deployed by the CDK CLI, as it changes itself', async () => {
    const { exitCode, output } = await deploy('--app', OUT, 'TablesleuthPipeline');
    expect(exitCode, output).toBe(0);
  });

  test('shows who approves what changes and what it costs', async () => {
    const review = commandsOf(TEMPLATE, /prodapprovalReview/).filter((command) => !/npm ci|ln -s/.test(command));
    const shown = [...review, 'echo "shown: $CHANGES. $COST. $REVIEW_LOG"'].map((command) =>
      command.replaceAll('cdk.out/', `${OUT}/`).replaceAll(/(difference|cost)\.txt/g, `${STATE}/$1.txt`),
    );
    const { code, output } = await runStep(account, shown, { CODEBUILD_BUILD_URL: 'https://build' });
    expect(code, output).toBe(0);
    expect(output).toMatch(/shown: Number of stacks with differences: [1-9]\. prod on AWS: \$\d+.*\. https:\/\/build/);
    expect(output).toContain('[+] AWS::KMS::Key');
  });

  test(
    'delivers a stage, which the CDK CLI can do as well, and finds its host healthy',
    { timeout: 300_000 },
    async () => {
      const { exitCode, output } = await deploy('--app', path.join(OUT, 'assembly-dev'), '--all');
      expect(exitCode, output).toBe(0);
      const probe = await runStep(account, commandsOf(TEMPLATE, /devProbe/), QUICKLY);
      expect(probe.output).toMatch(/us-east-2 i-\w+: Success: .*"healthy": ?true/);
      expect(probe.output).toContain('no alarm is on');
      expect(probe.code, probe.output).toBe(0);
    },
  );

  test('fails a delivery after which an alarm is on', async () => {
    await queryApi(account, 'monitoring', 'PutMetricAlarm', {
      AlarmName: 'tablesleuth-dev-Example',
      Namespace: 'CWAgent',
      MetricName: 'nothing_sends_this',
      Statistic: 'Sum',
      Period: '60',
      EvaluationPeriods: '1',
      Threshold: '1',
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
      'AlarmActions.member.1': 'arn:aws:sns:us-east-2:000000000000:somebody',
    });
    await expect
      .poll(async () => (await runStep(account, commandsOf(TEMPLATE, /devProbe/), QUICKLY)).output, { timeout: 30_000 })
      .toContain('alarms that are on: tablesleuth-dev-Example');
    expect((await runStep(account, commandsOf(TEMPLATE, /devProbe/), QUICKLY)).code).toBe(1);
  });
});
