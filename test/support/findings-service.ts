import type { Stack } from 'aws-cdk-lib';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { type ILogGroup, LogGroup } from 'aws-cdk-lib/aws-logs';
import { FindingsDatabase, type FindingsDatabaseProps, ServiceNetwork, type ServiceNetworkProps } from '../../src';

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
