import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CfnResource, Duration } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Architecture, Code, Function, type IFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import {
  acknowledge,
  acknowledgeCfnLint,
  acknowledgeCheckov,
  acknowledgeWildcardResources,
  COMPLIANCE_PACKS,
  Pack,
} from './acknowledge';
import { fail } from './validate';

const BUNDLES = join(__dirname, '..', '..', 'assets');

export interface HandlerFunctionProps {
  /** The folder of `handlers/` that the function is bundled from. */
  readonly handler: string;
  readonly description: string;
  readonly timeout: Duration;
  readonly environment: Record<string, string>;
  /** What the function may do, beside writing its log. */
  readonly statements: PolicyStatement[];
  /** Why resources in the statements have wildcards. */
  readonly wildcards: string;
  /** Encrypts the environment. */
  readonly encryptionKey: IKey;
  /** An encrypted log group with a retention. */
  readonly logGroup: ILogGroup;
  /** Why an event that was not handled needs no queue. */
  readonly noQueue: string;
}

/** A function of `handlers/`: what all of them have in common. */
export class HandlerFunction extends Construct {
  public readonly function: IFunction;

  constructor(scope: Construct, id: string, props: HandlerFunctionProps) {
    super(scope, id);
    const bundle = join(BUNDLES, props.handler);
    if (!existsSync(join(bundle, 'index.js'))) {
      fail(
        this,
        `the function ${props.handler} is not bundled, expected ${bundle}/index.js: see scripts/bundle-handlers.cjs`,
      );
    }
    const handler = new Function(this, 'Resource', {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 256,
      timeout: props.timeout,
      handler: 'index.handler',
      code: Code.fromAsset(bundle),
      role: this.role(props).withoutPolicyUpdates(),
      environment: props.environment,
      environmentEncryption: props.encryptionKey,
      logGroup: props.logGroup,
    });
    acceptFindings(handler, props.noQueue);
    this.function = handler;
  }

  private role(props: HandlerFunctionProps): Role {
    const statements = [
      ...props.statements,
      new PolicyStatement({
        sid: 'WriteLog',
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [props.logGroup.logGroupArn],
      }),
    ];
    const policy = new ManagedPolicy(this, 'Policy', { description: props.description, statements });
    acknowledgeWildcardResources(policy, statements, `${props.wildcards}; the streams of one log group`);
    return new Role(this, 'Role', {
      description: props.description,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      managedPolicies: [policy],
    });
  }
}

function acceptFindings(handler: Function, noQueue: string): void {
  const resource = handler.node.defaultChild as CfnResource;
  const noNetwork = 'The function calls APIs of AWS alone, which are not in the network';
  const noReserve =
    'A new account has ten concurrent executions and can reserve none of them: the deployment would fail';
  const compliance = COMPLIANCE_PACKS.filter((pack) => pack !== Pack.PCI);
  acknowledge(handler, COMPLIANCE_PACKS, 'LambdaInsideVPC', noNetwork);
  acknowledge(handler, compliance, 'LambdaConcurrency', noReserve);
  acknowledge(handler, compliance, 'LambdaDLQ', noQueue);
  acknowledge(handler, [Pack.SERVERLESS], 'LambdaDLQ', noQueue);
  acknowledge(
    handler,
    [Pack.SERVERLESS],
    'LambdaTracing',
    'Its log tells each step; traces need permission on all of X-Ray, which has no narrower one',
  );
  acknowledgeCheckov(resource, ['CKV_AWS_116'], noQueue);
  acknowledgeCheckov(resource, ['CKV_AWS_117'], noNetwork);
  acknowledgeCheckov(resource, ['CKV_AWS_115'], noReserve);
  acknowledgeCfnLint(resource, ['W3005'], 'CDK itself adds the dependency on the role that the property makes already');
}
