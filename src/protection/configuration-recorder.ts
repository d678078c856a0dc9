import { CfnConfigurationRecorder, CfnDeliveryChannel } from 'aws-cdk-lib/aws-config';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { RECORDED_TYPES } from './compliance-rules';
import { configRoleArn } from './config-role';

/** Properties of `ConfigurationRecorder`. */
export interface ConfigurationRecorderProps {
  /** Where the history is delivered to: the bucket of a `ConfigurationHistory`. */
  readonly bucket: IBucket;
}

/**
 * Has AWS Config record what the rules of `ComplianceRules` judge, and nothing else: each change that is recorded costs
 * $0.003. A region has one recorder alone. The service-linked role of AWS Config has to be there: see `AccountSettings`.
 */
export class ConfigurationRecorder extends Construct {
  constructor(scope: Construct, id: string, props: ConfigurationRecorderProps) {
    super(scope, id);
    // Neither waits for the other: CloudFormation starts the recorder when both are there.
    new CfnConfigurationRecorder(this, 'Resource', {
      roleArn: configRoleArn(this),
      recordingGroup: { allSupported: false, includeGlobalResourceTypes: false, resourceTypes: RECORDED_TYPES },
    });
    new CfnDeliveryChannel(this, 'Delivery', { s3BucketName: props.bucket.bucketName });
  }
}
