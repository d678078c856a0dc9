import { request } from 'node:https';
import { request as plainRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { newSigningKey, signedHeader } from '../../emulator/balancer/signed-header';
import { type LocalBrowser, openBrowser } from '../browser/browser';
import { whyNoChromium } from '../browser/chromium';
import { withSoftware } from '../support/installed-software';
import { Deployment } from './deployment';
import { Authenticator } from './fixtures/authenticator';
import { ANA, HOST_NAME } from './fixtures/identity-provider';
import { jsonApi } from './fixtures/json-api';
import { whereMachinesRun } from './fixtures/machines';
import { pasted } from './fixtures/pasted';
import { elements, queryApi } from './fixtures/query-api';
import { SignInPage } from './fixtures/sign-in-page';

const OBSTACLE = whyNoChromium();
const STACK = 'TablesleuthWorkbench-dev';
const TABLESLEUTH = /TableSleuth/i;
const DOMAIN_PREFIX = 'tablesleuth-example';
const SIGN_IN_HOST = `${DOMAIN_PREFIX}.auth.us-east-2.amazoncognito.com`;
/** What the invitation holds. */
const TEMPORARY = 'Temporary-horse-7-battery';

let deployment: Deployment;
let browser: LocalBrowser;
let page: Page;
let ports: { https: number; http: number };
let url: string;
let hostId: string;

whereMachinesRun(async () => {
  if (OBSTACLE !== undefined) return console.warn(`skipped: ${OBSTACLE}`);
  deployment = await Deployment.start('load-balancer', { machines: await withSoftware() });
  const machines = deployment.account.machines!;
  const certificate = await jsonApi(deployment.account, 'acm', 'RequestCertificate', { DomainName: HOST_NAME });
  const signIn = { kind: 'cognito', domainPrefix: DOMAIN_PREFIX };
  const access = { kind: 'loadBalancer', certificateArn: certificate['CertificateArn'], hostName: HOST_NAME, signIn };
  const { exitCode, output } = await deployment.deploy(
    ...machines.gizmosqlSettings,
    `access=${JSON.stringify(access)}`,
  );
  expect(exitCode, output).toBe(0);
  await invite(ANA.name);
  url = (await deployment.outputs(STACK))['Url']!;
  const [arn] = elements(await elb('DescribeLoadBalancers'), 'LoadBalancerArn');
  await healthyTarget();
  ports = { https: machines.loadBalancers.port(arn!, 443)!, http: machines.loadBalancers.port(arn!, 80)! };
  hostId = (await deployment.hosts())[0]!.InstanceId!;
  browser = await openBrowser({
    hosts: { [HOST_NAME]: ports.https, [SIGN_IN_HOST]: machines.loadBalancers.signInPort },
  });
  page = await browser.newPage();
});

beforeEach(({ skip }) => skip(OBSTACLE !== undefined, OBSTACLE));

afterAll(async () => {
  await browser?.close();
  await deployment?.stop();
});

/** As the stack's output says; the temporary password would come by mail. */
async function invite(name: string): Promise<void> {
  const { InviteUserCommand } = await deployment.outputs('TablesleuthData-dev');
  const command = InviteUserCommand!.replaceAll('NAME@example.com', name);
  await pasted(deployment.account, `${command} --temporary-password ${TEMPORARY}`);
}

function elb(action: string, parameters: Readonly<Record<string, string>> = {}): Promise<string> {
  return queryApi(deployment.account, 'elasticloadbalancing', action, { Version: '2015-12-01', ...parameters });
}

async function healthyTarget(): Promise<void> {
  const [group] = elements(await elb('DescribeTargetGroups'), 'TargetGroupArn');
  const states = async () => elements(await elb('DescribeTargetHealth', { TargetGroupArn: group! }), 'State');
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(300)) {
    if ((await states()).includes('healthy')) return;
  }
  throw new Error(`the host is no healthy target: ${(await states()).join()}`);
}

interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: string;
}

