import { Duration, RemovalPolicy, TimeZone } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ILogGroup, LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import { fail, isKnown } from '../private/validate';
import type { DataAccess } from '../workbench/data-access';
import { SweepImage } from './sweep-image';
import { SweepJobs } from './sweep-jobs';
import { FINDINGS, RUNS, SweepRoles } from './sweep-roles';
import { SweepSchedule } from './sweep-schedule';

export interface SweepProps {
  /** The network that jobs run in. Its private subnets are taken, else its public ones, where each job has an address. */
  readonly vpc: IVpc;

  /**
   * What is swept: `glue:DATABASE`, `DATABASE.TABLE`, the ARN of a table bucket, with `/table/NAMESPACE.TABLE` for one of its
   * tables, or `s3://BUCKET/PREFIX`.
   */
  readonly tables: string[];

  /** What the sweep may read, as for a workbench; it needs the buckets that tables of a Glue database lie in as well. */
  readonly dataAccess: DataAccess[];

  /** Where finding documents go, below `findings/`, and plans, below `runs/`. Versioned, as each sweep writes over the last. */
  readonly findingsBucket: IBucket;

  /** Encrypts findings and the log; its policy must let CloudWatch Logs use it. */
  readonly encryptionKey: IKey;

  /**
   * When a sweep begins.
   *
   * @default - every day at 04:00 UTC
   */
  readonly schedule?: ScheduleExpression;

  /**
   * Whether jobs run on spare capacity, for about 70 % less. An interrupted one goes on where it was.
   *
   * @default true
   */
  readonly spot?: boolean;

  /**
   * How many vCPUs run at a time; each worker has one. It is what bounds the time of a sweep and its cost an hour: 16 are
   * about $0.30 an hour on spot, and nothing while no sweep runs.
   *
   * @default 16
   */
  readonly maxVcpus?: number;

  /**
   * How many tables a worker reads. Starting one takes about a minute.
   *
   * @default 100
   */
  readonly tablesPerWorker?: number;

  /**
   * How long the log of sweeps is kept.
   *
   * @default - three months
   */
  readonly logRetention?: RetentionDays;
}

const DAILY = ScheduleExpression.cron({ hour: '4', minute: '0', timeZone: TimeZone.ETC_UTC });
/** Reading waits for the network half of the time. */
const TABLES_AT_A_TIME = 2;
const TABLE =
  /^(glue:[\w-]+|[\w-]+\.[\w-]+|s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/.*)?|arn:[\w-]+:s3tables:[a-z0-9-]+:\d{12}:bucket\/[a-z0-9-]+(\/table\/\w+\.\w+)?)$/;

/**
 * Inspects all tables of a lake on a schedule, and writes a finding document for each: an array job of AWS Batch on Fargate
 * Spot. A planner looks for tables, deals them out and submits the workers; a worker that is interrupted goes on where it
 * was, and no finding is written twice. A thousand tables cost some cents; nothing costs anything between sweeps but the log.
 */
export class Sweep extends Construct {
  /** Where jobs wait for their turn: what their events are told apart by. */
  public readonly queueArn: string;

  /** What begins a sweep: `aws batch submit-job` with it and the queue. */
  public readonly plannerDefinitionArn: string;

  /** Where planner and workers write what they do. */
  public readonly logGroup: ILogGroup;

  constructor(scope: Construct, id: string, props: SweepProps) {
    super(scope, id);
    check(this, props);
    const { dataAccess, findingsBucket, encryptionKey, vpc } = props;
    this.logGroup = new LogGroup(this, 'Log', {
      encryptionKey,
      retention: props.logRetention ?? RetentionDays.THREE_MONTHS,
      // What it tells is in the findings as well.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const image = new SweepImage(this, 'Image');
    const { logGroup } = this;
    const roles = new SweepRoles(this, 'Roles', {
      dataAccess,
      findingsBucket,
      findingsKey: encryptionKey,
      image,
      logGroup,
    });
    const jobs = new SweepJobs(this, 'Jobs', {
      vpc,
      spot: props.spot ?? true,
      maxVcpus: props.maxVcpus ?? 16,
      image,
      executionRole: roles.execution,
      logGroup,
    });
    this.queueArn = jobs.queueArn;
    const worker = defineWorker(jobs, roles, findingsBucket);
    letSubmit(this, roles.planner, [worker, this.queueArn]);
    this.plannerDefinitionArn = definePlanner(jobs, roles, worker, props);
    new SweepSchedule(this, 'Schedule', {
      schedule: props.schedule ?? DAILY,
      queueArn: this.queueArn,
      definitionArn: this.plannerDefinitionArn,
    });
  }
}

function check(scope: Construct, { tables, maxVcpus, tablesPerWorker }: SweepProps): void {
  if (tables.length === 0) {
    fail(scope, 'tables is empty, expected at least one thing to sweep, such as glue:sales');
  }
  const wrong = tables.find((each) => isKnown(each) && !TABLE.test(each));
  if (wrong !== undefined) {
    const forms = 'glue:DATABASE, DATABASE.TABLE, the ARN of a table bucket or s3://BUCKET/PREFIX';
    fail(scope, `tables has "${wrong}", expected ${forms}`);
  }
  checkWhole(scope, 'maxVcpus', maxVcpus, 256);
  checkWhole(scope, 'tablesPerWorker', tablesPerWorker, 10_000);
}

function checkWhole(scope: Construct, name: string, value: number | undefined, most: number): void {
  if (isKnown(value) && (!Number.isInteger(value) || Number(value) < 1 || Number(value) > most)) {
    fail(scope, `${name} is ${value}, expected a whole number from 1 to ${most}`);
  }
}

function defineWorker(jobs: SweepJobs, roles: SweepRoles, bucket: IBucket): string {
  const [runs, findings] = [RUNS, FINDINGS].map((prefix) => bucket.s3UrlForObject(prefix));
  return jobs.define('Worker', {
    // AWS Batch puts the parameter of the job in, which the planner gives.
    command: [
      'work',
      '--runs',
      runs!,
      '--run',
      'Ref::run',
      '--findings',
      findings!,
      '--workers',
      String(TABLES_AT_A_TIME),
    ],
    role: roles.worker,
    vcpus: 1,
    memoryMiB: 4096,
    attempts: 10,
    timeout: Duration.hours(12),
  });
}

function definePlanner(jobs: SweepJobs, roles: SweepRoles, worker: string, props: SweepProps): string {
  const { findingsBucket, tables, tablesPerWorker = 100 } = props;
  const submission = ['--queue', jobs.queueArn, '--worker', worker];
  const share = ['--tables-a-share', String(tablesPerWorker)];
  return jobs.define('Planner', {
    command: ['plan', '--runs', findingsBucket.s3UrlForObject(RUNS), ...submission, ...share, ...tables],
    role: roles.planner,
    vcpus: 0.5,
    memoryMiB: 2048,
    attempts: 5,
    timeout: Duration.hours(2),
  });
}

/** The one job that the planner submits, to the one queue: not even a second planner. */
function letSubmit(scope: Construct, planner: Role, resources: string[]): void {
  const policy = new ManagedPolicy(scope, 'SubmitWorkers', {
    description: 'Submits the workers of the TableSleuth sweep',
    statements: [new PolicyStatement({ actions: ['batch:SubmitJob'], resources })],
  });
  planner.addManagedPolicy(policy);
}
