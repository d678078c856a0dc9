import { CfnOutput, Duration, RemovalPolicy, type Stack, Validations } from 'aws-cdk-lib';
import { type ISubnet, Subnet, type SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { Access, AccessLogBucket, type BalancerConfig, SignIn, SignInPool } from '../../src';
import { regionOfArn, type Settings } from '../settings';
import { PublishedValues } from './published';
import { zone } from './zone';

type BalancerSettings = Extract<Settings['access'], { kind: 'loadBalancer' }>;

const LOG_BUCKET = 'data/access-log-bucket';
const LOAD_BALANCER = 'workbench/load-balancer';
const TARGET_GROUP = 'workbench/target-group';
const USER_POOL = 'data/user-pool-id';
const USER_POOL_CLIENT = 'data/user-pool-client-id';

/** What the way in must not lose: the logs of a load balancer, and a user pool that is made. */
export function keepAccess(stack: Stack, { access, environment, logRetentionDays, retain }: Settings): void {
  if (access.kind !== 'loadBalancer') return;
  const published = new PublishedValues(environment);
  const removalPolicy = retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
  const expiration = Duration.days(logRetentionDays);
  const { bucket } = new AccessLogBucket(stack, 'AccessLogs', { expiration, removalPolicy });
  published.publish(stack, LOG_BUCKET, bucket.bucketName);
  if (access.signIn.kind === 'cognito' && access.signIn.domainPrefix !== undefined) {
    const { domainPrefix } = access.signIn;
    const pool = new SignInPool(stack, 'SignIn', { hostName: access.hostName, domainPrefix, removalPolicy });
    published.publish(stack, USER_POOL, pool.userPool.userPoolId);
    published.publish(stack, USER_POOL_CLIENT, pool.userPoolClient.userPoolClientId);
    const invite = `aws cognito-idp admin-create-user --region ${stack.region} --user-pool-id ${pool.userPool.userPoolId}`;
    const who = 'NAME@example.com';
    new CfnOutput(stack, 'InviteUserCommand', {
      // With an address that counts as verified people can choose a new password by mail, and hosts log it as their name.
      value: `${invite} --desired-delivery-mediums EMAIL --username ${who} --user-attributes Name=email,Value=${who} Name=email_verified,Value=true`,
      description: `Invite somebody to sign in: put their address in both places of ${who}`,
    });
  }
}

/** Tells the subnets of a load balancer to the stack that makes it. */
export function publishBalancerSubnets(stack: Stack, { access, environment }: Settings, subnets: ISubnet[]): void {
  if (access.kind !== 'loadBalancer') return;
  const published = new PublishedValues(environment);
  subnets.forEach(({ subnetId }, index) => published.publish(stack, balancerSubnet(index), subnetId));
}

/** The way in that the settings ask for. */
export function accessOf(scope: Construct, settings: Settings): Access {
  const { access } = settings;
  if (access.kind === 'sessionManager') return Access.sessionManager();
  const published = new PublishedValues(settings.environment);
  // As text of the template, where policies see that logging is on; the name never changes.
  const logBucket = published.refer(LOG_BUCKET);
  return Access.loadBalancer({
    certificateArn: certificateOf(access, settings),
    hostName: access.hostName,
    signIn: signInOf(scope, settings, access.signIn),
    allowedCidrs: access.allowedCidrs,
    vpcSubnets: balancerSubnets(scope, settings, access),
    accessLogs: Bucket.fromBucketName(scope, 'AccessLogs', logBucket),
    webAclArn: access.webAclArn,
    deletionProtection: access.deletionProtection,
  });
}

/** Tells what watches the load balancer how CloudWatch names it. */
export function publishBalancer(stack: Stack, { environment }: Settings, balancer: BalancerConfig | undefined): void {
  if (balancer === undefined) return;
  const published = new PublishedValues(environment);
  published.publish(stack, LOAD_BALANCER, balancer.loadBalancerFullName);
  published.publish(stack, TARGET_GROUP, balancer.targetGroupFullName);
}

/** The names that `publishBalancer` has published. */
export function balancerNames(
  scope: Construct,
  { environment }: Settings,
): Pick<BalancerConfig, 'loadBalancerFullName' | 'targetGroupFullName'> {
  const published = new PublishedValues(environment);
  return {
    loadBalancerFullName: published.read(scope, LOAD_BALANCER),
    targetGroupFullName: published.read(scope, TARGET_GROUP),
  };
}

/** What a person needs to come in through a load balancer. */
export function addAccessOutputs(stack: Stack, balancer: BalancerConfig | undefined): void {
  if (balancer === undefined) return;
  new CfnOutput(stack, 'Url', { value: balancer.url, description: 'Where people sign in and use TableSleuth' });
  new CfnOutput(stack, 'LoadBalancerDnsName', {
    value: balancer.dnsName,
    description: 'What the DNS record of that name has to lead to: a CNAME, or an alias of Route 53',
  });
}

/** The rules of the settings make sure that each region has one. */
function certificateOf({ certificateArn }: BalancerSettings, { region }: Settings): string {
  return [certificateArn].flat().find((arn) => regionOfArn(arn) === region)!;
}

function signInOf(scope: Construct, { environment }: Settings, signIn: BalancerSettings['signIn']): SignIn {
  const sessionTimeout = signIn.sessionHours === undefined ? undefined : Duration.hours(signIn.sessionHours);
  if (signIn.kind === 'oidc') {
    const { kind: _kind, clientSecretArn, sessionHours: _sessionHours, ...provider } = signIn;
    const clientSecret = Secret.fromSecretCompleteArn(scope, 'SignInClientSecret', clientSecretArn);
    return SignIn.oidc({ ...provider, clientSecret, sessionTimeout });
  }
  const published = new PublishedValues(environment);
  const pool = SignInPool.fromSignInPoolAttributes(scope, 'SignIn', {
    userPoolId: signIn.userPoolId ?? published.read(scope, USER_POOL),
    clientId: signIn.clientId ?? published.read(scope, USER_POOL_CLIENT),
    domain: (signIn.domainPrefix ?? signIn.domain)!,
  });
  return SignIn.cognito({ ...pool, sessionTimeout });
}

/** Undefined where the network itself tells its public subnets. */
function balancerSubnets(
  scope: Construct,
  { network, environment }: Settings,
  { subnetIds }: BalancerSettings,
): SubnetSelection | undefined {
  if (network.vpcId !== undefined && subnetIds === undefined) return undefined;
  const published = new PublishedValues(environment);
  const ids =
    network.vpcId === undefined
      ? [...Array(network.maxAzs).keys()].map((index) => published.read(scope, balancerSubnet(index)))
      : subnetIds!;
  return { subnets: ids.map((subnetId, index) => importedSubnet(scope, subnetId, index)) };
}

/** CDK wants a zone; a load balancer names its subnets alone. */
function importedSubnet(scope: Construct, subnetId: string, index: number): ISubnet {
  const attributes = { subnetId, availabilityZone: zone(index) };
  const subnet = Subnet.fromSubnetAttributes(scope, `BalancerSubnet${index}`, attributes);
  Validations.of(subnet).acknowledge({
    id: 'Annotation::@aws-cdk/aws-ec2:noSubnetRouteTableId',
    reason: 'Nothing here adds a route: a public subnet has its own',
  });
  return subnet;
}

function balancerSubnet(index: number): string {
  return `network/balancer-subnet-${index}`;
}
