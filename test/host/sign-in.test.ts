import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { newSigningKey, signedHeader, type SignedHead, type SigningKey } from '../../emulator/balancer/signed-header';
import { onMachine } from './on-machine';
import { bakedInstance, configure, settings, succeeded } from './workbench';

const ADDRESS = '10.10.0.10';
const BALANCER = 'arn:aws:elasticloadbalancing:us-east-2:111122223333:loadbalancer/app/tablesleuth/0123456789abcdef';
const ISSUER = 'https://sign-in.example.com/';
const CLIENT = 'tablesleuth.workbench';
const OF_A_BALANCER = { LOAD_BALANCER_ARN: BALANCER, SIGN_IN_ISSUER: ISSUER, SIGN_IN_CLIENT_ID: CLIENT };
const ANA = { sub: 'ana-0001', email: 'ana@example.com', email_verified: true };

const key = newSigningKey();

const bench = onMachine(async (account) => {
  account.balancerKeys.set(key.id, key.publicKey);
  const machine = await bakedInstance(account);
  machine.write('/etc/tablesleuth/settings.env', settings(account, OF_A_BALANCER));
  await machine.shell(`ip address add ${ADDRESS}/32 dev lo`);
  succeeded(await configure(machine));
  return machine;
});

interface Difference {
  readonly head?: Partial<SignedHead>;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly key?: SigningKey;
}

const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

function header(different: Difference = {}): string {
  const head = { signer: BALANCER, iss: ISSUER, client: CLIENT, exp: inSeconds(120), ...different.head };
  return signedHeader(different.key ?? key, head, different.claims ?? ANA);
}

/** The status of a request to an address of the host, with the given headers. */
async function status(
  path: string,
  headers: Readonly<Record<string, string>> = {},
  address = ADDRESS,
): Promise<number> {
  const config = Object.entries(headers).map(([name, value]) => `header = "${name}: ${value}"\n`);
  const command = `curl --silent --max-time 10 --output /dev/null --write-out '%{http_code}' --config - http://${address}:8080${path}`;
  return Number(await bench.machine.shell(command, { input: config.join('') }));
}

const signedIn = (different?: Difference): Promise<number> => status('/', { 'x-amzn-oidc-data': header(different) });

async function journal(unit: string, wanted: string): Promise<string> {
  let text = '';
  for (const deadline = Date.now() + 5_000; !text.includes(wanted) && Date.now() < deadline; await sleep(100)) {
    text = await bench.machine.shell(`journalctl --no-pager --output=cat --unit=${unit}`);
  }
  return text;
}

