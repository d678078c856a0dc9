import { Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { AwsCustomResource, type AwsSdkCall, PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { acknowledgeWildcardResources } from '../private/acknowledge';
import { acknowledgeSdkCaller } from '../private/sdk-caller';
import { configRoleArn } from './config-role';

/** Properties of `AccountSettings`. */
export interface AccountSettingsProps {
  /** Where the function that makes the calls logs to. */
  readonly logGroup: ILogGroup;

  /**
   * Whether AWS Config gets its service-linked role, which a recorder needs. An account that has it keeps its own.
   *
   * @default - it does not
   */
  readonly configRole?: boolean;
}

/**
 * Switches on what CloudFormation has no resource for: from now on EC2 encrypts each new EBS volume of the account in this
 * region, whoever makes it. Nothing is switched off again when the stack is destroyed or the setting is taken out, because
 * by then others may count on it. Costs nothing.
 */
export class AccountSettings extends Construct {
  constructor(scope: Construct, id: string, props: AccountSettingsProps) {
    super(scope, id);
    const role = this.role(props);
    const { account, region } = Stack.of(this);
    this.call('EbsEncryptionByDefault', role, props.logGroup, {
      service: 'EC2',
      action: 'EnableEbsEncryptionByDefault',
      physicalResourceId: PhysicalResourceId.of(`ebs-encryption-by-default-${account}-${region}`),
    });
    if (props.configRole) {
      this.call('ConfigRole', role, props.logGroup, {
        service: 'IAM',
        action: 'CreateServiceLinkedRole',
        parameters: { AWSServiceName: 'config.amazonaws.com' },
        physicalResourceId: PhysicalResourceId.of(`config-role-${account}`),
        // IAM's answer when the role has been made before.
        ignoreErrorCodesMatching: 'InvalidInput',
      });
    }
    acknowledgeSdkCaller(this);
  }

  private call(id: string, role: Role, logGroup: ILogGroup, call: AwsSdkCall): void {
    new AwsCustomResource(this, id, {
      resourceType: `Custom::${id}`,
      role,
      logGroup,
      onUpdate: call,
      installLatestAwsSdk: false,
      memorySize: 256,
    });
  }

  private role({ logGroup, configRole }: AccountSettingsProps): Role {
    const encrypt = new PolicyStatement({ actions: ['ec2:EnableEbsEncryptionByDefault'], resources: ['*'] });
    const log = new PolicyStatement({
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [logGroup.logGroupArn],
    });
    const create = new PolicyStatement({
      actions: ['iam:CreateServiceLinkedRole'],
      resources: [configRoleArn(this)],
      conditions: { StringEquals: { 'iam:AWSServiceName': 'config.amazonaws.com' } },
    });
    const policy = new ManagedPolicy(this, 'Policy', {
      description: 'Switches on encryption of new EBS volumes',
      statements: configRole ? [encrypt, log, create] : [encrypt, log],
    });
    acknowledgeWildcardResources(policy, [encrypt], 'A setting of the account: EC2 knows no narrower resource for it');
    acknowledgeWildcardResources(policy, [log], 'Streams of one log group');
    return new Role(this, 'Role', {
      description: 'Switches on settings of the account for TableSleuth',
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      managedPolicies: [policy],
    });
  }
}
