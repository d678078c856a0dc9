import type { RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledge, Pack } from '../private/acknowledge';

export interface GizmoSqlSecretProps {
  /** The key that encrypts the password. */
  readonly encryptionKey: IKey;

  /**
   * What happens to the password when its stack is destroyed.
   *
   * @default - the password stays, and costs $0.40 a month until it is deleted by hand
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * The password of GizmoSQL: 32 generated letters and digits that nobody has seen. Costs $0.40 a month.
 */
export class GizmoSqlSecret extends Construct {
  /** The secret: the password itself, not JSON. */
  public readonly secret: ISecret;

  constructor(scope: Construct, id: string, props: GizmoSqlSecretProps) {
    super(scope, id);
    const secret = new Secret(this, 'Resource', {
      description: 'Password of GizmoSQL on the TableSleuth host',
      generateSecretString: { passwordLength: 32, excludePunctuation: true },
      encryptionKey: props.encryptionKey,
      removalPolicy: props.removalPolicy,
    });
    const reason =
      'SecretRotation rotates it, from a stack that can be destroyed while this one stays; the rule sees a schedule in the ' +
      "secret's own stack alone";
    acknowledge(secret, [Pack.AWS_SOLUTIONS], 'SMG4', reason);
    acknowledge(secret, [Pack.HIPAA, Pack.NIST], 'SecretsManagerRotationEnabled', reason);
    this.secret = secret;
  }
}
