import { Duration } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { SecretRotation } from '../../../src';
import { PublishedValues } from '../published';
import type { OperationsPart } from './part';

/** A new password every so many days. */
export const rotation: OperationsPart = {
  isOn: ({ gizmosql }) => gizmosql.rotationDays !== false,
  add: (stack, { settings, topic }) => {
    const published = new PublishedValues(settings.environment);
    const read = (key: string) => published.read(stack, key);
    new SecretRotation(stack, 'PasswordRotation', {
      secret: Secret.fromSecretCompleteArn(stack, 'RotatedPassword', read('data/gizmosql-secret-arn')),
      encryptionKey: Key.fromKeyArn(stack, 'RotationKey', read('data/key-arn')),
      logGroup: LogGroup.fromLogGroupName(stack, 'RotationLog', read('data/host-log-group')),
      hostTagValue: settings.environment,
      every: Duration.days(Number(settings.gizmosql.rotationDays)),
      failureTopic: topic,
    });
  },
};
