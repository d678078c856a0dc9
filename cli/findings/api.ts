import { type Answer, explained, type Explanation } from './refusals';
import { type Credentials, signedHeaders } from './signature';

/** Where findings are asked for, and by whom. */
export interface FindingsApi {
  /** Its stage: `https://…/v1/`. */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
}

export interface Asked {
  readonly method: 'GET' | 'HEAD';
  /** The path with its query, below the endpoint; it begins with a slash. */
  readonly target: string;
  readonly accept: string;
}

export interface ApiAnswer extends Answer {
  readonly headers: Headers;
}

/** The API was not reached, or nobody who asks could be named. */
export class NotAsked extends Error {
  constructor(readonly explanation: Explanation) {
    super(explanation.detail);
  }
}

/** API Gateway itself waits 29 seconds. */
const PATIENCE_MS = 35_000;

/**
 * Asks the API, signed. Goes to no other host, whatever is asked for.
 *
 * @throws NotAsked with what to do
 */
export async function ask(api: FindingsApi, { method, target, accept }: Asked): Promise<ApiAnswer> {
  const url = urlOf(api.endpoint, target);
  const headers = await signedHeaders({ url, method, headers: { accept } }, api).catch((error: Error) => {
    throw new NotAsked({
      title: 'There are no AWS credentials',
      detail: `sign in to AWS (\`aws configure\`, \`aws sso login\`, AWS_PROFILE) and try again: ${error.message}`,
    });
  });
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    // What is signed is for this host: nobody is followed elsewhere.
    const response = await fetch(url, { method, headers, signal, redirect: 'manual' });
    const body = await response.text();
    return {
      ...{ status: response.status, type: response.headers.get('content-type') ?? '' },
      ...{ headers: response.headers, body },
    };
  } catch (error) {
    throw new NotAsked({
      title: 'The API does not answer',
      detail: `${url.host} was not reached: ${reasonOf(error as Error)}. Is the stack still there, and this computer online?`,
    });
  }
}

/** Throws what is wrong, with what to do, where the caller would get no findings. Wakes no database. */
export async function checkWay(api: FindingsApi): Promise<void> {
  const answer = await ask(api, { method: 'GET', target: '/openapi.json', accept: 'application/json' });
  if (answer.status === 200) return;
  const otherwise = { title: `The API answered ${answer.status}`, detail: 'its log says why' };
  throw new NotAsked(explained(answer) ?? otherwise);
}

/** Its query is written as it is signed. */
function urlOf(endpoint: string, target: string): URL {
  const base = new URL(endpoint);
  const [path = '/', query = ''] = target.split('?');
  const url = new URL(base);
  // Dots that lead up end at the stage.
  const below = new URL(path, 'http://below').pathname;
  url.pathname = `${base.pathname.replace(/\/$/, '')}${below}`;
  url.search = [...new URLSearchParams(query)].map((pair) => pair.map(encoded).join('=')).join('&');
  return url;
}

/** More than `encodeURIComponent` does: also what RFC 3986 keeps for itself. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function reasonOf({ message, cause }: Error): string {
  const { code } = Object(cause) as { readonly code?: unknown };
  return typeof code === 'string' ? code : message;
}
