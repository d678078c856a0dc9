import { DatabaseAway, type Queries } from '../findings/database';
import { callerOf, type ProxyAnswer, type ProxyEvent } from './event';
import { DOCUMENT_PATH, openApiDocument } from './openapi';
import { Problem } from './problem';
import { pageContent } from './page-content';
import { find, parametersOf } from './router';
import { type Route, ROUTES } from './routes';

/** What the API needs of the world. */
export interface Ports {
  readonly database: Queries;
  readonly log: (line: Readonly<Record<string, unknown>>) => void;
  /** In milliseconds. */
  readonly now: () => number;
  /** The page for people, a whole document of HTML. */
  readonly page: () => string;
}

/** What is answered, in whichever form. */
export interface Content {
  readonly type: string;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Served {
  readonly path: string;
  serve(request: { event: ProxyEvent; values: Readonly<Record<string, string>> }, ports: Ports): Promise<Content>;
}

/** Of every answer: nobody keeps it, frames it, or takes it for something else. */
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
};
const RETRY = { 'retry-after': '5' };
const LONGEST_LOGGED = 256;

const SERVED: readonly Served[] = [
  ...ROUTES.map(served),
  { path: DOCUMENT_PATH, serve: serveDocument },
  { path: '/', serve: (_, { page }) => Promise.resolve(pageContent(page())) },
];

/** Answers a request, whatever happens, and logs it: who asked for what, never what was answered. */
export async function answer(event: ProxyEvent, ports: Ports): Promise<ProxyAnswer> {
  const started = ports.now();
  const { requestId } = event.requestContext;
  const caller = callerOf(event);
  const outcome = await outcomeOf(event, caller, ports);
  const { statusCode, content, error } = outcome;
  ports.log({
    level: statusCode >= 500 ? 'error' : 'info',
    requestId,
    caller,
    method: event.httpMethod,
    path: event.path.slice(0, LONGEST_LOGGED),
    status: statusCode,
    milliseconds: Math.round((ports.now() - started) * 10) / 10,
    ...(error === undefined ? {} : { error }),
  });
  const headers = { ...HEADERS, 'content-type': content.type, 'x-request-id': requestId, ...content.headers };
  return { statusCode, headers, body: content.text };
}

interface Outcome {
  readonly statusCode: number;
  readonly content: Content;
  readonly error?: Readonly<Record<string, unknown>>;
}

async function outcomeOf(event: ProxyEvent, caller: string | undefined, ports: Ports): Promise<Outcome> {
  try {
    // API Gateway asks who it is. If it were told not to, nobody would be let in.
    if (caller === undefined) throw new Problem(401, 'sign the request with AWS credentials, or send a token');
    const { found, values } = find(SERVED, event);
    return { statusCode: 200, content: await found.serve({ event, values }, ports) };
  } catch (thrown) {
    const problem = problemOf(thrown);
    const text = JSON.stringify(problem.body(event.requestContext.requestId));
    const content = { type: 'application/problem+json', text, headers: problem.more.headers };
    return { statusCode: problem.status, content, error: thrown instanceof Problem ? undefined : loggable(thrown) };
  }
}

function problemOf(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  if (thrown instanceof DatabaseAway) return new Problem(503, 'the database is away; try again', { headers: RETRY });
  return new Problem(500, 'the API failed; its log says more about this request');
}

/** What the database says of a statement may quote rows, and is left out: its code says what happened. */
function loggable(thrown: unknown): Readonly<Record<string, unknown>> {
  if (thrown instanceof DatabaseAway) {
    const { name, message, code } = thrown.cause as Error & { readonly code?: string };
    return { name, message, code };
  }
  const { name, message, stack, code } = thrown as Error & { readonly code?: string };
  return code === undefined ? { name, message, stack } : { name, code };
}

function served(route: Route): Served {
  return {
    path: route.path,
    serve: async ({ event, values }, { database }) => {
      const parameters = parametersOf(route.parameters, values, event);
      return { type: 'application/json', text: JSON.stringify(await route.run(parameters, database)) };
    },
  };
}

let document: string | undefined;

function serveDocument(): Promise<Content> {
  document ??= JSON.stringify(openApiDocument());
  return Promise.resolve({ type: 'application/json', text: document });
}
