import { Duration } from 'aws-cdk-lib';
import {
  type CfnSecurityGroup,
  type ISecurityGroup,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  type SubnetSelection,
} from 'aws-cdk-lib/aws-ec2';
import {
  ApplicationLoadBalancer,
  ApplicationProtocol,
  ApplicationTargetGroup,
  ListenerAction,
  ListenerCertificate,
  Protocol,
  SslPolicy,
  TargetType,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeCheckov, COMPLIANCE_PACKS, Pack } from '../private/acknowledge';
import { fail, isKnown } from '../private/validate';
import { AccessLogBucket } from './access-log-bucket';
import { UI_PORT } from './host-commands';
import type { SignIn } from './sign-in';

export interface HostBalancerProps {
  readonly vpc: IVpc;
  readonly vpcSubnets: SubnetSelection;
  readonly certificateArn: string;
  readonly hostName: string;
  readonly signIn: SignIn;
  readonly allowedCidrs: string[];
  readonly accessLogs?: IBucket;
  readonly webAclArn?: string;
  readonly deletionProtection: boolean;
}

/** TableSleuth answers a long profile after minutes; nginx gives up after five. */
const IDLE_TIMEOUT = Duration.seconds(310);
/** A host that leaves drains for at most 100 seconds, of which queries get 75. */
const DEREGISTRATION_DELAY = Duration.seconds(75);
const EVERYBODY = ['0.0.0.0/0', '::/0'];

/** The load balancer in front of hosts: nobody passes who has not signed in, and nothing but the web interface is behind it. */
export class HostBalancer extends Construct {
  /** The load balancer, whose ARN is the signer that hosts expect. */
  public readonly loadBalancer: ApplicationLoadBalancer;
  /** Where hosts are registered. */
  public readonly targetGroup: ApplicationTargetGroup;
  /** What each host's settings say of it. */
  public readonly hostSettings: Record<string, string>;
  /** Whom hosts let in, and nobody else. */
  public readonly securityGroup: ISecurityGroup;

  constructor(scope: Construct, id: string, props: HostBalancerProps) {
    super(scope, id);
    validate(this, props);
    this.securityGroup = this.openTo(props);
    const loadBalancer = this.balancer(props);
    const targetGroup = this.targets(props.vpc);
    const signIn = props.signIn.bind(this, ListenerAction.forward([targetGroup]));
    loadBalancer.addListener('Https', {
      port: 443,
      protocol: ApplicationProtocol.HTTPS,
      certificates: [ListenerCertificate.fromArn(props.certificateArn)],
      sslPolicy: SslPolicy.TLS13_12_RES_PQ,
      defaultAction: signIn.action,
      open: false,
    });
    const http = loadBalancer.addListener('Http', {
      port: 80,
      protocol: ApplicationProtocol.HTTP,
      defaultAction: ListenerAction.redirect({ protocol: Protocol.HTTPS, port: '443', permanent: true }),
      open: false,
    });
    acknowledge(
      http,
      COMPLIANCE_PACKS,
      'ELBv2ACMCertificateRequired',
      'It redirects to the listener with the certificate',
    );
    this.guard(loadBalancer, props.webAclArn);
    this.loadBalancer = loadBalancer;
    this.targetGroup = targetGroup;
    this.hostSettings = {
      LOAD_BALANCER_ARN: loadBalancer.loadBalancerArn,
      SIGN_IN_ISSUER: signIn.issuer,
      SIGN_IN_CLIENT_ID: signIn.clientId,
    };
  }

