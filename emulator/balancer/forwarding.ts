import { randomBytes } from 'node:crypto';
import { request as httpRequest, type Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Target } from './description';

/** What a request gets on its way, beside what it came with. */
export interface OnTheWay {
  readonly headers: Readonly<Record<string, string>>;
  readonly port: number;
  readonly protocol: 'http' | 'https';
  /** A cookie for the answer; undefined: none. */
  readonly cookie: string | undefined;
}

/** Headers that only a load balancer may set, and those that concern one connection alone. */
const NOT_PASSED_ON =
  /^(x-amzn-oidc-.*|connection|keep-alive|transfer-encoding|upgrade|x-forwarded-(for|proto|port))$/i;
const OF_ONE_CONNECTION = /^(connection|keep-alive|transfer-encoding)$/i;
/** `dropInvalidHeaderFields`: what is no name of a header, as AWS sees it, is dropped. */
const VALID_NAME = /^[A-Za-z0-9-]+$/;

/** Sends a request to a target and its answer back. A target that does not answer is a 502, as on AWS. */
export function forward(
  request: IncomingMessage,
  response: ServerResponse,
  to: { readonly target: Target; readonly agent: Agent },
  onTheWay: OnTheWay,
): void {
  const upstream = httpRequest({
    agent: to.agent,
    method: request.method,
    path: request.url,
    headers: [...passedOn(request), ...added(request, onTheWay)],
  });
  upstream.on('response', (answer) => {
    const headers = withoutOwn(answer.rawHeaders, OF_ONE_CONNECTION);
    if (onTheWay.cookie !== undefined) headers.push('set-cookie', onTheWay.cookie);
    response.writeHead(answer.statusCode ?? 502, headers);
    answer.pipe(response);
  });
  upstream.on('error', () => {
    if (response.headersSent) response.destroy();
    else response.writeHead(502, { server: 'awselb/2.0' }).end();
  });
  response.on('close', () => upstream.destroy());
  request.pipe(upstream);
}

function passedOn({ rawHeaders }: IncomingMessage): string[] {
  const headers = withoutOwn(rawHeaders, NOT_PASSED_ON);
  return headers.filter((_, index) => VALID_NAME.test(headers[index - (index % 2)] ?? ''));
}

function added(request: IncomingMessage, { headers, port, protocol }: OnTheWay): string[] {
  const before = request.headers['x-forwarded-for'];
  const client = request.socket.remoteAddress ?? '';
  const own = {
    ...headers,
    'x-forwarded-proto': protocol,
    'x-forwarded-port': String(port),
    'x-amzn-trace-id': `Root=1-${Math.floor(Date.now() / 1000).toString(16)}-${randomBytes(12).toString('hex')}`,
    'x-forwarded-for': before === undefined ? client : `${String(before)}, ${client}`,
  };
  return Object.entries(own).flat();
}

function withoutOwn(rawHeaders: readonly string[], dropped: RegExp): string[] {
  return rawHeaders.filter((_, index) => !dropped.test(rawHeaders[index - (index % 2)] ?? ''));
}
