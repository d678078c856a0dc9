import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** The role that AWS Config itself keeps in each account. */
export function configRoleArn(scope: Construct): string {
  return Stack.of(scope).formatArn({
    service: 'iam',
    region: '',
    resource: 'role',
    resourceName: 'aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig',
  });
}
