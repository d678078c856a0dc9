import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { type FindingsProxy, startFindingsProxy } from '../../../cli/findings/proxy';
import type { ProxyAnswer } from '../../../handlers/findings-api/event';
import { type Person, type SignedGateway, startSignedGateway } from '../../support/signed-gateway';

const ADA: Person = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret-of-ada', sessionToken: 'session-of-ada' };
const ANSWER: ProxyAnswer = {
  statusCode: 200,
  headers: { 'content-type': 'application/json', 'x-request-id': 'r-1', 'set-cookie': 'a=b', 'x-amzn-trace-id': 't' },
  body: '{"tables":[]}',
};

let gateway: SignedGateway;
let proxy: FindingsProxy;
let known: Person;
let answers: () => ProxyAnswer;

beforeEach(async () => {
  [known, answers] = [ADA, () => ANSWER];
  gateway = await startSignedGateway(
    () => known,
    () => Promise.resolve(answers()),
  );
  proxy = await startFindingsProxy({ endpoint: gateway.endpoint, region: 'us-east-2', credentials: ADA });
});
afterEach(async () => {
  await proxy.close();
  await gateway.close();
});

/** Unlike fetch it sends what it is told to, whatever that is. */
async function send(target: string, headers: Record<string, string> = {}, method = 'GET') {
  const { port } = proxy;
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path: target, method, headers }, (answer) => {
      text(answer).then((body) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }), reject);
    });
    sent.on('error', reject).end();
  });
}

async function letIn(): Promise<Record<string, string>> {
  const { headers } = await send(new URL(proxy.url).search.replace('?', '/?'));
  const [cookie = ''] = (headers['set-cookie'] as string[] | undefined)?.[0]?.split(';') ?? [];
  return { cookie };
}

describe('the way to the API', () => {
  test('is given to the browser that opens the address, by a cookie that no page reads and none sends from elsewhere', async () => {
    const { status, headers } = await send(new URL(proxy.url).search.replace('?', '/?'));
    expect(status).toBe(200);
    expect(headers['set-cookie']).toEqual([
      expect.stringMatching(/^[\w-]+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/),
    ]);
    expect(headers['referrer-policy']).toBe('no-referrer');
  });

  test('is on loopback alone, by an address with a token of 256 bits, another one each time', async () => {
    expect(proxy.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}$/);
    const other = await startFindingsProxy({ endpoint: gateway.endpoint, region: 'us-east-2', credentials: ADA });
    await other.close();
    expect(new URL(other.url).search).not.toBe(new URL(proxy.url).search);
  });

  test('signs what is asked, so that API Gateway lets it in, whatever is in it', async () => {
    const cookie = await letIn();
    for (const target of [
      ...[
        '/',
        '/worst',
        '/worst?by=files&limit=5',
        '/tables?name=a+b%20c',
        '/tables?name=%C3%BC%26%3D%2F%27%28%21%2A~',
      ],
      ...['/tables/a%20b', '/tables/%E2%82%AC/findings', '/tables?b=2&a=1&a=0', '/tables?cursor='],
    ]) {
      expect(await send(target, cookie), target).toMatchObject({ status: 200, body: ANSWER.body });
    }
    expect(gateway.targets[0]).toBe('/v1/');
    expect(gateway.targets[3]).toBe('/v1/tables?name=a%20b%20c');
  });

  test('signs without a session token as well', async () => {
    const { sessionToken: _, ...credentials } = ADA;
    known = credentials;
    await proxy.close();
    proxy = await startFindingsProxy({ endpoint: gateway.endpoint, region: 'us-east-2', credentials });
    expect(await send('/worst', await letIn())).toMatchObject({ status: 200 });
  });

  test('asks for credentials anew with each request: whoever signs in again goes on', async () => {
    const credentials = vi.fn(() => Promise.resolve({ ...ADA, expiration: new Date(0) }));
    await proxy.close();
    proxy = await startFindingsProxy({ endpoint: gateway.endpoint, region: 'us-east-2', credentials });
    const cookie = await letIn();
    await send('/worst', cookie);
    await send('/worst', cookie);
    expect(credentials).toHaveBeenCalledTimes(2);
  });

  test.each([
    '//evil.example/x',
    '/../../x',
    '/..%2f..%2fx',
    'http://evil.example/x',
    '/\\evil.example/x',
    '/%2e%2e/x',
  ])('leads below the stage of the API and nowhere else: %s', async (target) => {
    await send(target, await letIn());
    expect(gateway.targets.every((each) => each.startsWith('/v1/'))).toBe(true);
    expect(gateway.targets).toHaveLength(1);
  });

  test('passes the status, the body and what a browser has to know, and no cookie of anybody', async () => {
    const { headers } = await send('/worst', await letIn());
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-request-id': 'r-1',
      'cache-control': 'no-store',
    });
    expect(headers).not.toHaveProperty('set-cookie');
    expect(headers).not.toHaveProperty('x-amzn-trace-id');
    expect(gateway.headers.every((each) => each.cookie === undefined)).toBe(true);
  });

  test('passes what the API says is wrong', async () => {
    answers = () => ({
      ...{ statusCode: 503, headers: { 'content-type': 'application/problem+json', 'retry-after': '5' } },
      body: '{"detail":"the database is away"}',
    });
    expect(await send('/worst', await letIn())).toMatchObject({
      ...{ status: 503, body: '{"detail":"the database is away"}' },
      headers: { 'retry-after': '5' },
    });
  });

  test('follows nobody elsewhere', async () => {
    answers = () => ({ statusCode: 302, headers: { location: 'http://127.0.0.1:1/' }, body: '' });
    const { status, headers } = await send('/worst', await letIn());
    expect([status, headers['location']]).toEqual([302, undefined]);
    expect(gateway.targets).toHaveLength(1);
  });
});

