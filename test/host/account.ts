import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createPlainServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { REPOSITORY } from '../../emulator/machine/cache';
import { makeCertificates } from '../../emulator/machine/certificates';
import { TRUST_OF_THE_MACHINE, type Account } from '../../emulator/machine/instance-files';

export const REGION = 'us-east-2';
export const SECRET_ARN = `arn:aws:secretsmanager:${REGION}:111122223333:secret:GizmosqlPassword-AbCdEf`;

/** A value that occurs nowhere else, so that finding it means the password leaked. */
export const PASSWORD = 'Canary0Zq7RtXw4LmNv9KpBs2HdJf6Yc';

/** Another one, for a rotation. */
export const NEXT_PASSWORD = 'Canary1Bn5TgYh8UjMk3IoLp7QaZwSx2';

/** What Secrets Manager answers: a value, or an error's name and HTTP status. */
export type SecretAnswer = { readonly value: string } | { readonly error: string; readonly message: string };

/** The little of an AWS account and of GitHub that the host's start needs. Tests change its answers while it runs. */
export interface HostAccount extends Account {
  secret: SecretAnswer;
  /** What it answers for versions that are asked for by their id. */
  readonly versions: Map<string, string>;
  /** The public part of the role's credentials. */
  accessKeyId: string;
  /** The release archive that GitHub gives. */
  archive: Buffer;
  /** Whether GitHub begins to send the archive and then sends no more. */
  stalls: boolean;
  /** Every request so far, as `METHOD host/path`. */
  readonly requests: string[];
  /** What instance metadata holds beside the role, by path below `/latest/meta-data/`. */
  readonly metadata: Map<string, string>;
  /** Every event that was put on the event bus. */
  readonly events: HostEvent[];
  /** The public keys of load balancers, as PEM text by their ids. */
  readonly balancerKeys: Map<string, string>;
  close(): void;
}

/** An event of the host's own. */
export interface HostEvent {
  readonly Source: string;
  readonly DetailType: string;
  readonly Detail: string;
}

/** Starts answering on two unix sockets. Takes about half a second. */
export async function startAccount(): Promise<HostAccount> {
  const sockets = mkdtempSync(join(tmpdir(), 'tablesleuth-account-'));
  const hostNames = [
    `secretsmanager.${REGION}.amazonaws.com`,
    `events.${REGION}.amazonaws.com`,
    `public-keys.auth.elb.${REGION}.amazonaws.com`,
    'github.com',
    'release-assets.githubusercontent.com',
  ];
  const removeSockets = (): void => rmSync(sockets, { recursive: true, force: true });
  process.once('exit', removeSockets);
  const certificates = await makeCertificates(join(sockets, 'certificates'), hostNames);
  const requests: string[] = [];
  const account: HostAccount = {
    sockets,
    hostNames,
    authority: certificates.authority,
    environment: TRUST_OF_THE_MACHINE,
    secret: { value: PASSWORD },
    versions: new Map(),
    accessKeyId: 'ASIAEXAMPLE',
    archive: standInArchive(),
    stalls: false,
    requests,
    metadata: new Map([['instance-id', 'i-0123456789abcdef0']]),
    events: [],
    balancerKeys: new Map(),
    close: () => {
      servers.forEach((server) => server.close());
      process.off('exit', removeSockets);
      removeSockets();
    },
  };
  const servers = await Promise.all([
    listen(
      createTlsServer({ cert: certificates.certificate, key: certificates.key }, answer(account)),
      'https.sock',
      sockets,
    ),
    listen(
      createPlainServer((request, response) => answerMetadata(account, request, response)),
      'metadata.sock',
      sockets,
    ),
  ]);
  return account;
}

