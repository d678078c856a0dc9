import { type Ports } from '../../../handlers/findings-api/api';
import type { ProxyEvent } from '../../../handlers/findings-api/event';
import type { Queries } from '../../../handlers/findings/database';
import type { Statement } from '../../../handlers/findings/queries';

/** As much of a page as the API looks at. */
export const PAGE = '<!doctype html><style>p{margin:0}</style><p>Findings</p><script>0</script>';

export const CALLER = 'arn:aws:sts::111122223333:assumed-role/reader/ada';

/** A request as API Gateway hands it to a function: what stands after `?` is decoded. */
export function request(target: string, more: Partial<ProxyEvent> = {}): ProxyEvent {
  const { pathname, searchParams } = new URL(target, 'https://api.example.com');
  const query: Record<string, string[]> = {};
  for (const name of new Set(searchParams.keys())) query[name] = searchParams.getAll(name);
  return {
    httpMethod: 'GET',
    path: pathname,
    multiValueQueryStringParameters: Object.keys(query).length === 0 ? null : query,
    requestContext: { requestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef', identity: { userArn: CALLER } },
    ...more,
  };
}

/** A database that gives the same rows whatever it is asked, and what it was asked. */
export class Rows implements Queries {
  readonly asked: Statement[] = [];

  constructor(private readonly given: unknown[] | Error) {}

  query<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    this.asked.push({ text, values });
    return this.given instanceof Error ? Promise.reject(this.given) : Promise.resolve(this.given as Row[]);
  }
}

/** What the API is given, and the lines that it logs. */
export function ports(database: Queries): Ports & { readonly lines: Readonly<Record<string, unknown>>[] } {
  const lines: Readonly<Record<string, unknown>>[] = [];
  return { database, log: (line) => void lines.push(line), now: () => 0, page: () => PAGE, lines };
}
