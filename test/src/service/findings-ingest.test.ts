import { Bucket } from 'aws-cdk-lib/aws-s3';
import { describe, expect, test } from 'vitest';
import { FindingsIngest, type FindingsIngestProps } from '../../../src';
import { servicePartsIn } from '../../support/findings-service';
import { templateOf } from '../../support/synthesis';
import { propertiesOf, resourcesOf } from '../../support/template';

const templateWith = (props: Partial<FindingsIngestProps> = {}, natGateways = 0) =>
  templateOf((stack) => {
    const bucket = Bucket.fromBucketName(stack, 'Findings', 'findings-of-tables');
    new FindingsIngest(stack, 'Ingest', { ...servicePartsIn(stack, { natGateways }), bucket, ...props });
  });

describe('fails, and says what is wanted:', () => {
  test.each<[Partial<FindingsIngestProps>, string]>([
    [{ minWorkers: -1 }, 'Test/Ingest: minWorkers is -1, expected a whole number, at least 0'],
    [{ maxWorkers: 0 }, 'Test/Ingest: maxWorkers is 0, expected a whole number, at least 1'],
    [{ minWorkers: 5 }, 'Test/Ingest: maxWorkers is 4, expected a whole number, at least 5'],
  ])('%o', (props, message) => {
    expect(() => templateWith(props)).toThrow(message);
  });
});

describe('the workers', () => {
  const template = templateWith();

  test('are none while nothing arrives, and at most four', () => {
    expect(propertiesOf(template, 'AWS::ECS::Service')).toMatchObject({ DesiredCount: 0 });
    expect(propertiesOf(template, 'AWS::ApplicationAutoScaling::ScalableTarget')).toMatchObject({
      MinCapacity: 0,
      MaxCapacity: 4,
    });
  });

  test('grow with the queue, and go when it is empty', () => {
    const policies = resourcesOf(template, 'AWS::ApplicationAutoScaling::ScalingPolicy').map(
      ({ Properties }) =>
        (Properties?.StepScalingPolicyConfiguration as { StepAdjustments: Array<{ ScalingAdjustment: number }> })
          .StepAdjustments,
    );
    const steps = policies.map((adjustments) => adjustments.map(({ ScalingAdjustment }) => ScalingAdjustment));
    expect(steps).toEqual([[0], [1, 2, 4]]);
  });

  test('write nowhere, have two minutes to stop, and no secret in their environment', () => {
    const { ContainerDefinitions, RuntimePlatform } = propertiesOf(template, 'AWS::ECS::TaskDefinition');
    const [worker] = ContainerDefinitions as [{ Environment: Array<{ Name: string }>; Secrets?: unknown }];
    expect(worker).toMatchObject({ ReadonlyRootFilesystem: true, StopTimeout: 120 });
    expect(worker.Environment.map(({ Name }) => Name).sort()).toEqual(
      ['DB_HOST', 'DB_NAME', 'DB_PORT', 'DB_USER', 'LOG_BUCKET', 'QUEUE_URL'].sort(),
    );
    expect(worker.Secrets).toBeUndefined();
    expect(RuntimePlatform).toMatchObject({ CpuArchitecture: 'ARM64' });
  });

  test.each([
    [0, 'ENABLED'],
    [1, 'DISABLED'],
  ])('with %s NAT gateways have addresses of their own: %s', (natGateways, AssignPublicIp) => {
    expect(propertiesOf(templateWith({}, natGateways), 'AWS::ECS::Service')).toMatchObject({
      NetworkConfiguration: { AwsvpcConfiguration: { AssignPublicIp } },
    });
  });
});
