import { RemovalPolicy } from 'aws-cdk-lib';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { type ILogGroup, LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { allowGrantsByServicesAlone } from '../private/service-grants';
import { allowLogs } from '../private/logs-key';
import { GizmoSqlSecret } from './gizmosql-secret';

export interface WorkbenchDataProps {
  /**
   * Days that hosts', sessions' and flow logs are kept.
   *
   * @default - 90 days
   */
  readonly logRetention?: RetentionDays;

  /**
   * What happens to the key, the password and the logs when their stack is destroyed.
   *
   * @default - all of them stay; the key costs $1 and the password $0.40 a month until they are deleted by hand
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** What `WorkbenchData.fromWorkbenchDataAttributes` needs to know. */
export interface WorkbenchDataAttributes {
  readonly encryptionKeyArn: string;
  readonly gizmosqlSecretArn: string;
  readonly hostLogGroupName: string;
  readonly sessionLogGroupName: string;
}

/** The parts of a workbench that outlive its hosts. */
export interface IWorkbenchData {
  /** Encrypts the password, the logs and the sessions. */
  readonly encryptionKey: IKey;
  /** The password of GizmoSQL. */
  readonly gizmosqlSecret: ISecret;
  /** Where hosts send their logs. */
  readonly hostLogGroup: ILogGroup;
  /** Where Session Manager records what people type and see. */
  readonly sessionLogGroup: ILogGroup;
}

/**
 * Everything of a workbench that must survive its hosts: the encryption key, the password and the logs.
 * Put it in a stack of its own. Costs about $1.40 a month and the logs.
 */
export class WorkbenchData extends Construct implements IWorkbenchData {
  /** Data made elsewhere, or in another stack whose deployment must not be locked by this one's. */
  public static fromWorkbenchDataAttributes(
    scope: Construct,
    id: string,
    attributes: WorkbenchDataAttributes,
  ): IWorkbenchData {
    const imported = new Construct(scope, id);
    return {
      encryptionKey: Key.fromKeyArn(imported, 'Key', attributes.encryptionKeyArn),
      gizmosqlSecret: Secret.fromSecretCompleteArn(imported, 'GizmosqlSecret', attributes.gizmosqlSecretArn),
      hostLogGroup: LogGroup.fromLogGroupName(imported, 'HostLogs', attributes.hostLogGroupName),
      sessionLogGroup: LogGroup.fromLogGroupName(imported, 'SessionLogs', attributes.sessionLogGroupName),
    };
  }

  /** Encrypts the password, the logs and the sessions; $1 a month. */
  public readonly encryptionKey: IKey;

  /** The password of GizmoSQL; $0.40 a month. */
  public readonly gizmosqlSecret: ISecret;

  /** Where hosts send their logs. */
  public readonly hostLogGroup: ILogGroup;

  /** Where Session Manager records what people type and see. */
  public readonly sessionLogGroup: ILogGroup;

  /** Where the network's flow logs go. */
  public readonly flowLogGroup: ILogGroup;

  private readonly removalPolicy: RemovalPolicy;
  private readonly logRetention: RetentionDays;

  constructor(scope: Construct, id: string, props: WorkbenchDataProps = {}) {
    super(scope, id);
    this.removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    this.logRetention = props.logRetention ?? RetentionDays.THREE_MONTHS;

    this.encryptionKey = this.key();
    this.gizmosqlSecret = new GizmoSqlSecret(this, 'GizmosqlSecret', {
      encryptionKey: this.encryptionKey,
      removalPolicy: this.removalPolicy,
    }).secret;
    this.hostLogGroup = this.logGroup('HostLogs');
    this.sessionLogGroup = this.logGroup('SessionLogs');
    this.flowLogGroup = this.logGroup('FlowLogs');
  }

  private key(): Key {
    const key = new Key(this, 'Key', {
      description: 'Password, logs and sessions of the TableSleuth workbench',
      enableKeyRotation: true,
      removalPolicy: this.removalPolicy,
    });
    allowLogs(key);
    allowGrantsByServicesAlone(key);
    return key;
  }

  private logGroup(id: string): LogGroup {
    return new LogGroup(this, id, {
      encryptionKey: this.encryptionKey,
      retention: this.logRetention,
      removalPolicy: this.removalPolicy,
    });
  }
}
