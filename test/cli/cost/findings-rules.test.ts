import { describe, expect, test } from 'vitest';
import { charged, of } from './priced-templates';

describe('the findings service', () => {
  const instance = (MinCapacity?: number) =>
    charged(of('AWS::RDS::DBInstance', { DBInstanceClass: 'db.serverless', DBClusterIdentifier: { Ref: 'Cluster' } }), {
      Cluster: of('AWS::RDS::DBCluster', { ServerlessV2ScalingConfiguration: { MinCapacity } }),
    });

  test('pays for the capacity that its database comes down to, which is nothing where it pauses', () => {
    expect(instance(0)).toEqual([['auroraUnit', 20]]);
    expect(instance(0.5)).toContainEqual(['auroraUnit', 365]);
  });

  test('has a database of unknown price where nothing says how small it gets, or it is not serverless', () => {
    expect(instance()).toContainEqual(expect.objectContaining({ kind: 'unknown' }));
    const other = of('AWS::RDS::DBInstance', { DBInstanceClass: 'db.r8g.large' });
    expect(charged(other)).toContainEqual(expect.objectContaining({ kind: 'unknown' }));
  });

  test('pays for the password that Amazon RDS keeps, which is in no template', () => {
    expect(charged(of('AWS::RDS::DBCluster', { ManageMasterUserPassword: true }))).toContainEqual(['secret', 1]);
    expect(charged(of('AWS::RDS::DBCluster'))).not.toContainEqual(['secret', 1]);
  });

  test('pays for what its database holds, and for the pages that it reads and writes', () => {
    expect(charged(of('AWS::RDS::DBCluster'))).toEqual([
      ['auroraGb', 5],
      ['auroraRequests', 1],
    ]);
  });

  const workers = (CpuArchitecture: string, DesiredCount = 1) =>
    charged(of('AWS::ECS::Service', { DesiredCount, TaskDefinition: { Ref: 'Task' } }), {
      Task: of('AWS::ECS::TaskDefinition', { Cpu: '256', Memory: '512', RuntimePlatform: { CpuArchitecture } }),
    });

  test('pays for workers by processor and memory, those that always run and those that come and go', () => {
    expect(workers('ARM64')).toEqual([
      ['fargateVcpu', 182.5],
      ['fargateGb', 365],
      ['fargateVcpu', 2.5],
      ['fargateGb', 5],
    ]);
    expect(workers('ARM64', 0)).toEqual([
      ['fargateVcpu', 2.5],
      ['fargateGb', 5],
    ]);
  });

  test('has workers of unknown price on another architecture', () => {
    expect(workers('X86_64')).toEqual([expect.objectContaining({ kind: 'unknown' })]);
  });

  test('pays for requests to its API', () => {
    expect(charged(of('AWS::ApiGateway::RestApi'))).toEqual([['apiRequests', 0.01]]);
  });
});
