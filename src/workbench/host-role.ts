import { Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledgeWildcardResources } from '../private/acknowledge';
import type { DataAccess } from './data-access';
import type { IWorkbenchData } from './workbench-data';

/** The namespace of the CloudWatch agent's metrics; the role may write to no other. */
export const METRICS_NAMESPACE = 'CWAgent';

/** The source of the events that hosts put on the account's default bus; the role may use no other. */
export const HOST_EVENT_SOURCE = 'tablesleuth.host';

export interface HostRoleProps {
  readonly data: IWorkbenchData;
  readonly dataAccess: DataAccess[];
  /** What the way in and the bundle need. */
  readonly statements: PolicyStatement[];
  /** Lets hosts complete the hooks of their group, where it has any. */
  readonly hookPolicy?: ManagedPolicy;
}

/**
 * What a host may do: be reached, read its own password and bundle, write its own logs and metrics, and read the tables
 * it was given. The policies exist before the role does, so no host ever boots without them.
 */
export class HostRole extends Construct {
  public readonly role: Role;

  constructor(scope: Construct, id: string, props: HostRoleProps) {
    super(scope, id);
    const policies = [this.operation(props), ...(props.hookPolicy === undefined ? [] : [props.hookPolicy])];
    const reads = props.dataAccess.flatMap((access) => access.statements(this));
    if (reads.length > 0) {
      policies.push(this.tables(reads));
    }
    this.role = new Role(this, 'Resource', {
      description: 'TableSleuth host',
      assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
      managedPolicies: policies,
    });
  }

  private operation(props: HostRoleProps): ManagedPolicy {
    const statements = [...props.statements, ...this.ownStatements(props.data)];
    const policy = new ManagedPolicy(this, 'Operation', {
      description: 'Reach, password, logs and metrics of a TableSleuth host',
      statements,
    });
    acknowledgeWildcardResources(
      policy,
      statements,
      'Session channels, metrics and descriptions of EC2 have no resource types (metrics are bound to one namespace by ' +
        'condition); an instance cannot know its id before it exists (a workspace is bound to its hosts by their tag); the ' +
        'agent lists log groups to find its own; streams of one log group',
    );
    return policy;
  }

  private ownStatements(data: IWorkbenchData): PolicyStatement[] {
    return [
      new PolicyStatement({
        sid: 'ReadPassword',
        actions: ['secretsmanager:GetSecretValue'],
        resources: [data.gizmosqlSecret.secretArn],
      }),
      new PolicyStatement({
        sid: 'DecryptPasswordAndSessions',
        actions: ['kms:Decrypt'],
        resources: [data.encryptionKey.keyArn],
      }),
      new PolicyStatement({
        sid: 'WriteHostLog',
        actions: ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
        resources: [data.hostLogGroup.logGroupArn],
      }),
      new PolicyStatement({
        sid: 'WriteMetrics',
        actions: ['cloudwatch:PutMetricData'],
        resources: ['*'],
        conditions: { StringEquals: { 'cloudwatch:namespace': METRICS_NAMESPACE } },
      }),
      new PolicyStatement({
        sid: 'TellWhatHappensToIt',
        actions: ['events:PutEvents'],
        resources: [Stack.of(this).formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' })],
        // A request can put several events: each must be the host's own.
        conditions: {
          'ForAllValues:StringEquals': { 'events:source': HOST_EVENT_SOURCE },
          Null: { 'events:source': 'false' },
        },
      }),
      new PolicyStatement({
        sid: 'SignalOwnStack',
        actions: ['cloudformation:SignalResource'],
        resources: [Stack.of(this).stackId],
      }),
    ];
  }

  private tables(statements: PolicyStatement[]): ManagedPolicy {
    const policy = new ManagedPolicy(this, 'Tables', {
      description: 'Tables that a TableSleuth host may read',
      statements,
    });
    acknowledgeWildcardResources(
      policy,
      statements,
      'Read-only, and only what the settings name: the objects of a bucket, the tables of a database or of a table bucket',
    );
    return policy;
  }
}
