import { CfnOutput, Duration, Fn, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import {
  FindingsApi,
  FindingsDatabase,
  type FindingsDatabaseProps,
  FindingsIngest,
  FindingsMigration,
  FindingsNotifications,
  ServiceAlarms,
  type ServiceAlarmsProps,
  ServiceDashboard,
  ServiceLogs,
  ServiceNetwork,
  SweepEnd,
  type SweepEndProps,
} from '../../src';
import type { Settings } from '../settings';
import { importedFindingsBucket } from './findings';
import { sharedPrivateNetwork } from './network-stack';
import { PublishedValues } from './published';
import { SWEEP_QUEUE } from './sweep-stack';
import { zone } from './zone';

/** Where people are told, as the stack of the operations publishes it. */
export const ALERT_TOPIC = 'operations/alert-topic-arn';

type ServiceSettings = NonNullable<Settings['service']>;

/** What keeps findings and answers questions about them. Destroying this stack leaves its database and its logs. */
export class ServiceStack extends Stack {
  /** Whether the settings want it; without it there is no stack. */
  public static isNeeded(settings: Settings): boolean {
    return settings.service !== undefined;
  }

  constructor(scope: Construct, id: string, settings: Settings, props: StackProps) {
    super(scope, id, props);
    const { environment, service = {} } = settings;
    const published = new PublishedValues(environment);
    const encryptionKey = Key.fromKeyArn(this, 'DataKey', published.refer('data/key-arn'));
    const bucket = importedFindingsBucket(this, settings);
    const removalPolicy = settings.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    const logs = new ServiceLogs(this, 'Logs', { encryptionKey, removalPolicy });
    const network = new ServiceNetwork(this, 'Network', {
      flowLogGroup: logs.requests,
      vpc: service.network === 'shared' ? sharedPrivateNetwork(new Construct(this, 'Shared'), settings) : undefined,
      cidr: service.cidr,
      natGateways: service.natGateways,
      removalPolicy,
    });
    const database = this.database(service, { network, encryptionKey, removalPolicy }, environment);
    const common = { network, database, encryptionKey, logGroup: logs.functions };
    new FindingsMigration(this, 'Migration', common);
    const ingest = new FindingsIngest(this, 'Ingest', {
      ...common,
      bucket,
      logGroup: logs.workers,
      ...service.workers,
    });
    const alertTopic =
      settings.alarms === false ? undefined : Topic.fromTopicArn(this, 'Alerts', published.refer(ALERT_TOPIC));
    const notifications = new FindingsNotifications(this, 'Notifications', { ...common, alertTopic });
    this.hearOfSweeps(settings, { arrivals: ingest.arrivals.queue, topic: notifications.topic, encryptionKey });
    const api = new FindingsApi(this, 'Api', {
      ...common,
      ...service.api,
      functionLog: logs.functions,
      requestLog: logs.requests,
    });
    this.watch({ api, ingest, notifications, database }, settings, alertTopic);
    this.output('LogBucketName', bucket.bucketName, 'Where finding documents are');
    this.output('DBClusterArn', database.cluster.clusterArn, 'The database of findings');
    this.output('ApiEndpoint', api.url, 'The API of findings');
    this.output('NotificationTopicArn', notifications.topic.topicArn, 'Where it is said that a sweep ended');
  }

  /** Zones are chosen by CloudFormation, so that synthesis asks no account and writes no context. */
  public override get availabilityZones(): string[] {
    return [0, 1].map(zone);
  }

  private database(
    { database }: ServiceSettings,
    place: Pick<FindingsDatabaseProps, 'network' | 'encryptionKey' | 'removalPolicy'>,
    environment: string,
  ): FindingsDatabase {
    const { backupDays, ...size } = database ?? {};
    return new FindingsDatabase(this, 'Database', {
      ...place,
      ...size,
      clusterIdentifier: `tablesleuth-${environment}-${uniquePart(this)}`,
      backupRetention: backupDays === undefined ? undefined : Duration.days(backupDays),
    });
  }

  private hearOfSweeps({ environment, sweep }: Settings, props: Omit<SweepEndProps, 'queueArn'>): void {
    if (sweep === undefined) return;
    const queueArn = new PublishedValues(environment).read(this, SWEEP_QUEUE);
    new SweepEnd(this, 'SweepEnd', { ...props, queueArn });
  }

  private watch(
    parts: Omit<ServiceAlarmsProps, 'environmentName' | 'topic'>,
    settings: Settings,
    topic: ITopic | undefined,
  ): void {
    const environmentName = settings.environment;
    const alarms =
      topic === undefined ? [] : new ServiceAlarms(this, 'Alarms', { ...parts, environmentName, topic }).alarms;
    if (settings.dashboard !== false) {
      new ServiceDashboard(this, 'Dashboard', { ...parts, alarms, dashboardName: dashboardName(settings) });
    }
  }

  private output(id: string, value: string, description: string): void {
    new CfnOutput(this, id, { value, description });
  }
}

/** An account has each name once, whatever the region. No environment has an underscore in its name. */
function dashboardName({ environment, region, regions }: Settings): string {
  return [`tablesleuth-${environment}`, 'findings', ...(regions.length > 1 ? [region] : [])].join('_');
}

/** A database that stays when this stack is destroyed must not have the name of the one that the next stack makes. */
function uniquePart({ stackId }: Stack): string {
  const uuid = Fn.select(2, Fn.split('/', stackId));
  return Fn.select(0, Fn.split('-', uuid));
}
