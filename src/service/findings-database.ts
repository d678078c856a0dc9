import { ArnFormat, type CfnResource, Duration, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import { type ISecurityGroup, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  AuroraPostgresEngineVersion,
  ClusterInstance,
  Credentials,
  DatabaseCluster,
  DatabaseClusterEngine,
  type IDatabaseCluster,
  ParameterGroup,
  PerformanceInsightRetention,
} from 'aws-cdk-lib/aws-rds';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, type IDependable } from 'constructs';
import { GroupToGroup } from '../private/group-to-group';
import { fail, isKnown } from '../private/validate';
import { acknowledgeDatabase } from './database-findings';
import type { ServiceNetwork } from './service-network';

/** Properties of `FindingsDatabase`. */
export interface FindingsDatabaseProps {
  /** The network; the database is in its private subnets. */
  readonly network: ServiceNetwork;

  /** Encrypts the database, its backups, its logs and its owner's password. */
  readonly encryptionKey: IKey;

  /** The name of the cluster, which an account has once in a region. */
  readonly clusterIdentifier: string;

  /**
   * The least that a database of Aurora Serverless v2 runs with, in capacity units of about 2 GiB of memory, $0.12 an hour
   * each: 0 to 256, by halves. With 0 it pauses when nobody uses it, and the first request after that waits about 15
   * seconds.
   *
   * @default 0
   */
  readonly minCapacity?: number;

  /**
   * The most that it runs with: 1 to 256, by halves.
   *
   * @default 4
   */
  readonly maxCapacity?: number;

  /**
   * Whether there is a second database in the other zone, which answers when the first one fails. It costs as much.
   *
   * @default false
   */
  readonly reader?: boolean;

  /**
   * How long the daily backups are kept, with every moment in between: 1 to 35 days.
   *
   * @default - 7 days
   */
  readonly backupRetention?: Duration;

  /**
   * What happens to the database when its stack is destroyed. Unless it is deleted, it is protected from deletion by hand.
   *
   * @default - it stays, with its backups
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** The newest that CDK knows; a database of it pauses at no capacity. */
const ENGINE = DatabaseClusterEngine.auroraPostgres({ version: AuroraPostgresEngineVersion.of('18.6', '18') });
const PAUSE_AFTER = Duration.minutes(5);
const PORT = 5432;

/** Of the engine: nobody without TLS, and a log of who signed in and of each change of the schema. */
const PARAMETERS = {
  'rds.force_ssl': '1',
  log_connections: '1',
  log_disconnections: '1',
  log_statement: 'ddl',
  log_min_duration_statement: '1000',
};

/**
 * Aurora PostgreSQL Serverless v2 for findings. Only TLS gets in, from security groups that are let in one by one; handlers
 * sign in with tokens of IAM, for a minute each, and nobody but the migration reads the owner's password, which Amazon RDS
 * makes, and makes anew every seven days. Paused it costs its storage, $0.10 a GB a month, and $0.40 for the password.
 */
export class FindingsDatabase extends Construct {
  /** The name of the database in the cluster. */
  public static readonly DATABASE_NAME = 'findings';

  /** The cluster. */
  public readonly cluster: IDatabaseCluster;

  /** The password of the owner, `findings_owner`. */
  public readonly ownerSecret: ISecret;

  private readonly securityGroup: ISecurityGroup;

