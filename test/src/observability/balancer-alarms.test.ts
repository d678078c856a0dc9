import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, test } from 'vitest';
import { BalancerAlarms, type BalancerAlarmsProps } from '../../../src';
import { templateOf } from '../../support/synthesis';
import { resourcesOf } from '../../support/template';

const NAMES = { loadBalancerFullName: 'app/balancer/0123', targetGroupFullName: 'targetgroup/hosts/4567' };

const alarmsOf = (props: Pick<BalancerAlarmsProps, 'stopsOnPurpose'> = {}) => {
  const template = templateOf((stack) => {
    const topic = new Topic(stack, 'Topic');
    new BalancerAlarms(stack, 'Balancer', { environmentName: 'dev', topic, ...NAMES, ...props });
  });
  const alarms = resourcesOf(template, 'AWS::CloudWatch::Alarm').map(({ Properties }) => Properties!);
  return new Map(alarms.map((properties) => [properties['AlarmName'], properties]));
};

test.each<[string, object]>([
  ['TargetUnhealthy', { Statistic: 'Maximum', Period: 60, EvaluationPeriods: 5, Threshold: 1 }],
  ['TargetErrors', { Statistic: 'Sum', Period: 300, EvaluationPeriods: 1, Threshold: 10 }],
  ['TargetConnectionErrors', { Statistic: 'Sum', Period: 300, EvaluationPeriods: 1, Threshold: 10 }],
  ['BalancerErrors', { Statistic: 'Sum', Period: 300, EvaluationPeriods: 1, Threshold: 10 }],
])('%s has its threshold and periods', (id, expected) => {
  expect(alarmsOf().get(`tablesleuth-dev-${id}`)).toMatchObject({
    ...expected,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
  });
});

test('no figure is no fault, and each says so, and tells the topic', () => {
  const alarms = [...alarmsOf().values()];
  expect(alarms).toHaveLength(4);
  for (const { TreatMissingData, AlarmDescription, AlarmActions } of alarms) {
    expect(TreatMissingData).toBe('notBreaching');
    expect(AlarmDescription).toMatch(/Missing data is not breaching: \w/);
    expect(AlarmActions).toHaveLength(1);
  }
});

describe('by the dimensions that AWS documents', () => {
  const LoadBalancer = { Name: 'LoadBalancer', Value: NAMES.loadBalancerFullName };
  const TargetGroup = { Name: 'TargetGroup', Value: NAMES.targetGroupFullName };

  test('a figure of hosts names both, one of the load balancer itself alone', () => {
    const of = (id: string) => alarmsOf().get(`tablesleuth-dev-${id}`)?.['Dimensions'];
    expect(of('TargetUnhealthy')).toEqual([LoadBalancer, TargetGroup]);
    expect(of('BalancerErrors')).toEqual([LoadBalancer]);
  });
});

test('errors of the load balancer itself are no alarm where there is no host at times on purpose', () => {
  const names = [...alarmsOf({ stopsOnPurpose: true }).keys()];
  expect(names).toEqual(
    ['TargetUnhealthy', 'TargetErrors', 'TargetConnectionErrors'].map((id) => `tablesleuth-dev-${id}`),
  );
});