export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** A release archive as GizmoSQL's are: server and client side by side. The server in it is the stand-in. */
function standInArchive(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'gizmosql-stand-in-'));
  const source = join(REPOSITORY, 'emulator/gizmosql');
  mkdirSync(join(folder, 'gizmosql'));
  for (const name of ['gizmosql_server', 'flight_sql.py']) {
    copyFileSync(join(source, name), join(folder, name));
    chmodSync(join(folder, name), 0o755);
  }
  execFileSync('zip', ['-q', 'gizmosql.zip', 'gizmosql_server', 'flight_sql.py'], { cwd: folder });
  const archive = readFileSync(join(folder, 'gizmosql.zip'));
  rmSync(folder, { recursive: true });
  return archive;
}

function listen(server: Server, name: string, folder: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(join(folder, name), () => resolve(server));
  });
}

function answer(account: HostAccount): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const host = request.headers.host ?? '';
    account.requests.push(`${request.method} ${host}${request.url}`);
    if (host.startsWith('events.')) {
      void answerEvents(account.events, request, response);
      return;
    }
    if (host.startsWith('secretsmanager.')) {
      void answerSecret(account, request, response);
      return;
    }
    request.resume();
    if (host.startsWith('public-keys.')) {
      const key = account.balancerKeys.get((request.url ?? '').slice(1));
      response.writeHead(key === undefined ? 403 : 200).end(key);
    } else if (host === 'github.com') {
      const file = (request.url ?? '').split('/').pop();
      response.writeHead(302, { location: `https://release-assets.githubusercontent.com/${file}` }).end();
    } else {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      if (account.stalls) response.write(account.archive.subarray(0, 1_000));
      else response.end(account.archive);
    }
  };
}

async function answerSecret(account: HostAccount, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { VersionId } = JSON.parse(await text(request)) as { VersionId?: string };
  const secret = VersionId === undefined ? account.secret : versionOf(account, VersionId);
  const headers = { 'content-type': 'application/x-amz-json-1.1' };
  if ('error' in secret) {
    response.writeHead(400, headers).end(JSON.stringify({ __type: secret.error, message: secret.message }));
  } else {
    response.writeHead(200, headers).end(JSON.stringify({ ARN: SECRET_ARN, Name: 'x', SecretString: secret.value }));
  }
}

async function answerEvents(events: HostEvent[], request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { Entries } = JSON.parse(Buffer.concat(await request.toArray()).toString()) as { Entries: HostEvent[] };
  events.push(...Entries);
  const answer = { FailedEntryCount: 0, Entries: Entries.map(() => ({ EventId: 'x' })) };
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer));
}

function versionOf(account: HostAccount, id: string): SecretAnswer {
  const value = account.versions.get(id);
  return value === undefined
    ? { error: 'ResourceNotFoundException', message: `no secret value for VersionId: ${id}` }
    : { value };
}

/** Instance metadata, version 2 alone: a token first, then the role's credentials and what else there is. */
function answerMetadata(account: HostAccount, request: IncomingMessage, response: ServerResponse): void {
  const more = account.metadata.get((request.url ?? '').replace('/latest/meta-data/', ''));
  if (more !== undefined && request.headers['x-aws-ec2-metadata-token'] === 'token') {
    response.end(more);
    return;
  }
  const url = request.url ?? '';
  if (request.method === 'PUT' && url === '/latest/api/token') {
    response.writeHead(200, { 'x-aws-ec2-metadata-token-ttl-seconds': '21600' }).end('token');
  } else if (request.headers['x-aws-ec2-metadata-token'] !== 'token') {
    response.writeHead(401).end();
  } else if (/\/iam\/security-credentials\/?$/.test(url)) {
    response.end('host-role');
  } else if (url.endsWith('/iam/security-credentials/host-role')) {
    const expiration = new Date(Date.now() + 3_600_000).toISOString();
    const keys = { AccessKeyId: account.accessKeyId, SecretAccessKey: 'example', Token: 'example' };
    response.end(JSON.stringify({ Code: 'Success', Type: 'AWS-HMAC', ...keys, Expiration: expiration }));
  } else {
    response.writeHead(404).end();
  }
}
