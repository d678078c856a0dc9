import { describe, expect, test } from 'vitest';
import type { GivenSettings } from '../../app/settings/schema';
import { synthesize } from '../support/synthesis';
import { resourcesOf } from '../support/template';

const ALARMS = { email: 'team@example.com' };

/** Nothing else of the operations stack. */
const NO_ROTATION: GivenSettings = { gizmosql: { rotationDays: false } };

const typesOf = (settings: GivenSettings) =>
  new Set(resourcesOf(synthesize({ ...NO_ROTATION, ...settings }).operations).map(({ Type }) => Type));

describe('the operations stack', () => {
  test('has one resource that is nothing and costs nothing when nothing is switched on', () => {
    expect(typesOf({ alarms: false, dashboard: false })).toEqual(new Set(['AWS::CloudFormation::WaitConditionHandle']));
  });

  test('comes after the hosts, and locks no value of theirs', () => {
    const { stacks } = synthesize({ dashboard: true }).synthesis;
    const operations = stacks.find(({ name }) => name === 'TablesleuthOperations-dev');
    expect(operations?.dependsOn).toEqual(['TablesleuthWorkbench-dev']);
  });

  test('has a dashboard and nothing else when that alone is on', () => {
    expect(typesOf({ dashboard: true })).toEqual(new Set(['AWS::CloudWatch::Dashboard']));
  });

  test('has alarms and their topic, and no dashboard, when those alone are on', () => {
    expect(typesOf({ alarms: ALARMS })).toEqual(
      new Set([
        'AWS::CloudWatch::Alarm',
        'AWS::CloudWatch::CompositeAlarm',
        'AWS::Events::Rule',
        'AWS::IAM::ManagedPolicy',
        'AWS::IAM::Role',
        'AWS::SNS::Subscription',
        'AWS::SNS::Topic',
        'AWS::SNS::TopicPolicy',
      ]),
    );
  });

  test('tells of EC2’s own notices when hosts are spot instances, and else of the hosts’ alone', () => {
    const rules = (settings: GivenSettings) =>
      resourcesOf(synthesize({ ...NO_ROTATION, alarms: ALARMS, ...settings }).operations, 'AWS::Events::Rule');
    expect(rules({})).toHaveLength(1);
    expect(rules({ useSpot: true })).toHaveLength(2);
  });

  test('changes nothing of the stacks before it, but who may use the key for alerts, and that hosts send metrics', () => {
    const off = synthesize({});
    const on = synthesize({ alarms: ALARMS, dashboard: true });
    const sending = JSON.stringify(on.workbench);
    expect(sending).toContain('HOST_METRICS=\\"true\\"');
    expect(sending.replace('HOST_METRICS=\\"true\\"', 'HOST_METRICS=\\"false\\"')).toBe(JSON.stringify(off.workbench));
    expect(on.network).toEqual(off.network);
    const statement = /,\{"Action":\["kms:Decrypt","kms:GenerateDataKey"\][^]*?"Sid":"AlarmsOfThisAccount"\}/;
    expect(JSON.stringify(on.data)).toMatch(statement);
    expect(JSON.stringify(on.data).replace(statement, '')).toBe(JSON.stringify(off.data));
  });
});
