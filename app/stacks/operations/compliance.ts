import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AccountSettings, ComplianceRules, ConfigurationRecorder } from '../../../src';
import { PublishedValues } from '../published';
import type { OperationsPart } from './part';

/** Rules of AWS Config, what records for them, and what makes the first of them pass. */
export const compliance: OperationsPart = {
  isOn: (settings) => settings.compliance !== undefined,
  add: (stack, { settings }) => {
    const creates = settings.compliance?.recorder === 'create';
    const published = new PublishedValues(settings.environment);
    const account = new AccountSettings(stack, 'AccountSettings', {
      logGroup: LogGroup.fromLogGroupName(stack, 'AccountSettingsLog', published.read(stack, 'data/host-log-group')),
      configRole: creates,
    });
    const rules = new ComplianceRules(stack, 'ComplianceRules');
    rules.node.addDependency(account);
    if (creates) {
      const recorder = new ConfigurationRecorder(stack, 'ConfigurationRecorder', {
        bucket: Bucket.fromBucketName(
          stack,
          'ConfigurationHistory',
          published.read(stack, 'data/configuration-history-bucket'),
        ),
      });
      recorder.node.addDependency(account);
      rules.node.addDependency(recorder);
    }
  },
};
