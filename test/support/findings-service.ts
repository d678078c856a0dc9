import type { Stack } from 'aws-cdk-lib';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { type ILogGroup, LogGroup } from 'aws-cdk-lib/aws-logs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import {
  FindingsApi,
  FindingsDatabase,
  type FindingsDatabaseProps,
  FindingsIngest,
  FindingsMigration,
  FindingsNotifications,
  ServiceAlarms,
  ServiceDashboard,
  ServiceLogs,
  ServiceNetwork,
  type ServiceNetworkProps,
  SweepEnd,
} from '../../src';

/** What every part of the findings service stands on. */
export interface ServiceParts {
  readonly encryptionKey: IKey;
  readonly logGroup: ILogGroup;
  readonly network: ServiceNetwork;
  readonly database: FindingsDatabase;
}

/** A network and a database, for the parts that need them. */
export function servicePartsIn(
  stack: Stack,
  network: Partial<ServiceNetworkProps> = {},
  database: Partial<FindingsDatabaseProps> = {},
): ServiceParts {
  const encryptionKey = new Key(stack, 'Key');
  const logGroup = new LogGroup(stack, 'Log');
  const serviceNetwork = new ServiceNetwork(stack, 'Network', { flowLogGroup: logGroup, ...network });
  return {
    encryptionKey,
    logGroup,
    network: serviceNetwork,
    database: new FindingsDatabase(stack, 'Database', {
      network: serviceNetwork,
      encryptionKey,
      clusterIdentifier: 'findings',
      ...database,
    }),
  };
}

/** Every part of the findings service, as a stack composes them. */
export function findingsServiceIn(stack: Stack): void {
  const encryptionKey = Key.fromKeyArn(
    stack,
    'Key',
    stack.formatArn({ service: 'kms', resource: 'key/1234abcd-12ab-34cd-56ef-1234567890ab' }),
  );
  const logs = new ServiceLogs(stack, 'Logs', { encryptionKey });
  const alertTopic = Topic.fromTopicArn(stack, 'Alerts', stack.formatArn({ service: 'sns', resource: 'alerts' }));
  const bucket = Bucket.fromBucketName(stack, 'Findings', 'findings-of-tables');
  const network = new ServiceNetwork(stack, 'Network', { flowLogGroup: logs.requests });
  const database = new FindingsDatabase(stack, 'Database', { network, encryptionKey, clusterIdentifier: 'findings' });
  const common = { network, database, encryptionKey, logGroup: logs.functions };
  new FindingsMigration(stack, 'Migration', common);
  const parts = {
    database,
    ingest: new FindingsIngest(stack, 'Ingest', { ...common, bucket, logGroup: logs.workers }),
    notifications: new FindingsNotifications(stack, 'Notifications', { ...common, alertTopic }),
    api: new FindingsApi(stack, 'Api', { ...common, functionLog: logs.functions, requestLog: logs.requests }),
  };
  const { alarms } = new ServiceAlarms(stack, 'Alarms', { ...parts, environmentName: 'dev', topic: alertTopic });
  new SweepEnd(stack, 'SweepEnd', {
    queueArn: stack.formatArn({ service: 'batch', resource: 'job-queue', resourceName: 'sweep' }),
    arrivals: parts.ingest.arrivals.queue,
    topic: parts.notifications.topic,
    encryptionKey,
  });
  new ServiceDashboard(stack, 'Dashboard', { ...parts, alarms, dashboardName: 'findings-dev' });
}
