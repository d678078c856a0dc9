import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IdentityProvider } from './description';
import { signedHeader, type SigningKey } from './signed-header';

const CALLBACK = '/oauth2/idpresponse';
const COOKIE = 'AWSELBAuthSessionCookie-0';
/** AWS gives a sign-in 15 minutes. */
const SIGN_IN_MS = 900_000;
/** How long a signed header is good for. */
const HEADER_SECONDS = 120;

/** An answer of an identity provider. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Sends a request to an identity provider. */
export type Ask = (
  url: string,
  options: { readonly form?: URLSearchParams; readonly token?: string },
) => Promise<Answer>;

interface Session {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly accessToken: string;
  readonly expires: number;
}

interface Begun {
  readonly url: string;
  readonly expires: number;
}

export interface SignInOptions {
  readonly loadBalancerArn: string;
  readonly key: SigningKey;
  readonly ask: Ask;
}

/** What a load balancer adds to a request of somebody who has signed in. */
export type SignedHeaders = Readonly<Record<string, string>>;

/** The sign-in of a load balancer: the code flow of OpenID Connect, then a session in a cookie. */
export class SignIn {
  private readonly sessions = new Map<string, Session>();
  private readonly begun = new Map<string, Begun>();

  constructor(private readonly options: SignInOptions) {}

  /** The headers for the target, or undefined: the request has been answered. */
  async pass(
    provider: IdentityProvider,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<SignedHeaders | undefined> {
    const url = new URL(request.url ?? '/', `https://${request.headers.host}`);
    if (url.pathname === CALLBACK) {
      await this.finish(provider, url, response);
      return undefined;
    }
    const session = this.sessions.get(cookieOf(request, COOKIE) ?? '');
    if (session !== undefined && session.expires > Date.now()) return this.headersOf(provider, session);
    this.begin(provider, url, response);
    return undefined;
  }

  private begin(provider: IdentityProvider, url: URL, response: ServerResponse): void {
    const state = randomUUID();
    const now = Date.now();
    for (const [old, { expires }] of this.begun) if (expires < now) this.begun.delete(old);
    this.begun.set(state, { url: url.href, expires: now + SIGN_IN_MS });
    const page = new URL(provider.AuthorizationEndpoint);
    const query = { client_id: provider.ClientId, response_type: 'code', scope: provider.Scope ?? 'openid' };
    page.search = new URLSearchParams({ ...query, redirect_uri: url.origin + CALLBACK, state }).toString();
    response.writeHead(302, { location: page.href }).end();
  }

  private async finish(provider: IdentityProvider, url: URL, response: ServerResponse): Promise<void> {
    const state = url.searchParams.get('state') ?? '';
    const begun = this.begun.get(state);
    const code = url.searchParams.get('code');
    this.begun.delete(state);
    if (begun === undefined || begun.expires < Date.now() || code === null) {
      response.writeHead(401).end('no sign-in has begun here');
      return;
    }
    const session = await this.redeem(provider, code, url.origin + CALLBACK).catch(() => undefined);
    if (session === undefined) {
      response.writeHead(561).end('the identity provider did not confirm the sign-in');
      return;
    }
    const id = randomUUID();
    this.sessions.set(id, session);
    const cookie = `${COOKIE}=${id}; Expires=${new Date(session.expires).toUTCString()}; Path=/; Secure; HttpOnly`;
    response.writeHead(302, { location: begun.url, 'set-cookie': cookie }).end();
  }

  private async redeem(provider: IdentityProvider, code: string, redirect: string): Promise<Session | undefined> {
    const { ask } = this.options;
    const { ClientId: client_id, ClientSecret: client_secret } = provider;
    const grant = { grant_type: 'authorization_code', code, client_id, client_secret, redirect_uri: redirect };
    const tokens = await ask(provider.TokenEndpoint, { form: new URLSearchParams(grant) });
    const accessToken = tokens.body['access_token'];
    if (tokens.status !== 200 || typeof accessToken !== 'string') return undefined;
    const claims = await ask(provider.UserInfoEndpoint, { token: accessToken });
    if (claims.status !== 200 || typeof claims.body['sub'] !== 'string') return undefined;
    const seconds = Number(provider.SessionTimeout ?? 604_800);
    return { claims: claims.body, accessToken, expires: Date.now() + seconds * 1000 };
  }

  private headersOf({ Issuer: iss, ClientId: client }: IdentityProvider, session: Session): SignedHeaders {
    const { key, loadBalancerArn: signer } = this.options;
    const exp = Math.floor(Date.now() / 1000) + HEADER_SECONDS;
    return {
      'x-amzn-oidc-identity': String(session.claims['sub']),
      'x-amzn-oidc-accesstoken': session.accessToken,
      'x-amzn-oidc-data': signedHeader(key, { signer, iss, client, exp }, session.claims),
    };
  }
}

/** A cookie that a request carries. */
export function cookieOf({ headers }: IncomingMessage, name: string): string | undefined {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}
