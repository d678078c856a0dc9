import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import type { Construct } from 'constructs';
import { FindingsBucket, Sweep } from '../../src';
import type { Settings } from '../settings';
import { dataAccessOf } from './data-access';
import { importedFindingsBucket } from './findings';
import { importedJobNetwork } from './network-stack';
import { PublishedValues } from './published';

/** What inspects all tables on a schedule. Destroying this stack leaves the findings where they are. */
export class SweepStack extends Stack {
  /** Whether the settings want it; without it there is no stack. */
  public static isNeeded(settings: Settings): boolean {
    return settings.sweep !== undefined;
  }

  constructor(scope: Construct, id: string, settings: Settings, props: StackProps) {
    super(scope, id, props);
    const { data, sweep = {} } = settings;
    const published = new PublishedValues(settings.environment);
    const findingsBucket = importedFindingsBucket(this, settings);
    const made = new Sweep(this, 'Sweep', {
      vpc: importedJobNetwork(this, settings),
      tables: sweep.tables ?? everythingOf(data),
      dataAccess: dataAccessOf(this, data),
      findingsBucket,
      encryptionKey: Key.fromKeyArn(this, 'DataKey', published.refer('data/key-arn')),
      schedule: sweep.schedule === undefined ? undefined : ScheduleExpression.expression(sweep.schedule),
      spot: sweep.spot,
      maxVcpus: sweep.maxVcpus,
      logRetention: settings.logRetentionDays,
    });
    published.publish(this, SWEEP_QUEUE, made.queueArn);
    const output = (id: string, value: string, description: string) => new CfnOutput(this, id, { value, description });
    const { region } = this;
    const job = `--job-queue ${made.queueArn} --job-definition ${made.plannerDefinitionArn}`;
    output('SweepCommand', `aws batch submit-job --region ${region} --job-name sweep-plan ${job}`, 'Begin a sweep now');
    const group = made.logGroup.logGroupName;
    output('SweepLogsCommand', `aws logs tail --region ${region} --since 1d ${group}`, 'What sweeps did');
    output('FindingsUri', findingsBucket.s3UrlForObject(FindingsBucket.PREFIX), 'Where the finding documents are');
  }
}

/** Where another stack finds the queue whose jobs are the sweep's. */
export const SWEEP_QUEUE = 'sweep/queue-arn';

function everythingOf({ buckets, glueDatabases, tableBuckets }: Settings['data']): string[] {
  const known = [...glueDatabases.map((name) => `glue:${name}`), ...tableBuckets];
  return known.length > 0 ? known : buckets.map((arn) => `s3://${arn.split(':').at(-1)}`);
}
