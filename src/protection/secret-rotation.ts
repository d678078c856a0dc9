import { Duration, Stack } from 'aws-cdk-lib';
import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnPermission, type IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnRotationSchedule, type ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { sendStatements } from '../private/document-sender';
import { HandlerFunction } from '../private/handler-function';
import { fail, isKnown } from '../private/validate';

export interface SecretRotationProps {
  /** The password. */
  readonly secret: ISecret;

  /** The key that encrypts the password, and the function's environment. */
  readonly encryptionKey: IKey;

  /** Where the function writes its log: best where hosts do, because that is where people look. */
  readonly logGroup: ILogGroup;

  /** The value of the tag that all hosts have which use the password, and no other instance has. */
  readonly hostTagValue: string;

  /**
   * The key of that tag.
   *
   * @default - tablesleuth:environment
   */
  readonly hostTagKey?: string;

  /**
   * The days between two passwords: 1 to 1000.
   *
   * @default - 30 days
   */
  readonly every?: Duration;

  /**
   * Who is told when a rotation fails. The alarm costs $0.10 a month.
   *
   * @default - nobody; the function's log says why
   */
  readonly failureTopic?: ITopic;
}

/**
 * A new password for GizmoSQL every 30 days. Each host that runs takes it up one after the other: it waits until no query
 * runs, restarts both programs, and proves that the new password works and the old one is refused; logins are refused for
 * some seconds. When that fails anywhere, every host is back on the old password and the rotation has failed.
 *
 * People who connect to GizmoSQL themselves need the new password then; those who use TableSleuth notice nothing. The first
 * rotation is one interval after the deployment. Costs cents a year, and the alarm.
 */
export class SecretRotation extends Construct {
  /** The function that rotates; its metric `Errors` counts steps that failed. */
  public readonly function: IFunction;

  constructor(scope: Construct, id: string, props: SecretRotationProps) {
    super(scope, id);
    const days = this.days(props.every ?? Duration.days(30));
    const document = this.document();
    const tag = { key: props.hostTagKey ?? 'tablesleuth:environment', value: props.hostTagValue };
    this.function = new HandlerFunction(this, 'Function', {
      handler: 'rotation',
      description: "Rotates GizmoSQL's password",
      // The longest that there is: a host may wait for a query.
      timeout: Duration.minutes(15),
      environment: { HOST_TAG_KEY: tag.key, HOST_TAG_VALUE: tag.value, DOCUMENT_NAME: document.ref },
      statements: this.statements(props, document, tag),
      wildcards:
        'Instances can be listed, and outcomes of commands read, for all or none; commands go to instances with one tag, by ' +
        'condition, because their ids change',
      encryptionKey: props.encryptionKey,
      logGroup: props.logGroup,
      noQueue: 'Secrets Manager tries again by itself and an alarm tells; an old event is worth nothing',
    }).function;
    this.schedule(props.secret, days);
    if (props.failureTopic !== undefined) {
      this.alarm(props.failureTopic, props.hostTagValue);
    }
  }

  private days(every: Duration): number {
    const days = every.toDays({ integral: false });
    if (isKnown(days) && (!Number.isInteger(days) || days < 1 || days > 1000)) {
      fail(this, `\`every\` is ${days} days, expected a whole number from 1 to 1000`);
    }
    return days;
  }

  /** Names a version and nothing else: the host reads the password itself, and its output never holds one. */
  private document(): CfnDocument {
    const program = '/opt/tablesleuth/host/bin/rotate-password';
    return new CfnDocument(this, 'Document', {
      documentType: 'Command',
      documentFormat: 'JSON',
      targetType: '/AWS::EC2::Instance',
      updateMethod: 'NewVersion',
      content: {
        schemaVersion: '2.2',
        description: "Has a TableSleuth host use a version of GizmoSQL's password",
        parameters: {
          version: {
            type: 'String',
            description: 'The id of a version of the secret, or AWSCURRENT',
            allowedPattern: '^(AWSCURRENT|[A-Za-z0-9-]{32,64})$',
          },
        },
        mainSteps: [
          {
            name: 'RotatePassword',
            action: 'aws:runShellScript',
            inputs: {
              timeoutSeconds: '600',
              runCommand: [
                // A host that is still being installed reads the current password when it starts its programs.
                `[ -e ${program} ] || { echo 'not installed yet'; exit 0; }`,
                `exec /bin/bash ${program} '{{ version }}'`,
              ],
            },
          },
        ],
      },
    });
  }

  private statements(
    { secret, encryptionKey }: SecretRotationProps,
    document: CfnDocument,
    tag: { key: string; value: string },
  ): PolicyStatement[] {
    return [
      new PolicyStatement({
        sid: 'MoveVersions',
        actions: [
          'secretsmanager:DescribeSecret',
          'secretsmanager:PutSecretValue',
          'secretsmanager:UpdateSecretVersionStage',
        ],
        resources: [secret.secretArn],
      }),
      new PolicyStatement({
        sid: 'EncryptPassword',
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: [encryptionKey.keyArn],
      }),
      ...sendStatements(document, tag),
      new PolicyStatement({
        sid: 'FindHostsAndOutcomes',
        actions: ['ec2:DescribeInstances', 'ssm:GetCommandInvocation'],
        resources: ['*'],
      }),
    ];
  }

  private schedule(secret: ISecret, days: number): void {
    const permission = new CfnPermission(this, 'Permission', {
      functionName: this.function.functionArn,
      action: 'lambda:InvokeFunction',
      principal: 'secretsmanager.amazonaws.com',
      sourceAccount: Stack.of(this).account,
      sourceArn: secret.secretArn,
    });
    const schedule = new CfnRotationSchedule(this, 'Schedule', {
      secretId: secret.secretArn,
      rotationLambdaArn: this.function.functionArn,
      rotationRules: { automaticallyAfterDays: days },
      // A deployment restarts nothing; Secrets Manager only has the function prove the login that there is.
      rotateImmediatelyOnUpdate: false,
    });
    schedule.node.addDependency(permission);
  }

  private alarm(topic: ITopic, environmentName: string): void {
    const alarm = this.function
      .metricErrors({ period: Duration.minutes(5), statistic: 'Sum' })
      .createAlarm(this, 'Failed', {
        alarmName: `tablesleuth-${environmentName}-RotationFailed`,
        alarmDescription:
          "GizmoSQL's password was not rotated; hosts are on the old one. What to do: docs/operations.md, Password rotation",
        threshold: 1,
        evaluationPeriods: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        // The function runs once an interval: no data is the rule, and is well.
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
    alarm.addAlarmAction(new SnsAction(topic));
  }
}
