import { Duration } from 'aws-cdk-lib';
import { AdjustmentType, CfnScalingPolicy } from 'aws-cdk-lib/aws-applicationautoscaling';
import { MathExpression, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Cluster, ContainerInsights, FargateService, type IFargateService } from 'aws-cdk-lib/aws-ecs';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { fail, isKnown } from '../private/validate';
import type { FindingsDatabase } from './findings-database';
import { FindingsQueue } from './findings-queue';
import { IngestTask } from './ingest-task';
import type { ServiceNetwork } from './service-network';

/** Properties of `FindingsIngest`. */
export interface FindingsIngestProps {
  /** Where findings arrive. */
  readonly bucket: IBucket;
  /** Where they go. */
  readonly database: FindingsDatabase;
  /** The network that the database is in. */
  readonly network: ServiceNetwork;
  /** Encrypts the bucket. */
  readonly encryptionKey: IKey;
  /** Where workers write their log. */
  readonly logGroup: ILogGroup;

  /**
   * How many workers there are when nothing arrives, each about $7 a month. With none the first finding of a sweep waits
   * about two minutes for one, and the database can pause meanwhile.
   *
   * @default 0
   */
  readonly minWorkers?: number;

  /**
   * How many workers there are at most.
   *
   * @default 4
   */
  readonly maxWorkers?: number;
}

/** As long as Fargate waits at most: a worker ends the batch that it has. */
const STOP_TIMEOUT = Duration.seconds(120);
const VISIBILITY_TIMEOUT = Duration.minutes(5);

/**
 * What brings findings from the bucket into the database: a queue of arrivals and, on Fargate, workers that read it. Their
 * number follows the queue. A worker reads findings, signs in as a user of its own that may insert, and can do nothing else.
 */
export class FindingsIngest extends Construct {
  /** The arrivals, and what could not be taken in. */
  public readonly arrivals: FindingsQueue;

  /** The workers. */
  public readonly service: IFargateService;

  constructor(scope: Construct, id: string, props: FindingsIngestProps) {
    super(scope, id);
    const minWorkers = props.minWorkers ?? 0;
    const maxWorkers = props.maxWorkers ?? 4;
    validateWorkers(this, minWorkers, maxWorkers);
    const { bucket, network, database } = props;
    this.arrivals = new FindingsQueue(this, 'Arrivals', { bucket, visibilityTimeout: VISIBILITY_TIMEOUT });
    const { queue } = this.arrivals;
    const securityGroup = network.clientGroup(this, 'SecurityGroup', 'Workers that take findings in');
    database.allow(this, securityGroup, 'Workers');
    const service = new FargateService(this, 'Service', {
      cluster: this.cluster(network),
      taskDefinition: new IngestTask(this, 'Worker', { ...props, queue, stopTimeout: STOP_TIMEOUT }).definition,
      desiredCount: minWorkers,
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { rollback: true },
      assignPublicIp: network.workersHaveAddresses,
      vpcSubnets: { subnets: network.workerSubnets },
      securityGroups: [securityGroup],
    });
    scale(service, queue, minWorkers, maxWorkers);
    this.service = service;
  }

  private cluster({ vpc }: ServiceNetwork): Cluster {
    return new Cluster(this, 'Cluster', { vpc, containerInsightsV2: ContainerInsights.ENABLED });
  }
}

/** One worker for any message, two from a thousand, all from ten thousand; one less a minute when nothing is left. */
function scale(service: FargateService, queue: IQueue, min: number, max: number): void {
  const scaling = service.autoScaleTaskCount({ minCapacity: min, maxCapacity: max });
  scaling.scaleOnMetric('Waiting', {
    // Messages that are being worked on count: a worker is not taken away from them.
    metric: waiting(queue),
    adjustmentType: AdjustmentType.EXACT_CAPACITY,
    scalingSteps: [
      { upper: 0, change: min },
      { lower: 1, change: Math.max(1, min) },
      { lower: 1000, change: Math.min(2, max) },
      { lower: 10_000, change: max },
    ],
    evaluationPeriods: 1,
    datapointsToAlarm: 1,
    cooldown: Duration.minutes(1),
  });
  // By themselves they have their paths as names, which are other ones in a stage of a pipeline.
  for (const each of scaling.node.findAll()) {
    if (CfnScalingPolicy.isCfnScalingPolicy(each)) each.policyName = each.node.scope!.node.id;
  }
}

/** Messages that wait or are being worked on. */
function waiting(queue: IQueue): MathExpression {
  const period = Duration.minutes(1);
  return new MathExpression({
    expression: 'visible + taken',
    usingMetrics: {
      visible: queue.metricApproximateNumberOfMessagesVisible({ period, statistic: Stats.MAXIMUM }),
      taken: queue.metricApproximateNumberOfMessagesNotVisible({ period, statistic: Stats.MAXIMUM }),
    },
    period,
    label: 'findings that are not taken in yet',
  });
}

function validateWorkers(scope: Construct, min: number, max: number): void {
  if (isKnown(min) && (!Number.isInteger(min) || min < 0)) {
    fail(scope, `minWorkers is ${min}, expected a whole number, at least 0`);
  }
  if (isKnown(max) && (!Number.isInteger(max) || max < Math.max(1, min))) {
    fail(scope, `maxWorkers is ${max}, expected a whole number, at least ${Math.max(1, min)}`);
  }
}