describe('a host behind a load balancer', { concurrent: false }, () => {
  it('refuses what came around the load balancer, whatever it asks for', async () => {
    for (const path of ['/', '/api/health', '/api/config/status', '/api/gizmosql/status', '/health/../api/health']) {
      expect(await status(path), path).toBe(401);
    }
    expect(await status('/', { 'x-amzn-oidc-identity': 'ana-0001', 'X-Forwarded-User': 'ana' })).toBe(401);
  });

  it('lets nobody ask its verifier through nginx', async () => {
    expect(await status('/signed-in', { 'x-amzn-oidc-data': header() })).toBe(404);
  });

  it.each<[string, Difference]>([
    [
      'that another load balancer signed',
      { head: { signer: BALANCER.replace('0123456789abcdef', 'fedcba9876543210') } },
    ],
    [
      'that another account’s load balancer signed',
      { head: { signer: BALANCER.replace('111122223333', '444455556666') } },
    ],
    ['for another client', { head: { client: 'another' } }],
    ['of another identity provider', { head: { iss: 'https://sign-in.example.org/' } }],
    ['that has expired', { head: { exp: inSeconds(-1) } }],
    ['without an expiry', { head: { exp: undefined as unknown as number } }],
    ['that names nobody', { claims: { email: 'ana@example.com', email_verified: true } }],
    ['with a key that nobody publishes', { key: newSigningKey() }],
    ['with the id of another key', { key: { ...newSigningKey(), id: key.id } }],
    ['with a path in place of a key’s id', { key: { ...key, id: `../${key.id}` } }],
  ])('refuses a header %s', async (_what, different) => {
    expect(await signedIn(different)).toBe(403);
  });

  it.each([
    ['no token', 'ana'],
    [
      'changed after it was signed',
      header().replace(/\.[^.]*\./, `.${Buffer.from('{"sub":"root"}').toString('base64')}.`),
    ],
    ['signed with nothing', unsigned()],
    ['longer than any', 'x'.repeat(25_000)],
  ])('refuses a header that is %s', async (_what, value) => {
    expect(await status('/', { 'x-amzn-oidc-data': value })).toBe(403);
  });

  it('lets in whoever has signed in, names them in nginx’s log and asks for the key once', async () => {
    expect(await signedIn()).toBe(200);
    expect(await signedIn({ claims: { sub: 'ben-0002', username: 'ben "the" log' } })).toBe(200);
    expect(await signedIn({ claims: { ...ANA, email_verified: 'false' } })).toBe(200);
    const log = await journal('tablesleuth-proxy', ' - ana-0001 [');
    expect(log).toMatch(/ - ana@example\.com \[.*"GET \/ HTTP\/1\.1" 200 .* subject=ana-0001 /);
    expect(log).toMatch(/ - ben%20%22the%22%20log \[.* subject=ben-0002 /);
    expect(log).toMatch(/ - ana-0001 \[.* subject=ana-0001 /);
    expect(bench.account.requests.filter((request) => request.endsWith(key.id))).toHaveLength(1);
  });

  it('says why it refused, and never prints a token', async () => {
    const log = await journal('tablesleuth-sign-in', 'it has expired');
    expect(log).toContain('refused a signed header: its signer is another one');
    expect(log).not.toMatch(/eyJ[\w-]{20}/);
  });

  it('refuses a header that it let in, once that has expired', async () => {
    const soon = { 'x-amzn-oidc-data': header({ head: { exp: inSeconds(2) } }) };
    expect(await status('/', soon)).toBe(200);
    await sleep(2_100);
    expect(await status('/', soon)).toBe(403);
  });

  it('answers the load balancer’s health checks, and refuses the configuration to everybody', async () => {
    expect(await status('/health')).toBe(200);
    expect(await status('/api/config/', { 'x-amzn-oidc-data': header() })).toBe(403);
  });

  it('serves a forwarded port as before', async () => {
    expect(await status('/', {}, '127.0.0.1')).toBe(200);
  });

  it('opens no other port on its own address', async () => {
    const open = await bench.machine.shell(
      "ss -Hltn | awk '{print $4}' | grep -v '^127\\.\\|^\\[::ffff:127\\.' | sort -u",
    );
    expect(open.split('\n').filter((address) => !address.startsWith('169.254.'))).toEqual(['0.0.0.0:8080']);
  });

  it('lets nobody in while the keys of load balancers cannot be had', async () => {
    await bench.machine.shell('systemctl restart tablesleuth-sign-in; systemctl stop account-https');
    await sleep(500);
    expect(await signedIn()).toBe(500);
    await bench.machine.shell('systemctl start account-https');
    await sleep(500);
    expect(await signedIn()).toBe(200);
  });

  it('closes the door when it has no load balancer any more', async () => {
    bench.machine.write('/etc/tablesleuth/settings.env', settings(bench.account));
    succeeded(await configure(bench.machine));
    expect(await status('/health').catch(() => 0)).toBe(0);
    expect(await status('/health', {}, '127.0.0.1')).toBe(200);
  });
});

function unsigned(): string {
  const [, claims] = header().split('.');
  const head = {
    typ: 'JWT',
    alg: 'none',
    kid: key.id,
    signer: BALANCER,
    iss: ISSUER,
    client: CLIENT,
    exp: inSeconds(60),
  };
  return `${Buffer.from(JSON.stringify(head)).toString('base64url')}.${claims}.`;
}
