import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CfnResource, Duration } from 'aws-cdk-lib';
import type { ISecurityGroup, ISubnet, IVpc } from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Architecture, Code, Function, type FunctionProps, type IFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import {
  acknowledge,
  acknowledgeCfnLint,
  acknowledgeCheckov,
  acknowledgeWildcardResources,
  COMPLIANCE_PACKS,
  Pack,
} from './acknowledge';
import { writeLogStatement } from './log-statement';
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
  /** Why an event that was not handled needs no queue; left out where there is a `deadLetterQueue`. */
  readonly noQueue?: string;
  /** Takes events that were not handled; without one `noQueue` says why. */
  readonly deadLetterQueue?: IQueue;
  /** Where the function is when it calls what is in a network. */
  readonly network?: HandlerNetwork;
}

/** Where in a network a function is. */
export interface HandlerNetwork {
  readonly vpc: IVpc;
  readonly subnets: ISubnet[];
  /** Of this function alone: what it may call. */
  readonly securityGroup: ISecurityGroup;
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
      ...placement(props.network),
      deadLetterQueue: props.deadLetterQueue,
    });
    acceptFindings(handler, props);
    this.function = handler;
  }

  private role(props: HandlerFunctionProps): Role {
    const statements = [
      ...props.statements,
      ...(props.network === undefined ? [] : [interfacesOfTheFunction()]),
      ...(props.deadLetterQueue === undefined ? [] : [lostEvents(props.deadLetterQueue)]),
      writeLogStatement(props.logGroup),
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

function placement(network: HandlerNetwork | undefined): Partial<FunctionProps> {
  if (network === undefined) return {};
  const { vpc, subnets, securityGroup } = network;
  // Subnets without a NAT gateway are public to CDK where a network was brought along; the function needs no way out.
  return { vpc, vpcSubnets: { subnets }, securityGroups: [securityGroup], allowPublicSubnet: true };
}

/** What Lambda does to put the function in its network. The key of the condition is there when the function's own code calls. */
function interfacesOfTheFunction(): PolicyStatement {
  return new PolicyStatement({
    sid: 'LambdaItselfAlone',
    actions: [
      'ec2:AssignPrivateIpAddresses',
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:UnassignPrivateIpAddresses',
    ],
    resources: ['*'],
    conditions: { Null: { 'lambda:SourceFunctionArn': 'true' } },
  });
}

function lostEvents(queue: IQueue): PolicyStatement {
  return new PolicyStatement({ sid: 'KeepLostEvents', actions: ['sqs:SendMessage'], resources: [queue.queueArn] });
}

function acceptFindings(handler: Function, { noQueue, network }: HandlerFunctionProps): void {
  const resource = handler.node.defaultChild as CfnResource;
  const noNetwork = 'The function calls APIs of AWS alone, which are not in the network';
  const noReserve =
    'A new account has ten concurrent executions and can reserve none of them: the deployment would fail';
  const compliance = COMPLIANCE_PACKS.filter((pack) => pack !== Pack.PCI);
  if (network === undefined) {
    acknowledge(handler, COMPLIANCE_PACKS, 'LambdaInsideVPC', noNetwork);
    acknowledgeCheckov(resource, ['CKV_AWS_117'], noNetwork);
  }
  acknowledge(handler, compliance, 'LambdaConcurrency', noReserve);
  if (noQueue !== undefined) {
    acknowledge(handler, [...compliance, Pack.SERVERLESS], 'LambdaDLQ', noQueue);
    acknowledgeCheckov(resource, ['CKV_AWS_116'], noQueue);
  }
  acknowledge(
    handler,
    [Pack.SERVERLESS],
    'LambdaTracing',
    'Its log tells each step; traces need permission on all of X-Ray, which has no narrower one',
  );
  acknowledgeCheckov(resource, ['CKV_AWS_115'], noReserve);
  acknowledgeCfnLint(resource, ['W3005'], 'CDK itself adds the dependency on the role that the property makes already');
}
