import { CfnConfigRule } from 'aws-cdk-lib/aws-config';
import { Construct } from 'constructs';

/** What the rules that judge each change want to have recorded. */
export const RECORDED_TYPES = ['AWS::EC2::Instance', 'AWS::EC2::VPC', 'AWS::S3::Bucket'];

const DAILY = 'TwentyFour_Hours';

/**
 * Five of AWS Config's own rules, for the whole account in this region: new disks are encrypted, networks have flow logs,
 * instances want version 2 of the metadata service, and no bucket can be read or written by the public. They need a
 * recorder that runs. An evaluation costs $0.001.
 */
export class ComplianceRules extends Construct {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new CfnConfigRule(this, 'EbsEncryptionByDefault', {
      description: 'New EBS volumes and copies of snapshots are encrypted, whoever makes them',
      source: { owner: 'AWS', sourceIdentifier: 'EC2_EBS_ENCRYPTION_BY_DEFAULT' },
      maximumExecutionFrequency: DAILY,
    });
    new CfnConfigRule(this, 'VpcFlowLogs', {
      description: 'Each VPC has a flow log',
      source: { owner: 'AWS', sourceIdentifier: 'VPC_FLOW_LOGS_ENABLED' },
      maximumExecutionFrequency: DAILY,
    });
    new CfnConfigRule(this, 'InstanceMetadata', {
      description: 'Each instance requires version 2 of the metadata service',
      source: { owner: 'AWS', sourceIdentifier: 'EC2_IMDSV2_CHECK' },
      scope: { complianceResourceTypes: ['AWS::EC2::Instance'] },
    });
    new CfnConfigRule(this, 'BucketPublicRead', {
      description: 'The public reads no bucket',
      source: { owner: 'AWS', sourceIdentifier: 'S3_BUCKET_PUBLIC_READ_PROHIBITED' },
      scope: { complianceResourceTypes: ['AWS::S3::Bucket'] },
      maximumExecutionFrequency: DAILY,
    });
    new CfnConfigRule(this, 'BucketPublicWrite', {
      description: 'The public writes to no bucket',
      source: { owner: 'AWS', sourceIdentifier: 'S3_BUCKET_PUBLIC_WRITE_PROHIBITED' },
      scope: { complianceResourceTypes: ['AWS::S3::Bucket'] },
      maximumExecutionFrequency: DAILY,
    });
  }
}
