import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { type ISecurityGroup, type IVpc, type SubnetSelection, SubnetType } from 'aws-cdk-lib/aws-ec2';
import type { IApplicationTargetGroup } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { HostBalancer } from './host-balancer';
import type { SignIn } from './sign-in';
import type { IWorkbenchData } from './workbench-data';

/** What a way in gives to the workbench. */
export interface AccessConfig {
  /** What the host's role needs for it. */
  readonly hostStatements: PolicyStatement[];
  /** What a host has to know of it, as lines of its settings. */
  readonly hostSettings: Record<string, string>;
  /** The name of the Session Manager document that people start their sessions with. */
  readonly sessionDocumentName: string;
  /**
   * What leads people to hosts without Session Manager.
   *
   * @default - nothing does
   */
  readonly balancer?: BalancerConfig;
}

/** A load balancer in front of hosts. */
export interface BalancerConfig {
  /** Where hosts have to be registered. */
  readonly targetGroup: IApplicationTargetGroup;
  /** What people open. */
  readonly url: string;
  /** The name that `hostName` has to lead to, as a CNAME or alias record. */
  readonly dnsName: string;
  /** Where its requests to hosts come from. */
  readonly securityGroup: ISecurityGroup;
  /** What CloudWatch calls the load balancer, for `BalancerAlarms`. */
  readonly loadBalancerFullName: string;
  /** What CloudWatch calls its hosts. */
  readonly targetGroupFullName: string;
}

export interface SessionManagerOptions {
  /**
   * How long a session may be silent before it is ended; 1 to 60 minutes.
   *
   * @default - 20 minutes
   */
  readonly idleTimeout?: Duration;
}

export interface LoadBalancerOptions {
  /** The certificate of ACM for `hostName`, in the region of the load balancer. */
  readonly certificateArn: string;

  /** The name that people open, such as `tablesleuth.example.com`. Its DNS record is yours to make. */
  readonly hostName: string;

  /** How people sign in. There is no load balancer without: TableSleuth itself asks nobody who they are. */
  readonly signIn: SignIn;

  /**
   * Who may come to the sign-in, as IPv4 or IPv6 blocks.
   *
   * @default - everybody; nobody passes without signing in
   */
  readonly allowedCidrs?: string[];

  /**
   * The subnets of the load balancer, public ones in at least two zones.
   *
   * @default - the public subnets of the network
   */
  readonly vpcSubnets?: SubnetSelection;

  /**
   * Where the load balancer writes who asked for what; `AccessLogBucket` makes one that lets it.
   *
   * @default - a bucket that is made with it, and stays when it goes
   */
  readonly accessLogs?: IBucket;

  /**
   * A web ACL of WAFv2 in front of the load balancer. Rules against SQL in requests refuse what people do here.
   *
   * @default - none: whoever passes has signed in
   */
  readonly webAclArn?: string;

  /**
   * Whether AWS refuses to delete the load balancer. With it, a deployment that takes it away fails until this is off.
   *
   * @default - it can be deleted: it holds nothing
   */
  readonly deletionProtection?: boolean;

  /**
   * How long a session of Session Manager, which operators still have, may be silent; 1 to 60 minutes.
   *
   * @default - 20 minutes
   */
  readonly sessionIdleTimeout?: Duration;
}

/** How people reach a host. No way in opens a port of a host to the internet or makes a key. */
export abstract class Access {
  /**
   * Sessions and port forwarding through AWS Systems Manager: whoever may call `ssm:StartSession` on the instance is in.
   * Shell sessions are encrypted with the workbench's key and recorded in its session log; AWS records no port
   * forwarding, only (in CloudTrail) that it was started. Costs nothing.
   */
  public static sessionManager(options: SessionManagerOptions = {}): Access {
    return new SessionManagerAccess(options);
  }

  /**
   * A browser alone: an Application Load Balancer takes HTTPS on port 443, asks everybody to sign in, and leads whoever has
   * to TableSleuth on a host, which verifies that the request came this way. GizmoSQL stays behind Session Manager, which
   * operators keep. About $18 a month and $0.008 for each capacity unit and hour; two public addresses are $7.30 more.
   */
  public static loadBalancer(options: LoadBalancerOptions): Access {
    return new LoadBalancerAccess(options);
  }

