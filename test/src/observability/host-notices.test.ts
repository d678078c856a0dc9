import { expect, test } from 'vitest';
import { AlertTopic, HostNotices } from '../../../src';
import { statementsOf } from '../../support/iam';
import { templateOf } from '../../support/synthesis';
import { plain, resourcesOf, type TemplateDocument } from '../../support/template';

const notices = (spot?: boolean) =>
  templateOf((stack) => {
    new HostNotices(stack, 'Notices', { alerts: new AlertTopic(stack, 'Alerts'), environmentName: 'dev', spot });
  });
const template = notices(true);

interface Rule {
  readonly EventPattern: Record<string, unknown>;
  readonly Targets: Array<{ Arn: string; InputTransformer: { InputTemplate: string } }>;
}

const rulesOf = (document: TemplateDocument) =>
  resourcesOf(document, 'AWS::Events::Rule').map(({ Properties }) => plain(document, Properties) as Rule);

test('tells what hosts of its own workbench say of themselves', () => {
  const [own, ...more] = rulesOf(notices());
  expect(more).toEqual([]);
  expect(own?.EventPattern).toEqual({ source: ['tablesleuth.host'], detail: { environment: ['dev'] } });
  expect(own?.Targets[0]?.InputTransformer.InputTemplate).toContain('<what>: instance <instance> of tablesleuth-dev');
});

test('of spot hosts tells of interruptions and of recommendations to move, with the instance and the workbench', () => {
  const { EventPattern, Targets } = rulesOf(template).find(
    ({ EventPattern: { source } }) => source !== undefined && JSON.stringify(source).includes('aws.ec2'),
  )!;
  expect(EventPattern).toEqual({
    source: ['aws.ec2'],
    'detail-type': ['EC2 Spot Instance Interruption Warning', 'EC2 Instance Rebalance Recommendation'],
  });
  expect(Targets).toHaveLength(1);
  expect(Targets[0]?.Arn).toMatch(/^<Alerts/);
  expect(Targets[0]?.InputTransformer.InputTemplate).toContain('instance <instance> in <region> (tablesleuth-dev)');
});

test('publishes with a role that may do that on the one topic, with the one key, and nothing else', () => {
  const allowed = statementsOf(template).map(({ actions, resources }) => [...actions, ...resources]);
  expect(allowed).toEqual([
    ['sns:Publish', expect.stringMatching(/^<Alerts\w+>$/)],
    ['kms:Decrypt', 'kms:GenerateDataKey', expect.stringMatching(/^<AlertsKey\w+\.Arn>$/)],
  ]);
});
