import { createHash, timingSafeEqual } from 'node:crypto';

/** What of a request says whether it may pass. */
export interface Knock {
  readonly method: string;
  /** The path with its query, as it was asked for. */
  readonly target: string;
  readonly host: string | undefined;
  readonly cookie: string | undefined;
  /** `sec-fetch-site`: what a browser says of the page that asks. */
  readonly site: string | undefined;
}

/** Who may pass. */
export interface Keys {
  /** `127.0.0.1` with the port: a page of another name that leads here is not let in. */
  readonly host: string;
  readonly cookieName: string;
  /** In the address that is told, and good for one browser. */
  readonly token: string;
  readonly isTokenUsed: boolean;
  /** In the cookie of that browser. */
  readonly session: string;
}

export type Verdict =
  | { readonly kind: 'forward' }
  /** The token was right: the browser gets its cookie. */
  | { readonly kind: 'let in' }
  /** The browser has its cookie already. */
  | { readonly kind: 'go on' }
  | { readonly kind: 'refuse'; readonly status: 403 | 405; readonly detail: string };

const START_AGAIN = 'start `npm run findings` again, and open the address that it tells';
/** Said by browsers of what the person typed or pasted, and of the page that came from here. */
const OWN_SITES = ['none', 'same-origin'];

/** Whether a request may pass: each must come from the one browser that was let in, to this very host, to read. */
export function judge(knock: Knock, keys: Keys): Verdict {
  if (knock.host !== keys.host) return refuse(`only ${keys.host} is answered for`);
  if (knock.method !== 'GET' && knock.method !== 'HEAD') {
    return { kind: 'refuse', status: 405, detail: `got ${knock.method}, findings are read with GET` };
  }
  const token = tokenIn(knock.target);
  const isIn = isSame(cookieIn(knock.cookie, keys.cookieName), keys.session);
  if (token !== undefined) return isIn ? { kind: 'go on' } : exchange(token, knock.method, keys);
  if (!isIn) return refuse(`this browser was not let in: ${START_AGAIN}`);
  // A page of somebody else's, in the same browser.
  if (knock.site !== undefined && !OWN_SITES.includes(knock.site)) return refuse('another page asked');
  return { kind: 'forward' };
}

function exchange(token: string, method: string, keys: Keys): Verdict {
  if (!isSame(token, keys.token)) return refuse(`the token in the address is wrong: ${START_AGAIN}`);
  if (keys.isTokenUsed) return refuse(`a browser was let in by this address already: ${START_AGAIN}`);
  // What looks at an address without opening it does not use it up.
  return method === 'GET' ? { kind: 'let in' } : refuse('the address is to be opened');
}

function refuse(detail: string): Verdict {
  return { kind: 'refuse', status: 403, detail };
}

function tokenIn(target: string): string | undefined {
  const [path, query] = target.split('?');
  return path === '/' ? (new URLSearchParams(query).get('token') ?? undefined) : undefined;
}

function cookieIn(cookies: string | undefined, name: string): string {
  const pairs = (cookies ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
}

/** Takes as long for what is nearly right as for what is wrong. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
