import { describe, expect, test } from 'vitest';
import { settingsOf } from '../support/synthesis';
import { BALANCED, BALANCED_BY_COGNITO, EXISTING_NETWORK } from '../support/variants';
import { messageAbout } from '../support/settings-problems';

/** What is wrong with the settings; they are not of the types that the compiler would take. */
const { signIn: _signIn, ...OPEN } = BALANCED;
const cognito = (signIn: Record<string, unknown>) => ({
  access: { ...BALANCED, signIn: { kind: 'cognito', ...signIn } },
});

describe('fails, and says what is wanted:', () => {
  test.each<[what: string, given: unknown, message: string]>([
    [
      'a load balancer without a sign-in',
      { access: OPEN },
      'access.signIn: got nothing, wants a block of settings with kind cognito or oidc: a load balancer without a sign-in is ' +
        'open to the world',
    ],
    [
      'another kind of access',
      { access: { kind: 'public' } },
      'access.kind: got "public", wants sessionManager or loadBalancer',
    ],
    [
      'another kind of sign-in',
      { access: { ...BALANCED, signIn: { kind: 'none' } } },
      'access.signIn.kind: got "none", wants cognito or oidc',
    ],
    [
      'a provider without TLS',
      { access: { ...BALANCED, signIn: { ...BALANCED.signIn, tokenEndpoint: 'http://sign-in.example.com/token' } } },
      'access.signIn.tokenEndpoint: got "http://sign-in.example.com/token", wants an https URL without a query',
    ],
    [
      'a client’s secret in the settings',
      { access: { ...BALANCED, signIn: { ...BALANCED.signIn, clientSecretArn: 'hunter2' } } },
      'access.signIn.clientSecretArn: got "hunter2", wants the ARN of a secret of Secrets Manager',
    ],
    [
      'a fleet',
      { access: BALANCED, capacity: { kind: 'fleet' } },
      'capacity.kind: got "fleet" together with access.kind: loadBalancer, wants kind autoScaling or instance',
    ],
    [
      'one zone',
      { access: BALANCED, network: { maxAzs: 1 } },
      'network.maxAzs: got 1 together with access.kind: loadBalancer, wants 2 or 3: a load balancer is in two zones or more',
    ],
    [
      'a network that exists, without public subnets',
      { access: BALANCED, network: EXISTING_NETWORK },
      'access: got network.subnets, which are for hosts, wants access.subnetIds',
    ],
    [
      'subnets of a network that is made',
      { access: { ...BALANCED, subnetIds: ['subnet-0123456789abcdef2', 'subnet-0123456789abcdef3'] } },
      'access.subnetIds: got ["subnet-0123456789abcdef2", "subnet-0123456789abcdef3"] without network.vpcId, wants it left out',
    ],
    [
      'nobody who may come',
      { access: { ...BALANCED, allowedCidrs: [] } },
      'access.allowedCidrs: got [], wants a list of at least one address block',
    ],
    ...['999.1.1.0/24', '203.0.113.0/33', '203.0.113.0', '2001:db8::/129', 'fe80::1%eth0/64', ':::/8'].map(
      (block): [string, unknown, string] => [
        `the address block ${block}`,
        { access: { ...BALANCED, allowedCidrs: [block] } },
        `access.allowedCidrs[0]: got "${block}", wants an address block such as 203.0.113.0/24 or 2001:db8::/32`,
      ],
    ),
    [
      'a certificate of another region',
      { access: BALANCED, region: 'eu-west-1' },
      'access.certificateArn: got "arn:aws:acm:us-east-2:111122223333:certificate/1234abcd-12ab-34cd-56ef-12345..., wants one certificate of eu-west-1',
    ],
    [
      'a certificate that is none',
      { access: { ...BALANCED, certificateArn: 'tablesleuth.example.com' } },
      'access.certificateArn: got "tablesleuth.example.com", wants the ARN of a certificate of ACM, or a list with one of each region',
    ],
    ['no user pool', cognito({}), 'access.signIn: got kind cognito alone, wants domainPrefix, which makes a user pool'],
    [
      'two user pools',
      cognito({ domainPrefix: 'people', clientId: '1abc' }),
      'access.signIn.clientId: got "1abc" together with domainPrefix, wants one of the two user pools',
    ],
    [
      'half a user pool',
      cognito({ userPoolId: 'us-east-2_AbCdEf123', domain: 'people' }),
      'access.signIn: got userPoolId without clientId, wants clientId as well',
    ],
    [
      'a word that AWS keeps for itself',
      cognito({ domainPrefix: 'my-cognito' }),
      'access.signIn.domainPrefix: got "my-cognito", wants up to 63 small letters, digits and dashes, without aws',
    ],
  ])('%s', (_what, given, message) => {
    expect(messageAbout(given)).toContain(`  test.yaml: ${message}`);
  });
});

test.each<[unknown]>([
  [{}],
  [{ access: { kind: 'sessionManager' } }],
  [{ access: BALANCED }],
  [{ access: BALANCED_BY_COGNITO, network: { natGateways: 1 }, workspace: {} }],
  [{ access: { ...BALANCED, allowedCidrs: ['203.0.113.0/24', '2001:db8::/32'] }, capacity: { kind: 'instance' } }],
])('%j is good', (given) => {
  expect(messageAbout(given)).toBe('');
});

test('without the setting there is no load balancer', () => {
  expect(settingsOf({}).access).toEqual({ kind: 'sessionManager' });
});