/** What the load balancer answers to somebody without a cookie. */
function ask(
  path: string,
  options: { method?: string; headers?: Record<string, string>; plain?: boolean } = {},
): Promise<Answer> {
  const { method = 'GET', headers = {}, plain = false } = options;
  const target = { host: '127.0.0.1', method, path, headers: { host: HOST_NAME, ...headers } };
  return new Promise((resolve, reject) => {
    const sent = plain
      ? plainRequest({ ...target, port: ports.http })
      : request({ ...target, port: ports.https, rejectUnauthorized: false });
    sent.once('error', reject).once('response', (answer) => {
      const parts: Buffer[] = [];
      answer
        .on('data', (part: Buffer) => parts.push(part))
        .on('end', () => {
          const { statusCode: status = 0, headers: given } = answer;
          resolve({ status, location: given.location, body: Buffer.concat(parts).toString() });
        });
    });
    sent.end();
  });
}

/** The status of a request to the host's own port 8080 that did not come through the load balancer. */
async function around(headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const names = Object.entries(headers).map(([name, value]) => `--header '${name}: ${value}'`);
  const script = `curl --silent --output /dev/null --write-out '%{http_code}' ${names.join(' ')} http://$(ip -oneline address show dev lo | grep --only-matching '10[.][0-9.]*'):8080/`;
  const { stdout, stderr } = await deployment.account.machines!.run(hostId, script);
  if (stdout === '') throw new Error(stderr);
  return Number(stdout);
}

