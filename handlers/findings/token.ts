import { createHash, createHmac } from 'node:crypto';

import { type Place, wanted } from './connection';

/** What a request to AWS is signed with. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const VALID_SECONDS = 900;

/**
 * The password of a database user that signs in with IAM: a signed request that is never sent, valid for 15 minutes. The
 * same as that of `@aws-sdk/rds-signer`, which no runtime of Lambda promises, and which is 400 KB in a bundle.
 */
export function signInToken(
  { host, port, user }: Pick<Place, 'host' | 'port' | 'user'>,
  region: string,
  credentials: Credentials,
  now = new Date(),
): string {
  const time = now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const scope = `${time.slice(0, 8)}/${region}/rds-db/aws4_request`;
  const parameters = [
    ['Action', 'connect'],
    ['DBUser', user],
    ['X-Amz-Algorithm', ALGORITHM],
    ['X-Amz-Credential', `${credentials.accessKeyId}/${scope}`],
    ['X-Amz-Date', time],
    ['X-Amz-Expires', `${VALID_SECONDS}`],
    ...(credentials.sessionToken === undefined ? [] : [['X-Amz-Security-Token', credentials.sessionToken]]),
    ['X-Amz-SignedHeaders', 'host'],
  ];
  const query = parameters.map((pair) => pair.map(encoded).join('=')).join('&');
  const request = ['GET', '/', query, `host:${host}:${port}`, '', 'host', digest('')].join('\n');
  const toSign = [ALGORITHM, time, scope, digest(request)].join('\n');
  const key = scope.split('/').reduce<string | Buffer>(keyed, `AWS4${credentials.secretAccessKey}`);
  return `${host}:${port}/?${query}&X-Amz-Signature=${keyed(key, toSign).toString('hex')}`;
}

/** The credentials that Lambda gives a function. */
export function environmentCredentials(environment: NodeJS.ProcessEnv): Credentials {
  return {
    accessKeyId: wanted(environment, 'AWS_ACCESS_KEY_ID'),
    secretAccessKey: wanted(environment, 'AWS_SECRET_ACCESS_KEY'),
    sessionToken: environment['AWS_SESSION_TOKEN'],
  };
}

function keyed(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** More than `encodeURIComponent` does: also what RFC 3986 keeps for itself. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
