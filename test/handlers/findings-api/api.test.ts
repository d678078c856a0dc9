import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

import { answer } from '../../../handlers/findings-api/api';
import type { ProxyEvent } from '../../../handlers/findings-api/event';
import { DatabaseAway } from '../../../handlers/findings/database';
import { FIGURE_NAMES, FIGURES } from '../../../handlers/findings/figures';
import { PROJECT } from '../../support/synthesis';
import { CALLER, PAGE, ports, request, Rows } from './request';

const REQUEST_ID = 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef';
const NOBODY = { requestContext: { requestId: REQUEST_ID, identity: { userArn: null }, authorizer: null } };

const KEY = '0123456789abcdef0123456789abcdef';

const ROW = {
  ...{ table_key: KEY, table_id: 'glue:sales.orders', table_name: 'sales.orders' },
  ...{ format: 'iceberg', location: 's3://secret-lake/orders', inspected_at: new Date('2026-11-27T12:00:00Z') },
  ...{ status: 'ok', high: 1, medium: 0, low: 2 },
  ...Object.fromEntries(FIGURE_NAMES.map((name) => [FIGURES[name].column, 7])),
};

async function ask(target: string, { given = [], ...more }: Partial<ProxyEvent> & { given?: unknown[] | Error } = {}) {
  const given_ = ports(new Rows(given));
  const { statusCode, headers, body } = await answer(request(target, more), given_);
  return { statusCode, headers, body: JSON.parse(body) as Record<string, unknown>, lines: given_.lines };
}

describe('the findings API refuses', () => {
  test.each([
    ['/tables?limit=0', 'limit', 'Too small: expected number to be >=1'],
    ['/tables?limit=many', 'limit', 'Invalid input: expected number, received NaN'],
    ['/tables?limit=5&limit=6', 'limit', 'given 2 times, wanted once'],
    ['/tables?color=red', 'color', 'there is no parameter of this name'],
    ['/tables?name=%00', 'name', 'Invalid string: must match pattern /^[^\\0]*$/'],
    ['/tables?cursor=WzFd', 'cursor', 'not a cursor that this list gave out'],
    ['/tables/0123456789abcdef0123456789abcdef/findings?table=b', 'table', 'stands in the path'],
    ['/tables/a%27b', 'table', 'Invalid string: must match pattern /^[0-9a-f]{32}$/'],
    ['/tables/%E0%A4%A', 'table', 'Invalid string: must match pattern /^[0-9a-f]{32}$/'],
    ['/changes', 'since', 'Invalid input: expected string, received undefined'],
    ['/changes?since=yesterday', 'since', 'Invalid ISO datetime'],
    ['/changes?since=0000-01-01T00:00:00Z', 'since', expect.stringContaining('Too small')],
  ])('%s, and says which parameter is wrong and why', async (target, parameter, message) => {
    const { statusCode, headers, body } = await ask(target);
    expect([statusCode, headers['content-type']]).toEqual([400, 'application/problem+json']);
    expect(body).toMatchObject({ type: 'about:blank', title: 'Bad Request', status: 400, requestId: REQUEST_ID });
    expect(body.errors).toContainEqual({ parameter, message });
  });

  test('a figure that there is not, whatever else its name is, without asking the database', async () => {
    const database = new Rows([]);
    for (const by of ['nonsense', 'bytes desc; drop table latest', '__proto__', 'toString']) {
      const { statusCode } = await answer(request(`/worst?by=${encodeURIComponent(by)}`), ports(database));
      expect(statusCode, by).toBe(400);
    }
    expect(database.asked).toEqual([]);
  });

  test('a path that there is not', async () => {
    for (const path of ['/nothing', '/tables/', '/tables/a/b', '//tables', '/tables/a/findings/b']) {
      expect(await ask(path, { path }), path).toMatchObject({ statusCode: 404, body: { status: 404 } });
    }
  });

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'])('%s', async (httpMethod) => {
    const { statusCode, headers } = await ask('/tables', { httpMethod });
    expect([statusCode, headers.allow]).toEqual([405, 'GET']);
  });

  test('whoever API Gateway let in without asking who it is', async () => {
    for (const path of ['/tables', '/nothing', '/openapi.json']) {
      expect(await ask(path, NOBODY)).toMatchObject({ statusCode: 401, body: { title: 'Unauthorized' } });
    }
  });
});

describe('a table that is not known', () => {
  test.each([`/tables/${KEY}`, `/tables/${KEY}/findings`])('is not found at %s', async (target) => {
    expect(await ask(target)).toMatchObject({
      statusCode: 404,
      body: { detail: expect.stringContaining('no finding') },
    });
  });
});