describe('a person who opens the URL', { concurrent: false }, () => {
  let app: Authenticator;

  test('is sent from HTTP to HTTPS', async () => {
    expect(await ask('/api/health?x=1', { plain: true })).toMatchObject({
      status: 301,
      location: `https://${HOST_NAME}:443/api/health?x=1`,
    });
  });

  test('gets nothing of TableSleuth without a sign-in, whatever they ask for', async () => {
    for (const path of ['/', '/api/health', '/api/config/status', '/health', '/static/../']) {
      for (const method of ['GET', 'POST', 'OPTIONS']) {
        const { status, location, body } = await ask(path, { method });
        expect([status, location?.split('?')[0]], `${method} ${path}`).toEqual([
          302,
          `https://${SIGN_IN_HOST}/oauth2/authorize`,
        ]);
        expect(body).toBe('');
      }
    }
  });

  test('gets nothing by a forged session, and none by a forged identity', async () => {
    const headers = {
      cookie: 'AWSELBAuthSessionCookie-0=forged',
      'x-amzn-oidc-data': 'forged',
      'x-amzn-oidc-identity': 'root',
    };
    expect((await ask('/', { headers })).status).toBe(302);
    expect((await ask('/oauth2/idpresponse?code=forged&state=forged')).status).toBe(401);
  });

  test('meets the sign-in page', async () => {
    await page.goto(url);
    expect(new URL(page.url()).host).toBe(SIGN_IN_HOST);
    expect(await page.title()).toContain('Sign in');
    expect(await page.content()).not.toMatch(/GizmoSQL|Parquet/);
  });

  test('is not let in with a wrong password', async () => {
    const signIn = new SignInPage(page);
    await signIn.givePassword(ANA.name, 'wrong-horse-7-Battery');
    expect(await signIn.problem()).toBe('Incorrect username or password.');
    expect(signIn.host).toBe(SIGN_IN_HOST);
  });

  test('chooses a password when they come for the first time, and adds an authenticator app', async () => {
    const signIn = new SignInPage(page);
    await signIn.givePassword(ANA.name, TEMPORARY);
    await signIn.choosePassword('too-short-7-B');
    expect(await signIn.problem()).toMatch(/did not conform with policy/);
    await signIn.choosePassword(ANA.password);
    expect(await signIn.heading()).toBe('Set up your authenticator app');
    app = new Authenticator((await signIn.key())!);
    await signIn.giveCode(app.wrongCode());
    expect(await signIn.problem()).toBe('Invalid code received for user');
    expect(await signIn.key()).toBeDefined();
  });

  test('meets TableSleuth once they have given a code of it', async () => {
    await new SignInPage(page).giveCode(app.code());
    await page.waitForURL(url);
    await expect.poll(() => page.title()).toMatch(TABLESLEUTH);
    const answer = await page.evaluate(async () => (await fetch('/api/gizmosql/status')).json());
    expect(answer).toMatchObject({ connected: true });
  });

  test('needs the second factor in another browser as well', async () => {
    const other = await browser.newPage();
    await other.goto(url);
    const signIn = new SignInPage(other);
    await signIn.givePassword(ANA.name, ANA.password);
    expect([await signIn.heading(), await signIn.key()]).toEqual(['Enter your code', undefined]);
    await other.goto(url);
    expect(signIn.host).toBe(SIGN_IN_HOST);
    await signIn.givePassword(ANA.name, ANA.password);
    await signIn.giveCode(app.wrongCode());
    expect(await signIn.problem()).toBe('Invalid code received for user');
    await signIn.giveCode(app.code());
    await other.waitForURL(url);
    await expect.poll(() => other.title()).toMatch(TABLESLEUTH);
    await other.close();
  });

  test('is refused the configuration', async () => {
    const status = await page.evaluate(async () => (await fetch('/api/config/')).status);
    expect(status).toBe(403);
  });

  test('is named in nginx’s log', async () => {
    const { stdout } = await deployment.account.machines!.run(
      hostId,
      'journalctl --output=cat --unit=tablesleuth-proxy',
    );
    expect(stdout).toMatch(/ - ana@example\.com \[.*"GET \/api\/gizmosql\/status HTTP\/1\.1" 200 /);
  });
});

describe('a request that comes around the load balancer', () => {
  test('is refused without the signed header', async () => {
    expect(await around()).toBe(401);
  });

  test('is refused with a header that somebody else signed', async () => {
    const head = {
      signer: 'arn:aws:elasticloadbalancing:us-east-2:000000000000:loadbalancer/app/other/1',
      iss: 'x',
      client: 'x',
    };
    const forged = signedHeader(newSigningKey(), { ...head, exp: Math.floor(Date.now() / 1000) + 60 }, { sub: 'root' });
    expect(await around({ 'x-amzn-oidc-data': forged })).toBe(403);
  });
});

describe('the load balancer', () => {
  test('leads to port 8080 alone: GizmoSQL is not behind it', async () => {
    const listeners = elements(await elb('DescribeListeners'), 'Port').sort();
    expect([...new Set(listeners)]).toEqual(['443', '80']);
    expect(elements(await elb('DescribeTargetGroups'), 'Port')).toEqual(['8080']);
    const { stdout } = await deployment.account.machines!.run(hostId, "ss -Hltn | awk '{print $4}' | grep 31337");
    expect(stdout.trim()).toMatch(/127\.0\.0\.1\]?:31337$/);
  });

  test('keeps the client’s secret out of outputs and the host', async () => {
    const { UserPools } = await cognito<{ UserPools: [{ Id: string }] }>('ListUserPools', { MaxResults: 1 });
    const UserPoolId = UserPools[0].Id;
    const listed = await cognito<{ UserPoolClients: [{ ClientId: string }] }>('ListUserPoolClients', { UserPoolId });
    const { ClientId } = listed.UserPoolClients[0];
    const described = await cognito<{ UserPoolClient: { ClientSecret: string } }>('DescribeUserPoolClient', {
      UserPoolId,
      ClientId,
    });
    const secret = described.UserPoolClient.ClientSecret;
    expect(secret).toMatch(/^\S{20,}$/);
    const { stdout } = await deployment.account.machines!.run(
      hostId,
      'cat /etc/tablesleuth/* /var/lib/cloud/instance/user-data.txt 2>/dev/null',
    );
    expect(stdout).toContain(ClientId);
    expect(stdout).not.toContain(secret);
    for (const stack of [STACK, 'TablesleuthData-dev'])
      expect(JSON.stringify(await deployment.outputs(stack))).not.toContain(secret);
  });
});

async function cognito<Found>(action: string, request: unknown): Promise<Found> {
  return (await jsonApi(deployment.account, 'cognito-idp', action, request)) as Found;
}
