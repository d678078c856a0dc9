import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Duration, type Stack, TimeZone } from 'aws-cdk-lib';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Key } from 'aws-cdk-lib/aws-kms';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { describe, expect, test } from 'vitest';
import { DataAccess, Sweep, type SweepProps } from '../../../src';
import { statementsOf } from '../../support/iam';
import { ACCOUNT, PROJECT, REGION, templateOf } from '../../support/synthesis';
import { propertiesOf, resourcesOf, type TemplateDocument, textOf } from '../../support/template';

const FINDINGS = 'arn:aws:s3:::findings';
const KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/1234abcd`;

const sweepIn = (stack: Stack, props: Partial<SweepProps> = {}) =>
  new Sweep(stack, 'Sweep', {
    vpc: Vpc.fromVpcAttributes(stack, 'Network', {
      vpcId: 'vpc-1',
      availabilityZones: ['us-east-2a'],
      publicSubnetIds: ['subnet-public'],
    }),
    tables: ['glue:sales'],
    dataAccess: [DataAccess.glueDatabase('sales')],
    findingsBucket: Bucket.fromBucketName(stack, 'Findings', 'findings'),
    encryptionKey: Key.fromKeyArn(stack, 'Key', KEY),
    ...props,
  });
const templateWith = (props?: (stack: Stack) => Partial<SweepProps>) =>
  templateOf((stack) => void sweepIn(stack, props?.(stack)));

interface Definition {
  readonly ContainerProperties: { readonly Command: readonly unknown[]; readonly [name: string]: unknown };
  readonly RetryStrategy: { readonly Attempts: number; readonly EvaluateOnExit: ReadonlyArray<Record<string, string>> };
}

const definition = (template: TemplateDocument, name: 'Planner' | 'Worker'): Definition =>
  resourcesOf(template, 'AWS::Batch::JobDefinition').find(({ id }) => id.includes(name))!
    .Properties as unknown as Definition;
const commandOf = (template: TemplateDocument, name: 'Planner' | 'Worker') =>
  definition(template, name).ContainerProperties.Command.map((part) => textOf(template, part));
/** What a role may do, as `actions on resources`. */
const allowed = (template: TemplateDocument, policy: string) =>
  statementsOf(template)
    .filter((each) => each.policy.includes(policy))
    .map(({ actions, resources }) => `${actions.join(' ')} on ${resources.join(' ')}`)
    .sort();

describe('a sweep with the least properties', () => {
  const template = templateWith();

  test('runs on spot, in up to 16 vCPUs, and lets nothing in', () => {
    expect(propertiesOf(template, 'AWS::Batch::ComputeEnvironment')).toMatchObject({
      Type: 'MANAGED',
      ComputeResources: { Type: 'FARGATE_SPOT', MaxvCpus: 16, Subnets: ['subnet-public'] },
    });
    const { SecurityGroupEgress, SecurityGroupIngress } = propertiesOf(template, 'AWS::EC2::SecurityGroup');
    expect(SecurityGroupEgress).toMatchObject([{ FromPort: 443, ToPort: 443, IpProtocol: 'tcp' }]);
    expect(SecurityGroupIngress).toBeUndefined();
  });

  test('begins every day at 04:00 UTC, with the planner', () => {
    const schedule = propertiesOf(template, 'AWS::Scheduler::Schedule');
    expect(schedule).toMatchObject({ ScheduleExpression: 'cron(0 4 * * ? *)', ScheduleExpressionTimezone: 'Etc/UTC' });
    const { Input } = schedule.Target as { Input: unknown };
    expect(JSON.parse(textOf(template, Input))).toEqual({
      JobName: 'sweep-plan',
      JobQueue: expect.stringMatching(/^<SweepJobsQueue\w+\.JobQueueArn>$/) as string,
      JobDefinition: expect.stringMatching(/^<SweepJobsPlanner\w+>$/) as string,
    });
  });

  test('has a planner that submits the workers, and workers that read the run that they are told', () => {
    expect(commandOf(template, 'Planner')).toEqual([
      'plan',
      '--runs',
      's3://findings/runs',
      '--queue',
      expect.stringMatching(/^<SweepJobsQueue/),
      '--worker',
      expect.stringMatching(/^<SweepJobsWorker/),
      '--tables-a-share',
      '100',
      'glue:sales',
    ]);
    expect(commandOf(template, 'Worker')).toEqual([
      ...['work', '--runs', 's3://findings/runs', '--run', 'Ref::run', '--findings', 's3://findings/findings'],
      ...['--workers', '2'],
    ]);
  });

  test('tries an interruption again, and a program that failed not', () => {
    for (const name of ['Planner', 'Worker'] as const) {
      expect(definition(template, name).RetryStrategy.EvaluateOnExit).toEqual([
        { Action: 'retry', OnStatusReason: 'Your Spot Task was interrupted*' },
        { Action: 'retry', OnExitCode: '75' },
        { Action: 'retry', OnStatusReason: 'Task failed to start*' },
        { Action: 'exit', OnReason: '*' },
      ]);
    }
    const program = readFileSync(path.join(PROJECT, 'sweep', 'tablesleuth_sweep', 'run_command.py'), 'utf8');
    expect(program).toContain('\nTRY_AGAIN = 75\n');
  });

  test('writes to /tmp alone, and is nobody', () => {
    for (const name of ['Planner', 'Worker'] as const) {
      expect(definition(template, name).ContainerProperties).toMatchObject({
        ReadonlyRootFilesystem: true,
        Volumes: [{ Name: 'scratch' }],
        MountPoints: [{ SourceVolume: 'scratch', ContainerPath: '/tmp', ReadOnly: false }],
        NetworkConfiguration: { AssignPublicIp: 'ENABLED' },
      });
    }
    const dockerfile = readFileSync(path.join(PROJECT, 'sweep', 'Dockerfile'), 'utf8');
    expect(dockerfile).toMatch(/^USER 65534:65534$/m);
    expect(dockerfile.match(/^FROM \S+/gm)!.every((line) => /@sha256:[0-9a-f]{64}$/.test(line))).toBe(true);
    expect(dockerfile.match(/pip install /g)).toHaveLength(dockerfile.match(/--require-hashes/g)!.length);
  });

  test('keeps its log for three months, encrypted', () => {
    expect(propertiesOf(template, 'AWS::Logs::LogGroup')).toEqual({ KmsKeyId: KEY, RetentionInDays: 90 });
  });

  test('lets the worker read tables and plans, and write findings, and nothing else', () => {
    expect(allowed(template, 'WorkerPolicy')).toEqual([
      `kms:Decrypt kms:GenerateDataKey on ${KEY}`,
      `s3:GetObject on ${FINDINGS}/runs/*`,
      `s3:GetObject s3:PutObject on ${FINDINGS}/findings/*`,
      `s3:ListBucket on ${FINDINGS}`,
    ]);
    const glue = ['catalog', 'database/sales', 'table/sales/*'].map(
      (each) => `arn:aws:glue:${REGION}:${ACCOUNT}:${each}`,
    );
    const reading =
      'glue:GetDatabase glue:GetDatabases glue:GetPartition glue:GetPartitions glue:GetTable glue:GetTables';
    expect(allowed(template, 'Tables')).toEqual([`${reading} on ${glue.join(' ')}`]);
  });

  test('lets the planner read tables, write plans, and submit workers to its own queue, and nothing else', () => {
    expect(allowed(template, 'PlannerPolicy')).toEqual([
      `kms:Decrypt kms:GenerateDataKey on ${KEY}`,
      `s3:GetObject s3:PutObject on ${FINDINGS}/runs/*`,
      `s3:ListBucket on ${FINDINGS}`,
    ]);
    expect(allowed(template, 'SubmitWorkers')).toEqual([
      expect.stringMatching(/^batch:SubmitJob on <SweepJobsQueue\w+\.JobQueueArn> <SweepJobsWorker\w+>$/),
    ]);
  });

  test('lets the schedule submit the planner, and nothing else', () => {
    expect(allowed(template, 'SchedulePolicy')).toEqual([
      expect.stringMatching(/^batch:SubmitJob on <SweepJobsQueue\w+\.JobQueueArn> <SweepJobsPlanner\w+>$/),
    ]);
  });

  test('has no role that may do more', () => {
    const known = /ExecutionPolicy|PlannerPolicy|WorkerPolicy|Tables|SubmitWorkers|SchedulePolicy/;
    expect(statementsOf(template).filter(({ policy }) => !known.test(policy))).toEqual([]);
  });
});

test('a sweep with all properties', () => {
  const template = templateWith((stack) => ({
    vpc: Vpc.fromVpcAttributes(stack, 'Private', {
      vpcId: 'vpc-2',
      availabilityZones: ['us-east-2a', 'us-east-2b'],
      publicSubnetIds: ['subnet-p1', 'subnet-p2'],
      privateSubnetIds: ['subnet-1', 'subnet-2'],
    }),
    tables: [
      'sales.orders',
      's3://lake/warehouse',
      `arn:aws:s3tables:${REGION}:${ACCOUNT}:bucket/tables/table/shop.orders`,
    ],
    schedule: ScheduleExpression.cron({ minute: '30', hour: '6', timeZone: TimeZone.of('Europe/Berlin') }),
    spot: false,
    maxVcpus: 64,
    tablesPerWorker: 20,
    logRetention: RetentionDays.ONE_YEAR,
  }));
  expect(propertiesOf(template, 'AWS::Batch::ComputeEnvironment')).toMatchObject({
    ComputeResources: { Type: 'FARGATE', MaxvCpus: 64, Subnets: ['subnet-1', 'subnet-2'] },
  });
  expect(definition(template, 'Worker').ContainerProperties).toMatchObject({
    NetworkConfiguration: { AssignPublicIp: 'DISABLED' },
  });
  expect(commandOf(template, 'Planner').slice(-5)).toEqual([
    ...['--tables-a-share', '20', 'sales.orders', 's3://lake/warehouse'],
    `arn:aws:s3tables:${REGION}:${ACCOUNT}:bucket/tables/table/shop.orders`,
  ]);
  expect(propertiesOf(template, 'AWS::Scheduler::Schedule')).toMatchObject({
    ScheduleExpression: 'cron(30 6 * * ? *)',
    ScheduleExpressionTimezone: 'Europe/Berlin',
  });
  expect(propertiesOf(template, 'AWS::Logs::LogGroup')).toMatchObject({ RetentionInDays: 365 });
});

test('a rate is a schedule as well', () => {
  const template = templateWith(() => ({ schedule: ScheduleExpression.rate(Duration.hours(12)) }));
  expect(propertiesOf(template, 'AWS::Scheduler::Schedule').ScheduleExpression).toBe('rate(12 hours)');
});

test.each<[Partial<SweepProps>, RegExp]>([
  [{ tables: [] }, /Sweep: tables is empty, expected at least one thing to sweep/],
  [{ tables: ['sales'] }, /Sweep: tables has "sales", expected glue:DATABASE/],
  [{ tables: ['/lake'] }, /Sweep: tables has "\/lake"/],
  [{ maxVcpus: 0 }, /Sweep: maxVcpus is 0, expected a whole number from 1 to 256/],
  [{ maxVcpus: 1.5 }, /Sweep: maxVcpus is 1.5/],
  [{ tablesPerWorker: 0 }, /Sweep: tablesPerWorker is 0, expected a whole number from 1 to 10000/],
])('fails with %o', (props, message) => {
  expect(() => templateWith(() => props)).toThrow(message);
});

test('fails in a network without a way out', () => {
  const closed = (stack: Stack) => ({
    vpc: Vpc.fromVpcAttributes(stack, 'Closed', {
      vpcId: 'vpc-3',
      availabilityZones: ['us-east-2a'],
      isolatedSubnetIds: ['subnet-1'],
    }),
  });
  expect(() => templateWith(closed)).toThrow(/Sweep\/Jobs: the network has no subnet with a way out/);
});
