import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { ProxyAnswer, ProxyEvent } from '../../handlers/findings-api/event';

/** Whose requests are let in. */
export interface Person {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface SignedGateway {
  /** Of its stage, as the stack's output has it. */
  readonly endpoint: string;
  /** What came, signed or not, as it was asked for. */
  readonly targets: readonly string[];
  readonly headers: ReadonlyArray<IncomingMessage['headers']>;
  close(): Promise<void>;
}

type Handler = (event: ProxyEvent) => Promise<ProxyAnswer>;

const STAGE = '/v1';
const REGION = 'us-east-2';
const ARN = 'arn:aws:sts::111122223333:assumed-role/reader/ada';

/**
 * API Gateway's REST API as far as it is between a signed request and a function: it computes the signature of what arrived
 * anew, by AWS's own description, and refuses in API Gateway's words.
 */
export async function startSignedGateway(person: () => Person, handler: Handler): Promise<SignedGateway> {
  const [targets, headers]: [string[], Array<IncomingMessage['headers']>] = [[], []];
  const server = createServer((request, response) => {
    targets.push(request.url ?? '');
    headers.push(request.headers);
    const refused = refusalOf(request, person());
    const answered = refused === undefined ? handler(eventOf(request)) : Promise.resolve(refused);
    void answered.then(({ statusCode, headers: own, body }) => {
      response.writeHead(statusCode, own).end(request.method === 'HEAD' ? undefined : body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}${STAGE}/`,
    targets,
    headers,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function refusalOf(request: IncomingMessage, person: Person): ProxyAnswer | undefined {
  const authorization = request.headers.authorization;
  if (authorization === undefined) return refusal({ message: 'Missing Authentication Token' });
  const [, key, signedHeaders = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/[^ ]+, SignedHeaders=([^ ]+), Signature=(\w+)$/.exec(authorization) ?? [];
  if (key !== person.accessKeyId || request.headers['x-amz-security-token'] !== person.sessionToken) {
    return refusal({ message: 'The security token included in the request is invalid.' });
  }
  if (signatureOf(request, signedHeaders, person) === signature) return undefined;
  return refusal({ message: 'The request signature we calculated does not match the signature you provided.' });
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
function signatureOf(request: IncomingMessage, signedHeaders: string, { secretAccessKey }: Person): string {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const pairs = query.split('&').filter((pair) => pair !== '');
  const time = String(request.headers['x-amz-date']);
  const scope = `${time.slice(0, 8)}/${REGION}/execute-api/aws4_request`;
  const canonical = [
    request.method,
    path.split('/').map(encodeURIComponent).join('/'),
    pairs.sort().join('&'),
    ...signedHeaders.split(';').map((name) => `${name}:${String(request.headers[name])}`),
    '',
    signedHeaders,
    createHash('sha256').digest('hex'),
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', time, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  const keyed = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  return keyed(scope.split('/').reduce<string | Buffer>(keyed, `AWS4${secretAccessKey}`), toSign).toString('hex');
}

function refusal(body: object): ProxyAnswer {
  return { statusCode: 403, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function eventOf({ method = '', url = '' }: IncomingMessage): ProxyEvent {
  const { pathname, searchParams } = new URL(url, 'http://gateway');
  const names = [...new Set(searchParams.keys())];
  return {
    httpMethod: method,
    path: pathname.slice(STAGE.length),
    multiValueQueryStringParameters: Object.fromEntries(names.map((name) => [name, searchParams.getAll(name)])),
    requestContext: { requestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef', identity: { userArn: ARN } },
  };
}
