import { Arn, Stack } from 'aws-cdk-lib';
import { AccountPrincipal, type IRole, ManagedPolicy, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { sendStatements } from '../private/document-sender';
import { acknowledgeWildcardResources } from '../private/acknowledge';

/** Where a probe's role is. */
export interface HostProbeAddress {
  /** The name that the workbench was given, which the tag `tablesleuth:environment` of its hosts has. */
  readonly environmentName: string;

  /** The region of the hosts. */
  readonly region: string;
}

export interface HostProbeProps {
  /** The name that the workbench was given, which the tag `tablesleuth:environment` of its hosts has. */
  readonly environmentName: string;

  /** The role that may probe, in this account or another one. It need not exist yet. */
  readonly proberArn: string;
}

/**
 * What lets somebody ask the hosts of a workbench whether they are healthy, and its alarms whether one is on, and nothing
 * else: a role, and the one document that it may send to those hosts. Its script is fixed and has no parameter, so that
 * whoever takes the role can run no other command on a host. Costs nothing.
 */
export class HostProbe extends Construct {
  /**
   * The name of a probe's role. It is known before the role exists, so that a pipeline of another account can name it.
   */
  public static roleName(address: HostProbeAddress): string {
    return `tablesleuth-${address.environmentName}-probe-${address.region}`;
  }

  /** The name of the document that asks the hosts of a workbench; each region has its own. */
  public static documentName(environmentName: string): string {
    return `tablesleuth-${environmentName}-probe`;
  }

  /** The role that may probe. */
  public readonly role: IRole;

  constructor(scope: Construct, id: string, props: HostProbeProps) {
    super(scope, id);
    const { environmentName, proberArn } = props;
    const document = this.document(environmentName);
    const statements = this.statements(environmentName, document);
    const policy = new ManagedPolicy(this, 'Policy', { description: 'Asks hosts and alarms how they are', statements });
    acknowledgeWildcardResources(
      policy,
      statements,
      'Instances and alarms can be listed, and outcomes of commands read, for all or none; the command goes to instances with ' +
        'one tag, by condition, because their ids change',
    );
    const prober = Arn.extractResourceName(proberArn, 'role');
    this.role = new Role(this, 'Role', {
      roleName: HostProbe.roleName({ environmentName, region: Stack.of(this).region }),
      description: `Lets ${prober} ask the hosts of ${environmentName} for their health`,
      // The account by principal and the role by condition: a principal that does not exist yet would be refused.
      assumedBy: new AccountPrincipal(accountOf(proberArn)).withConditions({
        ArnEquals: { 'aws:PrincipalArn': proberArn },
      }),
      managedPolicies: [policy],
    });
  }

  private document(environmentName: string): CfnDocument {
    return new CfnDocument(this, 'Document', {
      name: HostProbe.documentName(environmentName),
      documentType: 'Command',
      documentFormat: 'JSON',
      targetType: '/AWS::EC2::Instance',
      updateMethod: 'NewVersion',
      content: {
        schemaVersion: '2.2',
        description: 'Asks a TableSleuth host for its health',
        mainSteps: [
          {
            name: 'AskHealth',
            action: 'aws:runShellScript',
            inputs: {
              timeoutSeconds: '120',
              runCommand: [
                'curl --silent --show-error --fail --retry 8 --retry-delay 5 --retry-connrefused --max-time 10 http://127.0.0.1:8080/health',
              ],
            },
          },
        ],
      },
    });
  }

  private statements(environmentName: string, document: CfnDocument): PolicyStatement[] {
    return [
      ...sendStatements(document, { key: 'tablesleuth:environment', value: environmentName }),
      new PolicyStatement({
        sid: 'FindHostsOutcomesAndAlarms',
        actions: ['ec2:DescribeInstances', 'ssm:GetCommandInvocation', 'cloudwatch:DescribeAlarms'],
        resources: ['*'],
      }),
    ];
  }
}

function accountOf(roleArn: string): string {
  return roleArn.split(':')[4] ?? '';
}