describe('when something fails', () => {
  const secret = 'Key (location)=(s3://secret-lake/orders)';

  test('a database that is away is told as such, with the time to try again', async () => {
    const away = new DatabaseAway(
      Object.assign(new Error('connect ECONNREFUSED 10.0.2.5:5432'), { code: 'ECONNREFUSED' }),
      true,
    );
    const { statusCode, headers, body, lines } = await ask('/tables', { given: away });
    expect([statusCode, headers['retry-after'], body.title]).toEqual([503, '5', 'Service Unavailable']);
    expect(lines).toMatchObject([{ level: 'error', status: 503, error: { code: 'ECONNREFUSED' } }]);
    expect(JSON.stringify(body)).not.toContain('10.0.2.5');
  });

  test('no answer has a stack, and neither answer nor log has what the database quotes', async () => {
    const given = Object.assign(new Error(secret), { code: '22P02', detail: secret });
    const { statusCode, body, lines } = await ask('/tables', { given });
    expect([statusCode, body.title]).toEqual([500, 'Internal Server Error']);
    expect(JSON.stringify(body)).not.toContain(' at ');
    expect(lines).toMatchObject([{ level: 'error', status: 500, error: { name: 'Error', code: '22P02' } }]);
    expect(JSON.stringify([body, lines])).not.toContain('secret-lake');
  });

  test('a fault of ours is in the log, with where it happened', async () => {
    const { statusCode, body, lines } = await ask('/worst', { given: [{}] });
    expect(statusCode).toBe(500);
    expect(JSON.stringify(lines)).toMatch(/TypeError.*answers\.ts/);
    expect(JSON.stringify(body)).not.toMatch(/TypeError|answers\.ts/);
  });
});

describe('every answer', () => {
  test.each(['/tables', '/nothing', '/openapi.json'])(
    'names its request, and is kept by nobody: %s',
    async (target) => {
      expect((await ask(target)).headers).toMatchObject({
        'x-request-id': REQUEST_ID,
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      });
    },
  );

  test('has a line in the log: who asked for what, and nothing of a table', async () => {
    const { body, lines } = await ask('/tables?name=secret', { given: [ROW] });
    expect(JSON.stringify(body)).toContain('s3://secret-lake/orders');
    expect(lines).toEqual([
      {
        ...{ level: 'info', requestId: REQUEST_ID, caller: CALLER, method: 'GET', path: '/tables' },
        ...{ status: 200, milliseconds: 0 },
      },
    ]);
  });

  test('to a user of Cognito is logged by the subject of the token', async () => {
    const requestContext = { requestId: REQUEST_ID, authorizer: { claims: { sub: '01234567-89ab' } } };
    const { statusCode, lines } = await ask('/tables', { requestContext });
    expect([statusCode, lines[0]?.caller]).toEqual([200, '01234567-89ab']);
  });
});

describe('a page of tables', () => {
  test('has the place of the next one only when there is one', async () => {
    expect((await ask('/tables?limit=1', { given: [ROW] })).body.next).toBeNull();
    const { body } = await ask('/tables?limit=1', { given: [ROW, ROW] });
    expect(body.tables).toHaveLength(1);
    const database = new Rows([]);
    await answer(request(`/tables?limit=1&cursor=${body.next as string}`), ports(database));
    expect(database.asked[0]?.values).toEqual(['sales.orders', KEY, 2]);
  });

  test('takes what is searched for as text, not as a pattern', async () => {
    const database = new Rows([]);
    await answer(request('/tables?name=100%25_\\'), ports(database));
    expect(database.asked[0]?.values.at(-1)).toBe('%100\\%\\_\\\\%');
  });
});

describe('the page', () => {
  test('is at the root, and may run its own script, take its own style and ask this API alone', async () => {
    const { statusCode, headers, body } = await answer(request('/'), ports(new Rows([])));
    expect([statusCode, headers['content-type'], body]).toEqual([200, 'text/html; charset=utf-8', PAGE]);
    const hash = (text: string) => createHash('sha256').update(text).digest('base64');
    const policy = headers['content-security-policy']?.split('; ');
    expect(policy).toEqual(
      expect.arrayContaining([
        ...["default-src 'none'", "connect-src 'self'", "form-action 'none'", "frame-ancestors 'none'"],
        ...[`script-src 'sha256-${hash('0')}'`, `style-src 'sha256-${hash('p{margin:0}')}'`],
      ]),
    );
    expect(headers['content-security-policy']).not.toContain('unsafe');
  });

  test('asks for no other place, and has one script and one style', () => {
    const page = readFileSync(join(PROJECT, 'assets', 'findings-api', 'page.html'), 'utf8');
    expect(page.match(/<script|<style/g)).toEqual(['<style', '<script']);
    // The name of SVG is no address.
    expect(page.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:\/\/|innerHTML|@import|\burl\(/);
    expect(Buffer.byteLength(page)).toBeLessThan(50_000);
  });

  test('is for nobody whom API Gateway did not ask who it is', async () => {
    expect(await ask('/', NOBODY)).toMatchObject({ statusCode: 401 });
  });
});
