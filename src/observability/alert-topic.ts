import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct, type IConstruct } from 'constructs';
import { acknowledge, Pack } from '../private/acknowledge';
import { fail, isKnown } from '../private/validate';

export interface AlertTopicProps {
  /**
   * Who gets an e-mail for each alert. AWS asks each address once to confirm, and sends nothing before.
   *
   * @default - nobody; subscribe to the topic by other means
   */
  readonly emails?: string[];

  /**
   * Encrypts the alerts. Its policy must let alarms use it: `AlertTopic.allowAlarms` where the key is made.
   *
   * @default - a key of its own, $1 a month
   */
  readonly encryptionKey?: IKey;

  /**
   * What an e-mail names as its sender.
   *
   * @default - TableSleuth
   */
  readonly displayName?: string;
}

/**
 * Where people are told: an encrypted topic that takes messages over TLS alone, from the alarms of this account and
 * from whoever has the permission. Costs nothing beside its key; e-mails are free up to a thousand a month.
 */
export class AlertTopic extends Construct {
  /**
   * Lets CloudWatch, on behalf of the alarms of this account and region, encrypt with a key. Call it on the key itself,
   * in the stack that makes it: the policy of an imported key cannot be changed.
   */
  public static allowAlarms(key: IKey): void {
    key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsOfThisAccount',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: alarmsOfThisAccount(key),
      }),
    );
  }

  /** The topic, as the target of alarms, rules and functions. */
  public readonly topic: ITopic;

  /** The key that encrypts the alerts; who publishes without being an alarm needs it too. */
  public readonly encryptionKey: IKey;

  constructor(scope: Construct, id: string, props: AlertTopicProps = {}) {
    super(scope, id);
    const emails = props.emails ?? [];
    const wrong = emails.filter((email) => isKnown(email) && !/^[^@\s]+@[^@\s]+$/.test(email));
    if (wrong.length > 0) {
      fail(this, `got ${JSON.stringify(wrong[0])} as an e-mail address, wants one such as data-team@example.com`);
    }
    this.encryptionKey = props.encryptionKey ?? this.ownKey();
    const topic = new Topic(this, 'Resource', {
      displayName: props.displayName ?? 'TableSleuth',
      masterKey: this.encryptionKey,
      enforceSSL: true,
    });
    topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsOfThisAccount',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: alarmsOfThisAccount(this),
      }),
    );
    for (const email of emails) {
      acknowledge(
        topic.addSubscription(new EmailSubscription(email)),
        [Pack.SERVERLESS],
        'SNSRedrivePolicy',
        'SNS tries an e-mail again by itself; a queue of alerts that nobody reads helps nobody, the alarm itself stays red',
      );
    }
    this.topic = topic;
  }

  private ownKey(): Key {
    const key = new Key(this, 'Key', { description: 'Alerts of the TableSleuth workbench', enableKeyRotation: true });
    AlertTopic.allowAlarms(key);
    return key;
  }
}

function alarmsOfThisAccount(scope: IConstruct): Record<string, Record<string, string>> {
  const stack = Stack.of(scope);
  const alarms = stack.formatArn({ service: 'cloudwatch', resource: 'alarm:*' });
  return { StringEquals: { 'aws:SourceAccount': stack.account }, ArnLike: { 'aws:SourceArn': alarms } };
}