  private openTo({ vpc, allowedCidrs }: HostBalancerProps): SecurityGroup {
    const group = new SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'TableSleuth load balancer: whoever may come to its sign-in',
      allowAllOutbound: false,
    });
    for (const cidr of allowedCidrs) {
      const peer = cidr.includes(':') ? Peer.ipv6(cidr) : Peer.ipv4(cidr);
      group.addIngressRule(peer, Port.tcp(443), 'Sign in, then TableSleuth');
      group.addIngressRule(peer, Port.tcp(80), 'Redirected to HTTPS');
    }
    group.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'The identity provider');
    if (allowedCidrs.some((cidr) => EVERYBODY.includes(cidr))) {
      acknowledge(
        group,
        [Pack.AWS_SOLUTIONS],
        'EC23',
        'Whoever comes is asked to sign in, and only a signed-in request reaches a host; allowedCidrs narrows who may come',
      );
      acknowledgeCheckov(
        group.node.defaultChild as CfnSecurityGroup,
        ['CKV_AWS_260'],
        'Port 80 redirects to HTTPS and does nothing else; allowedCidrs narrows who may come',
      );
    }
    return group;
  }

  private balancer(props: HostBalancerProps): ApplicationLoadBalancer {
    const loadBalancer = new ApplicationLoadBalancer(this, 'Resource', {
      vpc: props.vpc,
      vpcSubnets: props.vpcSubnets,
      internetFacing: true,
      securityGroup: this.securityGroup,
      deletionProtection: props.deletionProtection,
      dropInvalidHeaderFields: true,
      idleTimeout: IDLE_TIMEOUT,
    });
    this.log(loadBalancer, props.accessLogs);
    if (!props.deletionProtection) {
      const reason = 'It holds nothing, and a deployment that takes it away must not fail; deletionProtection sets it';
      acknowledge(loadBalancer, [Pack.HIPAA, Pack.NIST], 'ELBDeletionProtectionEnabled', reason);
    }
    return loadBalancer;
  }

  /** `logAccessLogs` of CDK would want the policy of a bucket that may be another stack's. */
  private log(loadBalancer: ApplicationLoadBalancer, given: IBucket | undefined): void {
    const made = given === undefined ? new AccessLogBucket(this, 'AccessLogs') : undefined;
    loadBalancer.setAttribute('access_logs.s3.enabled', 'true');
    loadBalancer.setAttribute('access_logs.s3.bucket', (given ?? made!.bucket).bucketName);
    if (made !== undefined) loadBalancer.node.addDependency(made);
  }

  private targets(vpc: IVpc): ApplicationTargetGroup {
    return new ApplicationTargetGroup(this, 'Hosts', {
      vpc,
      targetType: TargetType.INSTANCE,
      port: UI_PORT,
      protocol: ApplicationProtocol.HTTP,
      healthCheck: {
        path: '/health',
        healthyHttpCodes: '200',
        interval: Duration.seconds(30),
        timeout: Duration.seconds(5),
        healthyThresholdCount: 2,
        unhealthyThresholdCount: 2,
      },
      // What somebody looks at is on the host that they began on.
      stickinessCookieDuration: Duration.days(1),
      deregistrationDelay: DEREGISTRATION_DELAY,
    });
  }

  private guard(loadBalancer: ApplicationLoadBalancer, webAclArn: string | undefined): void {
    if (webAclArn !== undefined) {
      new CfnWebACLAssociation(this, 'WebAcl', { resourceArn: loadBalancer.loadBalancerArn, webAclArn });
      return;
    }
    const reason =
      'Nobody passes without a sign-in, and common rules take the SQL that people send on purpose for an attack; ' +
      'webAclArn puts a web ACL of your own in front';
    acknowledge(loadBalancer, [Pack.NIST, Pack.PCI], 'ALBWAFEnabled', reason);
  }
}

function validate(scope: Construct, props: HostBalancerProps): void {
  const { certificateArn, hostName, webAclArn, allowedCidrs } = props;
  if (isKnown(certificateArn) && !/^arn:[\w-]+:acm:[\w-]+:\d{12}:certificate\/[\w-]+$/.test(certificateArn)) {
    fail(scope, `certificateArn is ${JSON.stringify(certificateArn)}, expected the ARN of a certificate of ACM`);
  }
  if (isKnown(hostName) && !/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/.test(hostName)) {
    fail(scope, `hostName is ${JSON.stringify(hostName)}, expected a name such as tablesleuth.example.com`);
  }
  if (isKnown(webAclArn) && !/^arn:[\w-]+:wafv2:[\w-]+:\d{12}:regional\/webacl\/.+/.test(webAclArn)) {
    fail(scope, `webAclArn is ${JSON.stringify(webAclArn)}, expected the ARN of a regional web ACL of WAFv2`);
  }
  if (allowedCidrs.length === 0) {
    fail(scope, 'allowedCidrs is empty, so that nobody could come: name who may, or leave it out');
  }
  const subnets = props.vpc.selectSubnets(props.vpcSubnets);
  if (!subnets.isPendingLookup && subnets.subnets.length < 2) {
    fail(scope, `a load balancer needs public subnets in two zones, the network gives ${subnets.subnets.length}`);
  }
}