  constructor(scope: Construct, id: string, props: FindingsDatabaseProps) {
    super(scope, id);
    const minCapacity = props.minCapacity ?? 0;
    const maxCapacity = props.maxCapacity ?? 4;
    validateCapacity(this, minCapacity, maxCapacity);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    const { network, encryptionKey } = props;
    this.securityGroup = this.closedGroup(network, removalPolicy);
    const parameterGroup = new ParameterGroup(this, 'Parameters', { engine: ENGINE, parameters: PARAMETERS });
    const cluster = new DatabaseCluster(this, 'Resource', {
      engine: ENGINE,
      clusterIdentifier: props.clusterIdentifier,
      defaultDatabaseName: FindingsDatabase.DATABASE_NAME,
      credentials: Credentials.fromUsername('findings_owner', { encryptionKey }),
      manageMasterUserPassword: true,
      vpc: network.vpc,
      vpcSubnets: { subnets: network.privateSubnets },
      securityGroups: [this.securityGroup],
      serverlessV2MinCapacity: minCapacity,
      serverlessV2MaxCapacity: maxCapacity,
      serverlessV2AutoPauseDuration: minCapacity === 0 ? PAUSE_AFTER : undefined,
      writer: instance('Writer', encryptionKey),
      readers: props.reader === true ? [instance('Reader', encryptionKey)] : [],
      storageEncrypted: true,
      storageEncryptionKey: encryptionKey,
      iamAuthentication: true,
      parameterGroup,
      cloudwatchLogsExports: ['postgresql'],
      backup: { retention: props.backupRetention ?? Duration.days(7) },
      copyTagsToSnapshot: true,
      deletionProtection: removalPolicy !== RemovalPolicy.DESTROY,
      removalPolicy,
    });
    // Made before the database makes one without encryption that is kept for ever.
    cluster.node.addDependency(this.log(props, removalPolicy));
    // A database that stays is not without it.
    (parameterGroup.node.findChild('Resource') as CfnResource).applyRemovalPolicy(removalPolicy);
    acknowledgeDatabase(cluster, removalPolicy === RemovalPolicy.DESTROY);
    this.cluster = cluster;
    this.ownerSecret = cluster.secret!;
  }

  /** What it takes to sign in as one user of the database, with a token of IAM. */
  public signInStatement(user: string): PolicyStatement {
    const resourceName = `${this.cluster.clusterResourceIdentifier}/${user}`;
    return new PolicyStatement({
      sid: 'SignInToDatabase',
      actions: ['rds-db:connect'],
      resources: [
        Stack.of(this).formatArn({
          service: 'rds-db',
          resource: 'dbuser',
          resourceName,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      ],
    });
  }

  /** Where a client finds the database, and as whom: the environment that every handler reads. */
  public environment(user: string): Record<string, string> {
    return {
      DB_HOST: this.cluster.clusterEndpoint.hostname,
      DB_PORT: Token.asString(this.cluster.clusterEndpoint.port),
      DB_NAME: FindingsDatabase.DATABASE_NAME,
      DB_USER: user,
    };
  }

  /** Lets the members of a client's security group in, and lets them out to here. What it returns is there before they are. */
  public allow(scope: Construct, client: ISecurityGroup, description: string): IDependable {
    return new GroupToGroup(scope, 'ToDatabase', {
      from: client,
      to: this.securityGroup,
      port: Port.tcp(PORT),
      description,
    });
  }

  private log({ clusterIdentifier, encryptionKey }: FindingsDatabaseProps, removalPolicy: RemovalPolicy): LogGroup {
    return new LogGroup(this, 'Log', {
      logGroupName: `/aws/rds/cluster/${clusterIdentifier}/postgresql`,
      encryptionKey,
      retention: RetentionDays.ONE_YEAR,
      removalPolicy,
    });
  }

  private closedGroup(network: ServiceNetwork, removalPolicy: RemovalPolicy): SecurityGroup {
    const group = new SecurityGroup(this, 'SecurityGroup', {
      vpc: network.vpc,
      description: 'The database of findings',
      allowAllOutbound: false,
    });
    group.applyRemovalPolicy(removalPolicy);
    return group;
  }
}

function instance(id: string, encryptionKey: IKey) {
  return ClusterInstance.serverlessV2(id, {
    autoMinorVersionUpgrade: true,
    publiclyAccessible: false,
    enablePerformanceInsights: true,
    performanceInsightRetention: PerformanceInsightRetention.DEFAULT,
    performanceInsightEncryptionKey: encryptionKey,
    // A reader that is as large as the writer can take its place at once.
    ...(id === 'Reader' ? { scaleWithWriter: true } : {}),
  });
}

function validateCapacity(scope: Construct, min: number, max: number): void {
  validateUnits(scope, 'minCapacity', min, 0);
  validateUnits(scope, 'maxCapacity', max, 1);
  if (isKnown(min) && isKnown(max) && max < min) {
    fail(scope, `maxCapacity is ${max}, expected at least minCapacity, which is ${min}`);
  }
}

function validateUnits(scope: Construct, name: string, units: number, least: number): void {
  if (isKnown(units) && (units < least || units > 256 || !Number.isInteger(units * 2))) {
    fail(scope, `${name} is ${units}, expected ${least} to 256, by halves`);
  }
}
