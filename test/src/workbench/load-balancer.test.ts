import { Duration } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { describe, expect, test } from 'vitest';
import { Access, Capacity, type LoadBalancerOptions, SignIn, SignInPool } from '../../../src';
import { ACCOUNT, inStack, REGION, templateOf } from '../../support/synthesis';
import { statementsOf } from '../../support/iam';
import { plain, propertiesOf, resourceOf, resourcesOf, type TemplateDocument } from '../../support/template';
import { userDataOf } from '../../support/user-data';
import { host } from '../../support/workbench';
import type { Stack } from 'aws-cdk-lib';

const BALANCER = 'AWS::ElasticLoadBalancingV2::LoadBalancer';
const LISTENER = 'AWS::ElasticLoadBalancingV2::Listener';
const TARGETS = 'AWS::ElasticLoadBalancingV2::TargetGroup';
const SECRET = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:sign-in-AbCdEf`;

function oidc(stack: Stack, changes: Partial<Parameters<typeof SignIn.oidc>[0]> = {}): SignIn {
  return SignIn.oidc({
    issuer: 'https://sign-in.example.com/',
    authorizationEndpoint: 'https://sign-in.example.com/authorize',
    tokenEndpoint: 'https://sign-in.example.com/token',
    userInfoEndpoint: 'https://sign-in.example.com/userinfo',
    clientId: 'tablesleuth',
    clientSecret: Secret.fromSecretCompleteArn(stack, 'ClientSecret', SECRET),
    ...changes,
  });
}

function balanced(stack: Stack, changes: Partial<LoadBalancerOptions> = {}): Access {
  return Access.loadBalancer({
    certificateArn: `arn:aws:acm:${REGION}:${ACCOUNT}:certificate/1234abcd`,
    hostName: 'tablesleuth.example.com',
    signIn: changes.signIn ?? oidc(stack),
    ...changes,
  });
}

function template(changes: Partial<LoadBalancerOptions> = {}, capacity = Capacity.autoScaling()): TemplateDocument {
  return templateOf((stack) => {
    host(stack, { access: balanced(stack, changes), capacity });
  });
}

describe('fails', () => {
  test('without a sign-in, in languages that do not check types', () => {
    const options = { certificateArn: 'x', hostName: 'x' } as unknown as LoadBalancerOptions;
    expect(() => Access.loadBalancer(options)).toThrow('signIn of the load balancer is missing');
  });

  test.each<[string, Partial<LoadBalancerOptions>, string]>([
    [
      'a certificate of IAM',
      { certificateArn: 'arn:aws:iam::1:server-certificate/x' },
      'expected the ARN of a certificate',
    ],
    [
      'a URL as its name',
      { hostName: 'https://tablesleuth.example.com' },
      'expected a name such as tablesleuth.example.com',
    ],
    ['a global web ACL', { webAclArn: 'arn:aws:wafv2:us-east-1:111122223333:global/webacl/x/1' }, 'regional web ACL'],
    ['nobody who may come', { allowedCidrs: [] }, 'allowedCidrs is empty'],
  ])('with %s', (_what, changes, message) => {
    expect(() => template(changes)).toThrow(message);
  });

  test.each([
    ['tokenEndpoint', 'http://sign-in.example.com/token', 'expected an https URL'],
    ['issuer', 'https://sign-in.example.com/?a=b', 'expected an https URL'],
    ['clientId', 'a b', 'expected letters, digits'],
    ['sessionTimeout', Duration.days(8), 'expected at most 7 days'],
  ])('when the %s of the provider is %s', (name, value, message) => {
    const act = () =>
      inStack((stack) => host(stack, { access: balanced(stack, { signIn: oidc(stack, { [name]: value }) }) }));
    expect(act).toThrow(message);
  });

  test('with a fleet', () => {
    expect(() => template({}, Capacity.fleet())).toThrow('EC2 registers no host of a fleet at a load balancer');
  });

  test.each(['Upper', 'a_b', 'aws-people', '-a'])('when a pool’s page is named %s', (domainPrefix) => {
    const act = () => inStack((stack) => new SignInPool(stack, 'Pool', { hostName: 'a.example.com', domainPrefix }));
    expect(act).toThrow('expected up to 63 small letters');
  });
});

describe('a load balancer', () => {
  const made = template();

  test('has two listeners: one asks to sign in and then forwards, the other redirects to it', () => {
    const listeners = resourcesOf(made, LISTENER).map(
      ({ Properties }) => plain(made, Properties) as Record<string, unknown>,
    );
    const byPort = Object.fromEntries(listeners.map((listener) => [String(listener['Port']), listener]));
    expect(Object.keys(byPort)).toEqual(['80', '443']);
    expect(byPort['443']).toMatchObject({
      Protocol: 'HTTPS',
      SslPolicy: 'ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09',
      DefaultActions: [
        {
          Type: 'authenticate-oidc',
          Order: 1,
          AuthenticateOidcConfig: {
            OnUnauthenticatedRequest: 'authenticate',
            SessionTimeout: '43200',
            ClientSecret: `{{resolve:secretsmanager:${SECRET}:SecretString:::}}`,
          },
        },
        { Type: 'forward', Order: 2 },
      ],
    });
    expect(byPort['80']).toMatchObject({
      DefaultActions: [
        { Type: 'redirect', RedirectConfig: { Protocol: 'HTTPS', Port: '443', StatusCode: 'HTTP_301' } },
      ],
    });
    expect(resourcesOf(made, 'AWS::ElasticLoadBalancingV2::ListenerRule')).toEqual([]);
  });

  test('asks hosts on port 8080 for /health every 30 seconds, and keeps people on one host', () => {
    expect(propertiesOf(made, TARGETS)).toMatchObject({
      Port: 8080,
      Protocol: 'HTTP',
      HealthCheckPath: '/health',
      HealthCheckIntervalSeconds: 30,
      TargetGroupAttributes: expect.arrayContaining([
        { Key: 'deregistration_delay.timeout_seconds', Value: '75' },
        { Key: 'stickiness.enabled', Value: 'true' },
        { Key: 'stickiness.type', Value: 'lb_cookie' },
      ]) as unknown,
    });
  });

  test('drops invalid headers, logs to a bucket and outlasts a long profile', () => {
    const attributes = propertiesOf(made, BALANCER)['LoadBalancerAttributes'] as Array<{ Key: string; Value: unknown }>;
    const values = Object.fromEntries(attributes.map(({ Key, Value }) => [Key, Value]));
    expect(values).toMatchObject({
      'routing.http.drop_invalid_header_fields.enabled': 'true',
      'access_logs.s3.enabled': 'true',
      'access_logs.s3.bucket': { Ref: resourceOf(made, 'AWS::S3::Bucket').id },
      'idle_timeout.timeout_seconds': '310',
    });
  });

  test('is who a host lets in, on one port, and what a host’s settings name', () => {
    const rules = resourcesOf(made, 'AWS::EC2::SecurityGroupIngress').map(({ Properties }) => Properties);
    expect(rules).toMatchObject([{ FromPort: 8080, ToPort: 8080, IpProtocol: 'tcp' }]);
    expect(JSON.stringify(rules[0]?.['SourceSecurityGroupId'])).toContain('Balancer');
    const userData = userDataOf(made);
    expect(userData).toContain(`LOAD_BALANCER_ARN="<${resourceOf(made, BALANCER).id}>"`);
    expect(userData).toContain('SIGN_IN_ISSUER="https://sign-in.example.com/"');
    expect(userData).toContain('SIGN_IN_CLIENT_ID="tablesleuth"');
    expect(userData).not.toContain('resolve:secretsmanager');
  });

  test('knows the hosts of a group, which replaces those that are not well', () => {
    expect(propertiesOf(made, 'AWS::AutoScaling::AutoScalingGroup')).toMatchObject({
      TargetGroupARNs: [{ Ref: resourceOf(made, TARGETS).id }],
      HealthCheckType: expect.stringContaining('ELB') as unknown,
    });
  });

  test('is left by hosts that EC2 may take back, which may do nothing else to it', () => {
    const spot = template({}, Capacity.autoScaling({ spot: true }));
    const targets = resourceOf(spot, TARGETS).id;
    const ofBalancers = statementsOf(spot).filter(({ actions }) => actions.join().includes('elasticloadbalancing'));
    expect(ofBalancers).toMatchObject([
      { actions: ['elasticloadbalancing:DeregisterTargets'], resources: [`<${targets}>`] },
    ]);
    expect(userDataOf(spot)).toContain(`TARGET_GROUP_ARN="<${targets}>"`);
  });

  test.each<[string, Capacity]>([
    ['an on-demand group of several, which takes them out itself', Capacity.autoScaling({ max: 3 })],
    ['one instance', Capacity.onDemand()],
  ])('cannot be left by hosts of %s', (_name, capacity) => {
    const onDemand = template({}, capacity);
    expect(JSON.stringify(onDemand)).not.toContain('DeregisterTargets');
    expect(userDataOf(onDemand)).not.toContain('TARGET_GROUP_ARN');
  });

  test('knows one instance', () => {
    const single = template({}, Capacity.onDemand());
    expect(propertiesOf(single, TARGETS)['Targets']).toEqual([
      { Id: { Ref: resourceOf(single, 'AWS::EC2::Instance').id }, Port: 8080 },
    ]);
  });

  test('lets only those come who are named', () => {
    const narrow = template({ allowedCidrs: ['203.0.113.0/24', '2001:db8::/32'] });
    const groups = resourcesOf(narrow, 'AWS::EC2::SecurityGroup').flatMap(
      ({ Properties }) => (Properties?.['SecurityGroupIngress'] ?? []) as Array<Record<string, unknown>>,
    );
    expect(groups.map(({ CidrIp, CidrIpv6, FromPort }) => [CidrIp ?? CidrIpv6, FromPort])).toEqual([
      ['203.0.113.0/24', 443],
      ['203.0.113.0/24', 80],
      ['2001:db8::/32', 443],
      ['2001:db8::/32', 80],
    ]);
  });

  test('may stand behind a web ACL', () => {
    const webAclArn = `arn:aws:wafv2:${REGION}:${ACCOUNT}:regional/webacl/mine/1234`;
    const guarded = template({ webAclArn });
    expect(propertiesOf(guarded, 'AWS::WAFv2::WebACLAssociation')).toEqual({
      ResourceArn: { Ref: resourceOf(guarded, BALANCER).id },
      WebACLArn: webAclArn,
    });
  });
});

describe('a user pool that is made', () => {
  const made = templateOf((stack) => {
    const pool = new SignInPool(stack, 'Pool', { hostName: 'tablesleuth.example.com', domainPrefix: 'people' });
    host(stack, { access: balanced(stack, { signIn: SignIn.cognito(pool) }) });
  });

  test('wants a second factor of everybody, and lets nobody sign up', () => {
    expect(propertiesOf(made, 'AWS::Cognito::UserPool')).toMatchObject({
      MfaConfiguration: 'ON',
      EnabledMfas: ['SOFTWARE_TOKEN_MFA'],
      AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
      DeletionProtection: 'ACTIVE',
    });
  });

  test('sends people back to the load balancer alone, with a code', () => {
    expect(propertiesOf(made, 'AWS::Cognito::UserPoolClient')).toMatchObject({
      CallbackURLs: ['https://tablesleuth.example.com/oauth2/idpresponse'],
      AllowedOAuthFlows: ['code'],
      GenerateSecret: true,
      SupportedIdentityProviders: ['COGNITO'],
    });
  });

  test('is the issuer that a host expects', () => {
    const pool = resourceOf(made, 'AWS::Cognito::UserPool').id;
    expect(userDataOf(made)).toMatch(new RegExp(`SIGN_IN_ISSUER="https://cognito-idp\\.[^"]*/<${pool}>"`));
  });
});
