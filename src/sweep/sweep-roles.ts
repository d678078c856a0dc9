import { Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledgeWildcardResources } from '../private/acknowledge';
import { writeLogStatement } from '../private/log-statement';
import { FindingsBucket } from '../service/findings-bucket';
import type { DataAccess } from '../workbench/data-access';
import type { SweepImage } from './sweep-image';

/** Where plans lie in the findings bucket. */
export const RUNS = FindingsBucket.RUNS_PREFIX.replace(/\/$/, '');
/** Where finding documents lie in it. */
export const FINDINGS = FindingsBucket.PREFIX.replace(/\/$/, '');

export interface SweepRolesProps {
  readonly dataAccess: DataAccess[];
  readonly findingsBucket: IBucket;
  readonly findingsKey: IKey;
  readonly image: SweepImage;
  readonly logGroup: ILogGroup;
}

/** Who a sweep is: Fargate that starts it, the planner, and the workers, each with what it needs and nothing else. */
export class SweepRoles extends Construct {
  /** What Fargate starts a job with; the program never has it. */
  public readonly execution: Role;
  /** Reads catalogs and listings, writes plans; `letSubmit` adds the one job that it submits. */
  public readonly planner: Role;
  /** Reads tables and plans, writes findings. */
  public readonly worker: Role;

  constructor(scope: Construct, id: string, props: SweepRolesProps) {
    super(scope, id);
    const { image, logGroup } = props;
    const tables = this.tables(props);
    this.execution = this.role('Execution', 'Starts the jobs of the TableSleuth sweep', [
      ...image.pullStatements(),
      writeLogStatement(logGroup),
    ]);
    this.planner = this.role('Planner', 'Plans the TableSleuth sweep', plannerStatements(props), tables);
    this.worker = this.role(
      'Worker',
      'Reads tables and writes findings for the TableSleuth sweep',
      workerStatements(props),
      tables,
    );
  }

  /** What hosts may read, workers may: the values are the same. */
  private tables({ dataAccess }: SweepRolesProps): ManagedPolicy {
    const statements = dataAccess.flatMap((access) => access.statements(this));
    const description = 'Tables that the TableSleuth sweep may read';
    const policy = new ManagedPolicy(this, 'Tables', { description, statements });
    acknowledgeWildcardResources(
      policy,
      statements,
      'Read-only, and only what the settings name: the objects of a bucket, the tables of a database or of a table bucket',
    );
    return policy;
  }

  private role(name: string, description: string, statements: PolicyStatement[], ...policies: ManagedPolicy[]): Role {
    const policy = new ManagedPolicy(this, `${name}Policy`, { description, statements });
    acknowledgeWildcardResources(
      policy,
      statements,
      'The objects below one prefix of one bucket, the streams of one log group, or an action that AWS defines for no narrower resource',
    );
    const { account } = Stack.of(this);
    return new Role(this, name, {
      description,
      assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
      managedPolicies: [...policies, policy],
    });
  }
}

function plannerStatements({ findingsBucket, findingsKey }: SweepRolesProps): PolicyStatement[] {
  return [
    new PolicyStatement({
      sid: 'WritePlans',
      actions: ['s3:GetObject', 's3:PutObject'],
      resources: [findingsBucket.arnForObjects(`${RUNS}/*`)],
    }),
    ...bucketStatements(findingsBucket, findingsKey),
  ];
}

function workerStatements({ findingsBucket, findingsKey }: SweepRolesProps): PolicyStatement[] {
  return [
    new PolicyStatement({
      sid: 'ReadPlans',
      actions: ['s3:GetObject'],
      resources: [findingsBucket.arnForObjects(`${RUNS}/*`)],
    }),
    new PolicyStatement({
      sid: 'WriteFindings',
      actions: ['s3:GetObject', 's3:PutObject'],
      resources: [findingsBucket.arnForObjects(`${FINDINGS}/*`)],
    }),
    ...bucketStatements(findingsBucket, findingsKey),
  ];
}

function bucketStatements(findingsBucket: IBucket, findingsKey: IKey): PolicyStatement[] {
  return [
    new PolicyStatement({
      // Without it S3 answers "forbidden" for an object that is not there.
      sid: 'TellWhatIsNotThere',
      actions: ['s3:ListBucket'],
      resources: [findingsBucket.bucketArn],
    }),
    new PolicyStatement({
      sid: 'EncryptThem',
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: [findingsKey.keyArn],
    }),
  ];
}
