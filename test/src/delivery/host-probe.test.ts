import { Stack } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { DeliveryPipeline, HostProbe } from '../../../src';
import { statementsOf } from '../../support/iam';
import { ACCOUNT, newApp, REGION, templateOf } from '../../support/synthesis';
import { plain, propertiesOf } from '../../support/template';

const PROBER = `arn:aws:iam::${ACCOUNT}:role/tablesleuth-pipeline-dev-probe`;

describe('a probe', () => {
  const template = templateOf((stack) => {
    const proberArn = DeliveryPipeline.proberArn(stack, ACCOUNT, 'dev');
    new HostProbe(stack, 'Probe', { environmentName: 'dev', proberArn });
  });

  test('lets in the one role of the pipeline that probes, by a name that is known before either exists', () => {
    const role = propertiesOf(template, 'AWS::IAM::Role');
    expect(role['RoleName']).toBe(HostProbe.roleName({ environmentName: 'dev', region: REGION }));
    const { Statement } = plain(template, role['AssumeRolePolicyDocument']) as { Statement: unknown[] };
    expect(Statement).toEqual([
      {
        Action: 'sts:AssumeRole',
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
        Condition: { ArnEquals: { 'aws:PrincipalArn': PROBER } },
      },
    ]);
  });

  test('may send one document, whose script is fixed, to the hosts of its environment alone', () => {
    const document = propertiesOf(template, 'AWS::SSM::Document');
    expect(document['Name']).toBe('tablesleuth-dev-probe');
    expect(JSON.stringify(document['Content'])).not.toMatch(/parameters|\{\{/);
    const sends = statementsOf(template).filter(({ actions }) => actions.includes('ssm:SendCommand'));
    const resources = sends.flatMap((statement) => statement.resources);
    expect(resources.filter((arn) => arn.includes(':document/'))).toHaveLength(1);
    const toInstances = sends.find((statement) => statement.resources.some((arn) => arn.includes(':instance/')));
    expect(JSON.stringify(toInstances?.condition)).toContain('"ssm:resourceTag/tablesleuth:environment":"dev"');
  });

  test('may change nothing', () => {
    const actions = statementsOf(template).flatMap((statement) => statement.actions);
    expect(actions.filter((action) => !/:(Describe|Get|SendCommand)/.test(action))).toEqual([]);
  });
});

test('in China the prober has an ARN of China’s own', () => {
  const stack = new Stack(newApp(), 'Test', { env: { account: ACCOUNT, region: 'cn-north-1' } });
  const arn = stack.resolve(DeliveryPipeline.proberArn(stack, ACCOUNT, 'prod')) as unknown;
  expect(arn).toBe(PROBER.replace('arn:aws:', 'arn:aws-cn:').replace('dev', 'prod'));
});
