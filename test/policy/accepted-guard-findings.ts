/**
 * What cfn-guard finds and we accept. Its rules cannot be acknowledged in a template, so each is here, for the one
 * resource that it is accepted on.
 */
export interface AcceptedGuardFinding {
  readonly rule: string;
  /** The logical id of the resource without the digits that CDK adds. */
  readonly resource: string;
  readonly reason: string;
}

const MONITORING = 'Detailed monitoring costs $2.10 a month and CPU figures every five minutes are enough for one host';
const ADDRESS =
  'Without a NAT gateway ($33 a month) the address is the only way out; the security group lets nothing in';
const RETENTION = 'How long logs are kept is a setting, 90 days by default and a year in production';
const IN_TRANSIT =
  'The rule asks for instance types that encrypt the network itself; the types are a setting, nothing comes in, and all ' +
  'that goes out is HTTPS';
const HALF = 'One half of the composite alarm NoData, which tells people; alone it says nothing worth a message';
const HANDED_ON =
  'What a pipeline hands on: only its steps read and write here, and its history says which did and when';
const HISTORY = 'A standard workflow keeps the input and output of each of its steps for 90 days by itself';

export const ACCEPTED_GUARD_FINDINGS: readonly AcceptedGuardFinding[] = [
  ...['DataHostLogs', 'DataSessionLogs', 'DataFlowLogs', 'ImageLog', 'SweepLog'].map((resource) => ({
    rule: 'cloudwatch_log_group_retention_period_check',
    resource,
    reason: RETENTION,
  })),
  ...['NetworkBuildSubnet1Subnet', 'NetworkBuildSubnet2Subnet'].map((resource) => ({
    rule: 'subnet_auto_assign_public_ip_disabled_check',
    resource,
    reason: 'Image Builder asks for no address of its instances; without a NAT gateway one is their only way out',
  })),
  {
    rule: 'lambda_inside_vpc_check',
    resource: 'CustomVpcRestrictDefaultSGCustomResourceProviderHandler',
    reason:
      'The function of CDK that empties the default security group calls the EC2 API, which is not in the network',
  },
  {
    rule: 'lambda_inside_vpc_check',
    resource: 'PasswordRotationFunction',
    reason: 'The function calls APIs of AWS alone, which are not in the network',
  },
  {
    rule: 'lambda_inside_vpc_check',
    resource: 'AWS679f53fac002430cb0da5b7982bd2287',
    reason: 'The function of CDK that switches settings of the account on calls EC2 and IAM, which are in no network',
  },
  {
    rule: 's3_bucket_logging_enabled_check',
    resource: 'ConfigurationHistoryBucket',
    reason: 'Only AWS Config writes here, and its delivery status says what arrived and what did not',
  },
  {
    rule: 's3_bucket_object_lock_enabled_check',
    resource: 'ConfigurationHistoryBucket',
    reason: 'Versions keep what is overwritten or deleted for 30 days; a lock could not be taken off a wrong one',
  },
  {
    rule: 's3_event_notifications_enabled_check',
    resource: 'ConfigurationHistoryBucket',
    reason: 'Nobody waits for a delivery: AWS Config tells of changes by itself',
  },
  {
    rule: 's3_bucket_logging_enabled_check',
    resource: 'FindingsBucket',
    reason: 'One role writes here and two read; each version says when it was written, and each arrival is an event',
  },
  {
    rule: 's3_bucket_object_lock_enabled_check',
    resource: 'FindingsBucket',
    reason: 'Versions keep a finding for a year after a newer one; a lock could not be taken off a wrong one',
  },
  {
    rule: 'efs_automatic_backups_enabled_check',
    resource: 'WorkspaceFiles',
    reason:
      'Whether there are backups is a setting; where they are on, a plan of our own selects the file system by its tag',
  },
  {
    rule: 's3_bucket_default_encryption_kms_check',
    resource: 'AccessLogsBucket',
    reason: 'Elastic Load Balancing writes access logs to buckets that are encrypted with keys of S3 alone',
  },
  {
    rule: 's3_bucket_logging_enabled_check',
    resource: 'AccessLogsBucket',
    reason: 'It is itself a bucket of access logs, which nobody but Elastic Load Balancing writes to',
  },
  {
    rule: 's3_bucket_object_lock_enabled_check',
    resource: 'AccessLogsBucket',
    reason: 'Versions keep what is overwritten or deleted for 30 days; a lock could not be taken off a wrong one',
  },
  {
    rule: 's3_event_notifications_enabled_check',
    resource: 'AccessLogsBucket',
    reason: 'Nobody waits for an access log; alarms go by metrics',
  },
  {
    rule: 'elbv2_deletion_protection_enabled_check',
    resource: 'WorkbenchBalancer',
    reason: 'It holds nothing, and a deployment that takes it away must not fail; access.deletionProtection sets it',
  },
  ...['PipelineArtifactsBucket', 'CrossRegionCodePipelineReplicationBucket'].flatMap((resource) =>
    [
      's3_bucket_logging_enabled_check',
      's3_bucket_object_lock_enabled_check',
      's3_event_notifications_enabled_check',
    ].map((rule) => ({ rule, resource, reason: HANDED_ON })),
  ),
  {
    rule: 'cloudwatch_log_group_retention_period_check',
    resource: 'PipelineLog',
    reason: 'The log of builds is read when one has failed; 90 days are as long as what they made is kept',
  },
  {
    rule: 'codebuild_project_environment_privileged_check',
    resource: 'PipelinePipelineBuildTest',
    reason:
      'The tests boot machines, which mount and unmount; the step may read its input and write its log and reports, no more',
  },
  {
    rule: 'codebuild_project_environment_privileged_check',
    resource: 'PipelineAssetsDockerAsset',
    reason:
      'CDK builds the image of the sweep here with a container daemon of its own, which needs it; the step may push it, no more',
  },
  {
    rule: 'api_gw_v1_execution_logging_enabled_check',
    resource: 'ApiDeploymentStagev1',
    reason: 'Its access log has each request and its outcome; the execution log would have the findings themselves',
  },
  {
    rule: 'api_gw_xray_enabled_check',
    resource: 'ApiDeploymentStagev1',
    reason: 'Its log tells each step; traces need permission on all of X-Ray, which has no narrower one',
  },
  {
    rule: 'lambda_function_public_access_prohibited_check',
    resource: 'ApiFunctionApi',
    reason: 'The one stage of the one API may call; the rule reads references alone, and that ARN is made of several',
  },
  ...['DatabaseReader', 'DatabaseWriter'].map((resource) => ({
    rule: 'rds_instance_enhanced_monitoring_enabled_check',
    resource,
    reason:
      'Performance Insights shows what the database waits for; a serverless one has no operating system to look after',
  })),
  {
    rule: 'rds_cluster_deletion_protection_enabled_check',
    resource: 'Database',
    reason:
      'It is protected unless the settings say that nothing is retained; it would stop its stack from being destroyed',
  },
  ...['IngestArrivalsDead', 'NotificationsDead'].map((resource) => ({
    rule: 'sqs_dlq_check',
    resource,
    reason: 'It is itself where messages go that could not be handled, and an alarm watches it',
  })),
  { rule: 'ecs_service_assign_public_ip_disabled_check', resource: 'IngestService', reason: ADDRESS },
  {
    rule: 'lambda_inside_vpc_check',
    resource: 'MigrationProviderframeworkonEvent',
    reason: 'The function of CDK that waits for the migration calls Lambda and CloudFormation, which are in no network',
  },
  { rule: 'ec2_launch_template_monitoring_enabled_check', resource: 'WorkbenchLaunchTemplate', reason: MONITORING },
  { rule: 'ec2_launch_template_public_ip_disabled_check', resource: 'WorkbenchLaunchTemplate', reason: ADDRESS },
  { rule: 'ec2_instance_detailed_monitoring_enabled_check', resource: 'WorkbenchInstance', reason: MONITORING },
  { rule: 'ec2_instance_no_public_ip_check', resource: 'WorkbenchInstance', reason: ADDRESS },
  {
    rule: 'ec2_instance_nitro_instance_type_check',
    resource: 'WorkbenchInstance',
    reason: 'The launch template names the instance type; the rule reads the instance alone',
  },
  { rule: 'ec2_instance_nitro_encryption_in_transit_check', resource: 'WorkbenchInstance', reason: IN_TRANSIT },
  {
    rule: 'ec2_fleet_nitro_encryption_in_transit_override_check',
    resource: 'WorkbenchFleet',
    reason: IN_TRANSIT,
  },
  {
    rule: 'autoscaling_group_nitro_encryption_in_transit_override_check',
    resource: 'WorkbenchGroupASG',
    reason: IN_TRANSIT,
  },
  {
    rule: 'autoscaling_multiple_az_check',
    resource: 'WorkbenchGroupASG',
    reason: 'The group names a subnet in each zone instead, as groups in a VPC do; the rule reads zones alone',
  },
  {
    rule: 'autoscaling_mixed_instances_policy_multiple_instance_types_check',
    resource: 'WorkbenchGroupASG',
    reason: 'How many types there are to choose from is a setting, and spot works better with more of them',
  },
  ...['HostAlarmsSilent', 'HostAlarmsOff'].map((resource) => ({
    rule: 'cloudwatch_alarm_action_check',
    resource,
    reason: HALF,
  })),
  ...['WorkbenchGroupOnDemandFallback', 'WorkbenchIdleStop', 'SweepEnd'].flatMap((resource) => [
    { rule: 'step_functions_state_machine_logging_enabled_check', resource, reason: HISTORY },
    { rule: 'step_functions_state_machine_tracing_enabled_check', resource, reason: HISTORY },
  ]),
];
