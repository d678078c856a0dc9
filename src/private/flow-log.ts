import { CfnFlowLog, type IVpc } from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { acknowledgeWildcardResources } from './acknowledge';

/** Has a network write who spoke with whom to a log group, with a role that can do nothing else. */
export function addFlowLog(scope: Construct, vpc: IVpc, logGroup: ILogGroup): void {
  const statements = [
    new PolicyStatement({
      actions: ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
      resources: [logGroup.logGroupArn],
    }),
  ];
  const policy = new ManagedPolicy(scope, 'FlowLogPolicy', {
    description: 'Writes flow logs to one log group',
    statements,
  });
  acknowledgeWildcardResources(policy, statements, 'Streams of one log group');
  const writer = new Role(scope, 'FlowLogWriter', {
    description: 'Writes the flow logs of the TableSleuth network',
    assumedBy: new ServicePrincipal('vpc-flow-logs.amazonaws.com'),
    managedPolicies: [policy],
  });
  new CfnFlowLog(scope, 'FlowLog', {
    resourceId: vpc.vpcId,
    resourceType: 'VPC',
    trafficType: 'ALL',
    logDestinationType: 'cloud-watch-logs',
    logGroupName: logGroup.logGroupName,
    deliverLogsPermissionArn: writer.roleArn,
  });
}
