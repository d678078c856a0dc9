import { CustomResource, Duration } from 'aws-cdk-lib';
import { InterfaceVpcEndpointAwsService } from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { CfnFunction, IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Provider } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { acknowledgeWildcardResources } from '../private/acknowledge';
import { acknowledgeDeploymentFunction } from '../private/deployment-function';
import { HandlerFunction } from '../private/handler-function';
import { handlerDigest } from '../private/handler-digest';
import { writeLogStatement } from '../private/log-statement';
import type { FindingsDatabase } from './findings-database';
import type { ServiceNetwork } from './service-network';

/** Properties of `FindingsMigration`. */
export interface FindingsMigrationProps {
  /** The database whose schema is brought up to date. */
  readonly database: FindingsDatabase;
  /** The network that the database is in. */
  readonly network: ServiceNetwork;
  /** Encrypts the owner's password, and the function's environment. */
  readonly encryptionKey: IKey;
  /** Where the function tells what it did. */
  readonly logGroup: ILogGroup;
}

/**
 * Brings the schema of the database up to date in every deployment that changes it, as its owner, and makes the users that
 * handlers sign in as. A migration that fails fails the deployment. Nothing else reads the owner's password.
 */
export class FindingsMigration extends Construct {
  constructor(scope: Construct, id: string, props: FindingsMigrationProps) {
    super(scope, id);
    const { database, encryptionKey, logGroup } = props;
    const network = props.network._handlerNetwork(this, 'Brings the schema of findings up to date');
    const wayIn = database.allow(this, network.securityGroup, 'Migration');
    const secrets = props.network._reach('SecretsManager', InterfaceVpcEndpointAwsService.SECRETS_MANAGER);
    const handler = new HandlerFunction(this, 'Function', {
      handler: 'findings-migration',
      description: 'Brings the schema of the database of findings up to date',
      timeout: Duration.minutes(15),
      environment: {
        ...database.environment('findings_owner'),
        DB_CLUSTER_SECRET_ARN: database.ownerSecret.secretArn,
      },
      statements: ownersPassword(database, encryptionKey),
      wildcards: 'Network interfaces are asked for by Lambda itself alone, before they have a name',
      encryptionKey,
      logGroup,
      noQueue: 'CloudFormation waits for its answer and shows its failure',
      network,
    });
    const provider = new Provider(this, 'Provider', {
      onEventHandler: handler.function,
      frameworkOnEventRole: this.waiter(handler.function, logGroup).withoutPolicyUpdates(),
      logGroup,
      providerFunctionEnvEncryption: encryptionKey,
    });
    acknowledgeProvider(provider);
    const schema = new CustomResource(this, 'Resource', {
      serviceToken: provider.serviceToken,
      resourceType: 'Custom::FindingsSchema',
      // Another digest makes CloudFormation call the function again.
      properties: { Migrations: handlerDigest('findings-migration') },
    });
    // Its instances make a cluster answer, the rules let the function in, and it reads the password first of all.
    schema.node.addDependency(database, wayIn, ...secrets);
  }

  /** The role of the function by which CDK calls the migration and tells CloudFormation how it ended. */
  private waiter(migration: IFunction, logGroup: ILogGroup): Role {
    const description = 'Calls the migration of the schema of findings';
    const statements = [
      new PolicyStatement({
        sid: 'CallMigration',
        actions: ['lambda:GetFunction', 'lambda:InvokeFunction'],
        resources: [migration.functionArn],
      }),
      writeLogStatement(logGroup),
    ];
    const policy = new ManagedPolicy(this, 'WaiterPolicy', { description, statements });
    acknowledgeWildcardResources(policy, statements, 'The streams of one log group');
    return new Role(this, 'WaiterRole', {
      description,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      managedPolicies: [policy],
    });
  }
}

/** What is accepted of the function by which CDK waits for the migration. */
function acknowledgeProvider(provider: Provider): void {
  const framework = provider.node.findChild('framework-onEvent');
  const resource = framework.node.findChild('Resource') as CfnFunction;
  resource.memorySize = 256;
  // CDK's own names the construct's path, which is another one in a stage of a pipeline.
  resource.description = 'Calls the migration, and tells CloudFormation how it ended';
  acknowledgeDeploymentFunction(framework, 'it calls Lambda alone, which is in no network');
}

function ownersPassword({ ownerSecret }: FindingsDatabase, encryptionKey: IKey): PolicyStatement[] {
  return [
    new PolicyStatement({
      sid: 'ReadOwnersPassword',
      actions: ['secretsmanager:GetSecretValue'],
      resources: [ownerSecret.secretArn],
    }),
    new PolicyStatement({ sid: 'DecryptIt', actions: ['kms:Decrypt'], resources: [encryptionKey.keyArn] }),
  ];
}
