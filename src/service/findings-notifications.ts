import { Duration } from 'aws-cdk-lib';
import { InterfaceVpcEndpointAwsService } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { type ITopic, Subscription, SubscriptionProtocol, Topic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { DeadLetterQueue } from '../private/service-queue';
import { HandlerFunction } from '../private/handler-function';
import type { FindingsDatabase } from './findings-database';
import type { ServiceNetwork } from './service-network';

/** Properties of `FindingsNotifications`. */
export interface FindingsNotificationsProps {
  /** Where notifications are recorded, and digests come from. */
  readonly database: FindingsDatabase;
  /** The network that the database is in. */
  readonly network: ServiceNetwork;
  /** Encrypts notifications, and the function's environment. */
  readonly encryptionKey: IKey;
  /** Where the function writes its log. */
  readonly logGroup: ILogGroup;

  /**
   * Where digests go: the topic that tells people.
   *
   * @default - nobody is told; notifications are recorded all the same
   */
  readonly alertTopic?: ITopic;
}

/**
 * Notifications in and digests out: a topic that says that a sweep ended, and a function that records it and tells people
 * what the sweep changed. What could not be handled waits for two weeks in a queue, where an alarm sees it.
 */
export class FindingsNotifications extends Construct {
  /** Where notifications go in. */
  public readonly topic: ITopic;

  /** The function that handles them. */
  public readonly function: IFunction;

  /** What could not be handled. */
  public readonly deadLetterQueue: IQueue;

  constructor(scope: Construct, id: string, props: FindingsNotificationsProps) {
    super(scope, id);
    const { encryptionKey } = props;
    const topic = new Topic(this, 'Topic', {
      displayName: 'TableSleuth notifications',
      masterKey: encryptionKey,
      enforceSSL: true,
    });
    const deadLetterQueue = new DeadLetterQueue(this, 'Dead');
    this.function = this.handler(props, deadLetterQueue);
    this.subscribe(topic, deadLetterQueue);
    this.topic = topic;
    this.deadLetterQueue = deadLetterQueue;
  }

  /** As CDK's own, whose permission has an id that is another one in a stage of a pipeline. */
  private subscribe(topic: ITopic, deadLetterQueue: IQueue): void {
    this.function.addPermission('Topic', {
      principal: new ServicePrincipal('sns.amazonaws.com'),
      sourceArn: topic.topicArn,
    });
    new Subscription(this, 'Subscription', {
      topic,
      endpoint: this.function.functionArn,
      protocol: SubscriptionProtocol.LAMBDA,
      deadLetterQueue,
    });
  }

  private handler(props: FindingsNotificationsProps, deadLetterQueue: IQueue): IFunction {
    const { database, network, encryptionKey, logGroup, alertTopic } = props;
    const place = network._handlerNetwork(this, 'Notifications of findings');
    database.allow(this, place.securityGroup, 'Notifications');
    if (alertTopic !== undefined) network._reach('Sns', InterfaceVpcEndpointAwsService.SNS);
    return new HandlerFunction(this, 'Function', {
      handler: 'findings-notifications',
      description: 'Records notifications and tells people what changed',
      timeout: Duration.minutes(1),
      environment: {
        ...database.environment('findings_notifications'),
        ...(alertTopic && { ALERT_TOPIC_ARN: alertTopic.topicArn }),
      },
      statements: [
        database.signInStatement('findings_notifications'),
        ...(alertTopic === undefined ? [] : tellStatements(alertTopic, encryptionKey)),
      ],
      wildcards: 'Network interfaces are asked for by Lambda itself alone, before they have a name',
      encryptionKey,
      logGroup,
      deadLetterQueue,
      network: place,
    }).function;
  }
}

function tellStatements({ topicArn }: ITopic, { keyArn }: IKey): PolicyStatement[] {
  return [
    new PolicyStatement({ sid: 'TellPeople', actions: ['sns:Publish'], resources: [topicArn] }),
    new PolicyStatement({ sid: 'EncryptIt', actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: [keyArn] }),
  ];
}
