import { CfnBucket } from 'aws-cdk-lib/aws-s3';
import { type App, Stack, Stage } from 'aws-cdk-lib';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, test } from 'vitest';
import { addSecurityChecks } from '../../app/guardrails';
import { addEnvironment } from '../../app/stacks/environment';
import { acknowledge, Pack } from '../../src/private/acknowledge';
import { addExamplePipeline, pipelineSettings } from '../support/pipeline';
import { inspect, staleAcknowledgements } from './inspection';

describe('a pipeline to dev, and to everything in three regions of another account', () => {
  const inspection = inspect(addExamplePipeline);

  test('has no finding and no warning, in the pipeline and in its stages', () => {
    expect(inspection.findings).toEqual([]);
  });

  test('accepts findings one by one, each with a reason', () => {
    const poor = inspection.acknowledgements.filter(({ reason, blanket }) => blanket || reason.split(/\s+/).length < 2);
    expect(poor).toEqual([]);
  });

  test('accepts no finding that is not there', () => {
    expect(staleAcknowledgements(inspection)).toEqual([]);
  });

  test('loses no acknowledgement in a stage: each environment has those that it has alone', () => {
    for (const { settings } of pipelineSettings().stages) {
      const alone = inspect((app) => addEnvironment(app, settings)).acknowledgements;
      const inStage = inspection.acknowledgements
        .filter(({ path }) => path.startsWith(`${settings.environment}/`) && !path.includes('/TablesleuthDelivery-'))
        .map((each) => ({ ...each, path: each.path.replace(/^\w+\//, '') }));
      expect(inStage).toEqual(alone);
    }
  });
});

describe('the guardrails bite in a stage:', () => {
  const rulesIn = (build: (stack: Stack) => void, wire: (stage: Stage) => void = addSecurityChecks) =>
    inspect((app: App) => {
      const stage = new Stage(app, 'stage');
      build(new Stack(stage, 'Bad'));
      wire(stage);
    }).findings.map(({ rule, path }) => `${path}: ${rule}`);

  test('the packs', () => {
    expect(rulesIn((stack) => void new CfnBucket(stack, 'Bucket'))).toEqual(
      expect.arrayContaining([
        'stage/Bad/Bucket: AwsSolutions-S1',
        'stage/Bad/Bucket: PCI.DSS.321-S3BucketLoggingEnabled',
      ]),
    );
  });

  test('the project’s own checks, which CDK does not hand on to a stage by itself', () => {
    const own = (rules: string[]) => rules.filter((rule) => rule.includes('error-annotation'));
    expect(own(rulesIn((stack) => void new CfnBucket(stack, 'Bucket')))).toHaveLength(1);
    expect(
      own(
        rulesIn(
          (stack) => void new CfnBucket(stack, 'Bucket'),
          () => undefined,
        ),
      ),
    ).toEqual([]);
  });

  test('but not where a finding is acknowledged, on that one construct', () => {
    const rules = rulesIn((stack) => {
      const [accepted, refused] = ['Accepted', 'Refused'].map((id) => new Topic(stack, id));
      acknowledge(accepted!, [Pack.AWS_SOLUTIONS], 'SNS3', 'It is only an example for a test');
      expect(refused).toBeDefined();
    });
    expect(rules.filter((rule) => rule.endsWith('AwsSolutions-SNS3'))).toEqual([
      'stage/Bad/Refused/Resource: AwsSolutions-SNS3',
    ]);
  });
});
