import { describe, expect, test } from 'vitest';
import { AlertTopic, SweepNotices } from '../../../src';
import { templateOf } from '../../support/synthesis';
import { propertiesOf } from '../../support/template';

const QUEUE = 'arn:aws:batch:us-east-2:111122223333:job-queue/sweep';

describe('notices of sweeps', () => {
  const template = templateOf((stack) => {
    new SweepNotices(stack, 'Notices', { alerts: new AlertTopic(stack, 'Alerts'), queueArn: QUEUE });
  });
  const rule = propertiesOf(template, 'AWS::Events::Rule');

  test('tell of jobs of this queue that failed, once for an array', () => {
    expect(rule.EventPattern).toEqual({
      source: ['aws.batch'],
      'detail-type': ['Batch Job State Change'],
      detail: { jobQueue: [QUEUE], status: ['FAILED'], arrayProperties: { index: [{ exists: false }] } },
    });
  });

  test('say which job, and why', () => {
    const [target] = rule.Targets as Array<{ InputTransformer: { InputTemplate: string } }>;
    expect(target?.InputTransformer.InputTemplate).toMatch(/The job <name> \(<job>\) .* failed: <reason>/);
  });
});
