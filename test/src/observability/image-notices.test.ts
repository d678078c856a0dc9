import { describe, expect, test } from 'vitest';
import { AlertTopic, ImageNotices } from '../../../src';
import { ACCOUNT, REGION, templateOf } from '../../support/synthesis';
import { resourceOf, textOf } from '../../support/template';

describe('notices of images', () => {
  const template = templateOf((stack) => {
    new ImageNotices(stack, 'Notices', { alerts: new AlertTopic(stack, 'Alerts'), pipelineName: 'Dev' });
  });
  const { Properties = {} } = resourceOf(template, 'AWS::Events::Rule');
  const pattern = Properties.EventPattern as { resources: Array<{ prefix: unknown }> };

  test('tell of builds of this pipeline that failed, and of no other', () => {
    expect(pattern).toMatchObject({
      source: ['aws.imagebuilder'],
      'detail-type': ['EC2 Image Builder Image State Change'],
      detail: { state: { status: ['FAILED'] } },
    });
    // Image Builder writes names in small letters.
    expect(textOf(template, pattern.resources[0]?.prefix)).toBe(
      `arn:aws:imagebuilder:${REGION}:${ACCOUNT}:image/tablesleuth-dev/`,
    );
  });

  test('say why, and that hosts go on', () => {
    const [target] = Properties.Targets as Array<{ InputTransformer: { InputTemplate: string } }>;
    expect(target?.InputTransformer.InputTemplate).toMatch(/failed after <after>: <reason>\. Hosts go on/);
  });
});
