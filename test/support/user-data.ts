import { Duration } from 'aws-cdk-lib';
import { resourceOf, type TemplateDocument, textOf } from './template';
import { hostTemplate } from './workbench';

/** The user data of the hosts of a template, with its references in angle brackets. */
export function userDataOf(template: TemplateDocument): string {
  const { LaunchTemplateData } = resourceOf(template, 'AWS::EC2::LaunchTemplate').Properties ?? {};
  return textOf(template, (LaunchTemplateData as { UserData: unknown }).UserData);
}

let script: string | undefined;

/** The user data of a workbench with nothing but defaults. */
export function hostScript(): string {
  script ??= userDataOf(hostTemplate());
  return script;
}

/** What a user data script is made of, for tests of the script itself. */
export const USER_DATA_OPTIONS = {
  region: 'us-east-2',
  stackName: 'Stack',
  signalLogicalId: 'Host',
  bundleUrl: 's3://assets/bundle.zip',
  bundleDigest: '0'.repeat(64),
  logGroupName: 'hosts',
  healthyWithin: Duration.minutes(20),
  settings: { GIZMOSQL_USERNAME: 'admin', TABLE_BUCKET_ARNS: '' },
};
