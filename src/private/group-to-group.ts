import { CfnSecurityGroupEgress, CfnSecurityGroupIngress, type ISecurityGroup, type Port } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';

export interface GroupToGroupProps {
  /** Whose members begin connections. */
  readonly from: ISecurityGroup;
  /** Whose members take them. */
  readonly to: ISecurityGroup;
  readonly port: Port;
  readonly description: string;
}

/**
 * Lets the members of one security group reach those of another one, which lets nobody else in by this. CDK's own rules
 * have the other group's whole path in their ids, and so are other ones in a stage of a pipeline: EC2 refuses a rule that
 * is there already, and an environment could not be handed over to a pipeline.
 *
 * @internal
 */
export class GroupToGroup extends Construct {
  constructor(scope: Construct, id: string, { from, to, port, description }: GroupToGroupProps) {
    super(scope, id);
    const rule = { ...(port.toRuleJson() as { ipProtocol: string; fromPort: number; toPort: number }), description };
    new CfnSecurityGroupIngress(this, 'In', {
      ...rule,
      groupId: to.securityGroupId,
      sourceSecurityGroupId: from.securityGroupId,
    });
    new CfnSecurityGroupEgress(this, 'Out', {
      ...rule,
      groupId: from.securityGroupId,
      destinationSecurityGroupId: to.securityGroupId,
    });
  }
}
