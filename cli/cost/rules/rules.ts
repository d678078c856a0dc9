import { volume } from './disks';
import { autoScalingGroup, fleet, instance } from './hosts';
import { elasticIp, loadBalancer, natGateway, vpcEndpoint } from './network';
import * as observability from './observability';
import type { Rule } from './rule';
import * as services from './services';

/** What each type of resource costs. A type that is neither here nor free is listed as unknown. */
export const RULES: Readonly<Record<string, Rule>> = {
  'AWS::ApplicationAutoScaling::ScalingPolicy': observability.scalingPolicy,
  'AWS::AutoScaling::AutoScalingGroup': autoScalingGroup,
  'AWS::AutoScaling::ScalingPolicy': observability.scalingPolicy,
  'AWS::Backup::BackupPlan': services.backupPlan,
  'AWS::CloudWatch::Alarm': observability.alarm,
  'AWS::CloudWatch::CompositeAlarm': observability.compositeAlarm,
  'AWS::CloudWatch::Dashboard': observability.dashboard,
  'AWS::CodeBuild::Project': services.buildProject,
  'AWS::CodePipeline::Pipeline': services.pipeline,
  'AWS::Config::ConfigRule': observability.configRule,
  'AWS::Config::ConfigurationRecorder': observability.configRecorder,
  'AWS::Cognito::UserPool': services.userPool,
  'AWS::EC2::EC2Fleet': fleet,
  'AWS::EC2::EIP': elasticIp,
  'AWS::EC2::Instance': instance,
  'AWS::EC2::NatGateway': natGateway,
  'AWS::EC2::VPCEndpoint': vpcEndpoint,
  'AWS::EC2::Volume': volume,
  'AWS::EFS::FileSystem': services.fileSystem,
  'AWS::ElasticLoadBalancingV2::LoadBalancer': loadBalancer,
  'AWS::ImageBuilder::ImagePipeline': services.imagePipeline,
  'AWS::KMS::Key': services.key,
  'AWS::KMS::ReplicaKey': services.key,
  'AWS::Lambda::Function': services.lambdaFunction,
  'AWS::Logs::LogGroup': observability.logGroup,
  'AWS::S3::Bucket': services.bucket,
  'AWS::SNS::Topic': observability.topic,
  'AWS::SQS::Queue': observability.queue,
  'AWS::SSM::Parameter': services.parameter,
  'AWS::Scheduler::Schedule': services.schedule,
  'AWS::SecretsManager::Secret': services.secret,
  'AWS::StepFunctions::StateMachine': services.stateMachine,
  'AWS::WAFv2::WebACLAssociation': services.webAclAssociation,
};

/**
 * Types that AWS asks nothing for by themselves: what they name, launch or fill is priced where it is declared. Events
 * of AWS's own services, and what CloudFormation makes by a function (`Custom::`, priced by its function), too.
 */
export const FREE: readonly string[] = [
  'AWS::AutoScaling::LifecycleHook',
  'AWS::AutoScaling::ScheduledAction',
  'AWS::Backup::BackupSelection',
  'AWS::Backup::BackupVault',
  'AWS::CDK::Metadata',
  'AWS::CloudFormation::CustomResource',
  'AWS::CloudFormation::WaitCondition',
  'AWS::CloudFormation::WaitConditionHandle',
  'AWS::Config::DeliveryChannel',
  'AWS::Cognito::UserPoolClient',
  'AWS::Cognito::UserPoolDomain',
  'AWS::EC2::FlowLog',
  'AWS::EC2::InternetGateway',
  'AWS::EC2::KeyPair',
  'AWS::EC2::LaunchTemplate',
  'AWS::EC2::Route',
  'AWS::EC2::RouteTable',
  'AWS::EC2::SecurityGroup',
  'AWS::EC2::SecurityGroupEgress',
  'AWS::EC2::SecurityGroupIngress',
  'AWS::EC2::Subnet',
  'AWS::EC2::SubnetRouteTableAssociation',
  'AWS::EC2::VPC',
  'AWS::EC2::VPCGatewayAttachment',
  'AWS::EC2::VolumeAttachment',
  'AWS::EFS::AccessPoint',
  'AWS::EFS::MountTarget',
  'AWS::ElasticLoadBalancingV2::Listener',
  'AWS::ElasticLoadBalancingV2::ListenerRule',
  'AWS::ElasticLoadBalancingV2::TargetGroup',
  'AWS::Events::Rule',
  'AWS::IAM::InstanceProfile',
  'AWS::IAM::ManagedPolicy',
  'AWS::IAM::Policy',
  'AWS::IAM::Role',
  'AWS::IAM::ServiceLinkedRole',
  'AWS::ImageBuilder::Component',
  'AWS::ImageBuilder::DistributionConfiguration',
  'AWS::ImageBuilder::ImageRecipe',
  'AWS::ImageBuilder::InfrastructureConfiguration',
  'AWS::ImageBuilder::LifecyclePolicy',
  'AWS::KMS::Alias',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Lambda::LayerVersion',
  'AWS::Lambda::Permission',
  'AWS::Lambda::Version',
  'AWS::Logs::LogStream',
  'AWS::Logs::MetricFilter',
  'AWS::Logs::QueryDefinition',
  'AWS::Logs::ResourcePolicy',
  'AWS::S3::BucketPolicy',
  'AWS::SNS::Subscription',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::QueuePolicy',
  'AWS::SSM::Document',
  'AWS::Scheduler::ScheduleGroup',
  'AWS::SecretsManager::ResourcePolicy',
  'AWS::SecretsManager::RotationSchedule',
];

/** Whether a type costs nothing by itself. */
export function isFree(type: string): boolean {
  return FREE.includes(type) || type.startsWith('Custom::');
}