describe('nothing is signed', () => {
  afterEach(() => expect(gateway.targets).toEqual([]));

  test('without the cookie', async () => {
    expect(await send('/worst')).toMatchObject({
      status: 403,
      headers: { 'content-type': 'application/problem+json' },
    });
    expect(await send('/?token=wrong')).toMatchObject({ status: 403 });
  });

  test('for a second browser', async () => {
    await letIn();
    const { status, headers } = await send(new URL(proxy.url).search.replace('?', '/?'));
    expect([status, headers['set-cookie']]).toEqual([403, undefined]);
  });

  test('for a page of another name that leads here', async () => {
    const cookie = await letIn();
    expect(await send('/worst', { ...cookie, host: `evil.example:${proxy.port}` })).toMatchObject({ status: 403 });
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('for %s', async (method) => {
    expect(await send('/worst', await letIn(), method)).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  });
});

describe('what AWS refuses comes with what to do', () => {
  test.each([
    ['The security token included in the request is expired', /aws sso login/],
    ['The security token included in the request is invalid.', /get-caller-identity/],
    [
      'User: arn:aws:iam::1:user/ada is not authorized to perform: execute-api:Invoke',
      /allow you `execute-api:Invoke`/,
    ],
  ])('%s', async (message, what) => {
    answers = () => ({
      statusCode: 403,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ message }),
    });
    const { status, body } = await send('/worst', await letIn());
    expect(status).toBe(403);
    expect((JSON.parse(body) as { detail: string }).detail).toMatch(what);
    expect(body).toContain(message);
  });

  test('credentials that are those of nobody', async () => {
    known = { ...ADA, secretAccessKey: 'another-one' };
    expect((await send('/worst', await letIn())).body).toContain('AWS does not know your credentials');
  });

  test('no credentials at all', async () => {
    await proxy.close();
    const credentials = () => Promise.reject(new Error('Could not load credentials from any providers'));
    proxy = await startFindingsProxy({ endpoint: gateway.endpoint, region: 'us-east-2', credentials });
    const { status, body } = await send('/worst', await letIn());
    expect([status, body]).toEqual([502, expect.stringContaining('sign in to AWS')]);
  });

  test('an API that is not there', async () => {
    const cookie = await letIn();
    await gateway.close();
    const { status, body } = await send('/worst', cookie);
    expect([status, body]).toEqual([502, expect.stringContaining('ECONNREFUSED')]);
    gateway = await startSignedGateway(
      () => known,
      () => Promise.resolve(ANSWER),
    );
  });

  test('and no answer has a credential in it', async () => {
    known = { ...ADA, secretAccessKey: 'another-one' };
    const answered = [await send('/worst', await letIn()), await send('/worst'), await send('/', {}, 'POST')];
    expect(JSON.stringify(answered)).not.toMatch(/secret-of-ada|session-of-ada|AKIAEXAMPLE/);
  });
});
