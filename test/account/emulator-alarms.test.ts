import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEmulatedAccount, type EmulatedAccount } from '../../emulator/account';
import { alarmStates, putFigures, untilAlarm } from './fixtures/cloudwatch';
import { type Resources, SmallStack } from './fixtures/small-stack';

const TREATMENTS = ['breaching', 'notBreaching', 'ignore', 'missing'];
const METRIC = { namespace: 'Lake', name: 'Depth', dimensions: { Shore: 'north' } };
const stateDirectory = mkdtempSync(path.join(tmpdir(), 'emulated-account-'));
let account: EmulatedAccount;

const alarm = (treatment: string) => ({
  Type: 'AWS::CloudWatch::Alarm',
  Properties: {
    AlarmName: treatment,
    Namespace: METRIC.namespace,
    MetricName: METRIC.name,
    Dimensions: [{ Name: 'Shore', Value: 'north' }],
    Statistic: 'Average',
    ComparisonOperator: 'GreaterThanThreshold',
    Threshold: 10,
    Period: 60,
    EvaluationPeriods: 3,
    TreatMissingData: treatment,
  },
});

beforeAll(async () => {
  account = await startEmulatedAccount({ stateDirectory });
  const resources: Resources = Object.fromEntries(TREATMENTS.map((treatment) => [treatment, alarm(treatment)]));
  expect((await new SmallStack(account, 'alarms').create(resources)).status).toBe('CREATE_COMPLETE');
});

afterAll(async () => {
  await account?.stop();
  rmSync(stateDirectory, { recursive: true, force: true });
});

test('an alarm without any data is in the state that its treatment of missing data says', async () => {
  await untilAlarm(account, 'notBreaching', 'OK');
  expect(await alarmStates(account)).toEqual({
    breaching: 'ALARM',
    notBreaching: 'OK',
    ignore: 'INSUFFICIENT_DATA',
    missing: 'INSUFFICIENT_DATA',
  });
});

test('figures with other dimensions, more of them or fewer, are another metric', async () => {
  for (const dimensions of [{ Shore: 'south' }, { Shore: 'north', Boat: 'a' }, {}] as Array<Record<string, string>>) {
    await putFigures(account, { ...METRIC, dimensions }, [20, 20, 20]);
  }
  expect(await alarmStates(account)).toMatchObject({ notBreaching: 'OK', missing: 'INSUFFICIENT_DATA' });
});

test('one high period of three with gaps is an alarm only where gaps count as breaching', async () => {
  await putFigures(account, METRIC, [20]);
  expect(await alarmStates(account)).toMatchObject({ breaching: 'ALARM', notBreaching: 'OK' });
});

test('three high periods are an alarm, whatever missing data would be', async () => {
  await putFigures(account, METRIC, [20, 20, 20]);
  expect(await alarmStates(account)).toEqual(Object.fromEntries(TREATMENTS.map((each) => [each, 'ALARM'])));
});

test('a period is one figure: its average', async () => {
  await putFigures(account, METRIC, [-100]);
  expect(await alarmStates(account)).toEqual(Object.fromEntries(TREATMENTS.map((each) => [each, 'OK'])));
});