  /** Creates what this way in needs. */
  public abstract bind(scope: Construct, data: IWorkbenchData, vpc: IVpc): AccessConfig;
}

class SessionManagerAccess extends Access {
  private readonly idleMinutes: number;

  constructor(options: SessionManagerOptions) {
    super();
    this.idleMinutes = (options.idleTimeout ?? Duration.minutes(20)).toMinutes();
    if (this.idleMinutes < 1 || this.idleMinutes > 60) {
      throw new Error(`idleTimeout of a session is ${this.idleMinutes} minutes, expected 1 to 60`);
    }
  }

  public bind(scope: Construct, data: IWorkbenchData): AccessConfig {
    const document = new CfnDocument(scope, 'SessionDocument', {
      documentType: 'Session',
      documentFormat: 'JSON',
      updateMethod: 'NewVersion',
      content: {
        schemaVersion: '1.0',
        description: 'A recorded shell on the TableSleuth host',
        sessionType: 'Standard_Stream',
        inputs: {
          cloudWatchLogGroupName: data.sessionLogGroup.logGroupName,
          cloudWatchEncryptionEnabled: true,
          cloudWatchStreamingEnabled: true,
          kmsKeyId: data.encryptionKey.keyArn,
          idleSessionTimeout: `${this.idleMinutes}`,
          runAsEnabled: false,
          shellProfile: { linux: 'exec bash --login' },
        },
      },
    });
    return { hostStatements: this.hostStatements(scope, data), hostSettings: {}, sessionDocumentName: document.ref };
  }

  private hostStatements(scope: Construct, data: IWorkbenchData): PolicyStatement[] {
    const stack = Stack.of(scope);
    return [
      new PolicyStatement({
        sid: 'RegisterWithSystemsManager',
        actions: ['ssm:UpdateInstanceInformation'],
        resources: [stack.formatArn({ service: 'ec2', resource: 'instance', resourceName: '*' })],
      }),
      new PolicyStatement({
        sid: 'SessionChannels',
        actions: [
          'ssmmessages:CreateControlChannel',
          'ssmmessages:CreateDataChannel',
          'ssmmessages:OpenControlChannel',
          'ssmmessages:OpenDataChannel',
        ],
        resources: ['*'],
      }),
      new PolicyStatement({
        sid: 'FindSessionLog',
        actions: ['logs:DescribeLogGroups'],
        resources: [
          stack.formatArn({
            service: 'logs',
            resource: 'log-group',
            resourceName: '*',
            arnFormat: ArnFormat.COLON_RESOURCE_NAME,
          }),
        ],
      }),
      new PolicyStatement({
        sid: 'WriteSessionLog',
        actions: ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
        resources: [data.sessionLogGroup.logGroupArn],
      }),
    ];
  }
}

class LoadBalancerAccess extends Access {
  private readonly sessions: Access;

  constructor(private readonly options: LoadBalancerOptions) {
    super();
    this.sessions = Access.sessionManager({ idleTimeout: options.sessionIdleTimeout });
    // JavaScript has no types, and a load balancer that asks nobody would be open to the world.
    if ((options.signIn as SignIn | undefined) === undefined) {
      throw new Error(
        'signIn of the load balancer is missing, expected SignIn.oidc or SignIn.cognito: it is never open',
      );
    }
  }

  public bind(scope: Construct, data: IWorkbenchData, vpc: IVpc): AccessConfig {
    const { options } = this;
    const balancer = new HostBalancer(scope, 'Balancer', {
      ...options,
      vpc,
      vpcSubnets: options.vpcSubnets ?? { subnetType: SubnetType.PUBLIC },
      allowedCidrs: options.allowedCidrs ?? ['0.0.0.0/0'],
      deletionProtection: options.deletionProtection ?? false,
    });
    return {
      ...this.sessions.bind(scope, data, vpc),
      hostSettings: balancer.hostSettings,
      balancer: {
        targetGroup: balancer.targetGroup,
        url: `https://${options.hostName}/`,
        dnsName: balancer.loadBalancer.loadBalancerDnsName,
        securityGroup: balancer.securityGroup,
        loadBalancerFullName: balancer.loadBalancer.loadBalancerFullName,
        targetGroupFullName: balancer.targetGroup.targetGroupFullName,
      },
    };
  }
}
