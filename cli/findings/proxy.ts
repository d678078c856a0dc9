import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { type Asked, ask, type FindingsApi, NotAsked } from './api';
import { judge, type Keys } from './gate';
import { explained, type Explanation } from './refusals';

export interface FindingsProxyProps extends FindingsApi {
  /**
   * The port of 127.0.0.1.
   *
   * @default - one that is free
   */
  readonly port?: number;
}

/** The way of one browser to the API. */
export interface FindingsProxy {
  /** Lets in the first browser that opens it. */
  readonly url: string;
  readonly port: number;
  /** Ends it; who has its cookie can ask no more. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
/** Of the API's answers; no other header of AWS is of interest to a browser. */
const PASSED = [
  ...['content-type', 'cache-control', 'content-security-policy', 'referrer-policy', 'x-content-type-options'],
  ...['x-request-id', 'retry-after', 'allow'],
];
const OF_OURS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/**
 * Serves the API of findings to one browser of this computer: it is on loopback alone, signs what is asked with the given
 * credentials, and sends it to the endpoint and nowhere else. Credentials never leave it, nor are they in what it says.
 */
export async function startFindingsProxy({ port: wanted = 0, ...api }: FindingsProxyProps): Promise<FindingsProxy> {
  const secret = () => randomBytes(32).toString('base64url');
  const [token, session] = [secret(), secret()];
  let isTokenUsed = false;
  const server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo;
    const keys = { host: `${HOST}:${port}`, cookieName: `tablesleuth-findings-${port}`, token, session, isTokenUsed };
    const use = (): void => void (isTokenUsed = true);
    serve(request, response, { api, keys, use }).catch(() => response.destroy());
  });
  server.listen(wanted, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${HOST}:${port}/?token=${token}`,
    port,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Way {
  readonly api: FindingsApi;
  readonly keys: Keys;
  readonly use: () => void;
}

async function serve(request: IncomingMessage, response: ServerResponse, { api, keys, use }: Way): Promise<void> {
  const { method = '', url: target = '/', headers } = request;
  const site = headers['sec-fetch-site'];
  const verdict = judge({ method, target, host: headers.host, cookie: headers.cookie, site }, keys);
  if (verdict.kind === 'refuse') {
    const title = verdict.status === 405 ? 'Method Not Allowed' : 'Forbidden';
    return tell(response, verdict.status, { title, detail: verdict.detail });
  }
  if (verdict.kind === 'forward') {
    return forward(response, api, { method: method as Asked['method'], target, accept: headers.accept ?? '*/*' });
  }
  if (verdict.kind === 'let in') {
    use();
    response.setHeader('set-cookie', `${keys.cookieName}=${keys.session}; HttpOnly; SameSite=Strict; Path=/`);
  }
  // Not a redirect: where another page led here, a browser would not send the cookie along with it.
  const page =
    '<!doctype html><title>Findings</title><meta http-equiv="refresh" content="0; url=/"><a href="/">Go on</a>';
  response.writeHead(200, { ...OF_OURS, 'content-type': 'text/html; charset=utf-8' }).end(page);
}

async function forward(response: ServerResponse, api: FindingsApi, asked: Asked): Promise<void> {
  try {
    const answer = await ask(api, asked);
    const explanation = explained(answer);
    if (explanation !== undefined) return tell(response, answer.status, explanation);
    const passed = PASSED.flatMap((name) => {
      const value = answer.headers.get(name);
      return value === null ? [] : [[name, value] as const];
    });
    response.writeHead(answer.status, { ...OF_OURS, ...Object.fromEntries(passed) }).end(answer.body);
  } catch (error) {
    if (!(error instanceof NotAsked)) throw error;
    tell(response, 502, error.explanation);
  }
}

/** A problem as the API has them, so that the page shows it. */
function tell(response: ServerResponse, status: number, { title, detail }: Explanation): void {
  const allow = status === 405 ? { allow: 'GET, HEAD' } : {};
  response.writeHead(status, { ...OF_OURS, ...allow, 'content-type': 'application/problem+json' });
  response.end(JSON.stringify({ type: 'about:blank', title, status, detail }));
}
