import { Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';

import { newSigningKey, type SigningKey } from '../balancer/signed-header';
import { makeCertificates } from '../machine/certificates';

export interface FrontDoorOptions {
  /** Where the emulated account listens. */
  readonly endpoint: string;
  readonly region: string;
  /** The release archive that GitHub gives, whatever version is asked for. */
  readonly release: Buffer;
  /** A folder for the certificates. */
  readonly folder: string;
}

/** What answers, over TLS, for everything that a machine reaches on port 443. */
export interface FrontDoor {
  readonly server: Server;
  /** PEM text of the authority that machines have to trust. */
  readonly authority: string;
  /** What load balancers sign with; its public half is published as AWS does. */
  readonly signingKey: SigningKey;
  /** Whether there is an index of Python packages, which gives a byte a second and never ends. */
  hasSlowPackages: boolean;
  close(): void;
}

const RELEASES = 'github.com';
const RELEASE_ASSETS = 'release-assets.githubusercontent.com';
/** Where a machine looks for Python packages that it does not have on its disk. */
export const PACKAGE_INDEX = 'pypi.org';
/** Where a sign-in at a provider of somebody's own leads, which is a user pool of the account's, too. */
export const SIGN_IN_HOST = 'sign-in.example.com';
const AWS = /(^|\.)(amazonaws\.com|api\.aws)$/;

/** Whether a host name is one that the front door answers for. */
export function isBehindTheDoor(hostName: string): boolean {
  return hostName === RELEASES || hostName === RELEASE_ASSETS || AWS.test(hostName);
}

/** Makes the certificates and the server; it listens once somebody gives it sockets. Takes about 0.3 seconds. */
export async function openFrontDoor(options: FrontDoorOptions): Promise<FrontDoor> {
  const certificates = await makeCertificates(join(options.folder, 'certificates'), hostNames(options.region));
  const agent = new Agent({ keepAlive: true });
  const signingKey = newSigningKey();
  const { certificate: cert, key, authority } = certificates;
  const server = createServer({ cert, key }, (request, response) => {
    const host = (request.headers.host ?? '').split(':')[0] ?? '';
    if (host === RELEASES) redirectToAssets(request, response);
    else if (host === RELEASE_ASSETS) response.end(options.release);
    else if (host === PACKAGE_INDEX) trickle(response);
    else if (host === `public-keys.auth.elb.${options.region}.amazonaws.com`) answerKey(signingKey, request, response);
    else passOn(request, response, new URL(options.endpoint), agent);
  });
  return {
    server,
    authority,
    signingKey,
    hasSlowPackages: false,
    close: () => {
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}

/** A certificate's wildcard stands for one label, so buckets and APIs need one of their own. */
function hostNames(region: string): string[] {
  const regional = `${region}.amazonaws.com`;
  return [
    ...['amazonaws.com', 's3.amazonaws.com', regional, `s3.${regional}`, `execute-api.${regional}`].map(
      (name) => `*.${name}`,
    ),
    `*.${region}.api.aws`,
    `public-keys.auth.elb.${regional}`,
    `*.auth.${region}.amazoncognito.com`,
    SIGN_IN_HOST,
    RELEASES,
    RELEASE_ASSETS,
    PACKAGE_INDEX,
  ];
}

function redirectToAssets(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  const file = (request.url ?? '').split('/').pop();
  response.writeHead(302, { location: `https://${RELEASE_ASSETS}/${file}` }).end();
}

/** AWS refuses what it does not have. */
function answerKey(key: SigningKey, request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  const isKnown = request.url === `/${key.id}`;
  response.writeHead(isKnown ? 200 : 403, { 'content-type': 'text/plain' }).end(isKnown ? key.publicKey : '');
}

/** What an overloaded server does: each byte comes before the reader gives up, and there is always one more. */
function trickle(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/html' });
  const timer = setInterval(() => response.write(' '), 1_000);
  response.on('close', () => clearInterval(timer));
}

/** The account sees the request as it was signed, with the host name that it was sent to. */
function passOn(request: IncomingMessage, response: ServerResponse, endpoint: URL, agent: Agent): void {
  const upstream = httpRequest({
    agent,
    host: endpoint.hostname,
    port: endpoint.port,
    method: request.method,
    path: request.url,
    headers: withoutConnection(request.rawHeaders),
  });
  upstream.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, withoutConnection(answer.rawHeaders));
    answer.pipe(response);
  });
  upstream.on('error', (error) => {
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end(`the emulated account does not answer: ${error.message}`);
  });
  response.on('close', () => upstream.destroy());
  request.pipe(upstream);
}

/** Headers as they came, repeated ones included, but for what concerns one connection alone. */
function withoutConnection(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, index) => !/^(connection|keep-alive)$/i.test(rawHeaders[index - (index % 2)] ?? ''));
}
