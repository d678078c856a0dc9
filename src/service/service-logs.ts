import { RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ILogGroup, LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

/** Properties of `ServiceLogs`. */
export interface ServiceLogsProps {
  /** Encrypts the logs; CloudWatch Logs is allowed to use it. */
  readonly encryptionKey: IKey;

  /**
   * How long logs are kept.
   *
   * @default - one year
   */
  readonly retention?: RetentionDays;

  /**
   * What happens to the logs when their stack is destroyed.
   *
   * @default - they stay
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** The logs of the findings service, encrypted and kept for a year. */
export class ServiceLogs extends Construct {
  /** What handlers and the deployment of the schema tell. */
  public readonly functions: ILogGroup;

  /** What workers tell. */
  public readonly workers: ILogGroup;

  /** Who asked the API for what. */
  public readonly requests: ILogGroup;

  constructor(scope: Construct, id: string, props: ServiceLogsProps) {
    super(scope, id);
    const options = {
      encryptionKey: props.encryptionKey,
      retention: props.retention ?? RetentionDays.ONE_YEAR,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    };
    this.functions = new LogGroup(this, 'Functions', options);
    this.workers = new LogGroup(this, 'Workers', options);
    this.requests = new LogGroup(this, 'Requests', options);
  }
}
