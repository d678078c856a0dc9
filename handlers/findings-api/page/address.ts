import { FIGURES, type FigureName } from '../../findings/figures';

/** What the page shows, as its address says it after `#`: it can be kept, shared and gone back to. */
export type Address =
  | { readonly view: 'worst'; readonly by: FigureName }
  | { readonly view: 'changes'; readonly by: FigureName; readonly since: string }
  | { readonly view: 'tables'; readonly name: string; readonly cursor: string }
  | { readonly view: 'table'; readonly key: string; readonly by: FigureName; readonly cursor: string };

const USUAL_FIGURE: FigureName = 'reclaimableBytes';
const USUAL_DAYS = 7;
const DAY_MS = 86_400_000;
const ROWS = { worst: 50, tables: 20, findings: 100 };

/** What an address says; what it says wrong is as usual. */
export function addressOf(hash: string, now: Date): Address {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const parameters = new URLSearchParams(query);
  const said = (name: string): string => parameters.get(name) ?? '';
  const [view, key = ''] = path.split('/');
  const by = figureOf(said('by'));
  if (view === 'tables' && key !== '') return { view: 'table', key, by, cursor: said('cursor') };
  if (view === 'tables') return { view, name: said('name'), cursor: said('cursor') };
  if (view === 'changes') return { view, by, since: dateOf(said('since')) ?? dateBefore(now, USUAL_DAYS) };
  return { view: 'worst', by };
}

/** The address of what is to be shown. */
export function hashOf(address: Address): string {
  const { view } = address;
  if (view === 'worst') return `#/worst?${query({ by: address.by })}`;
  if (view === 'changes') return `#/changes?${query({ by: address.by, since: address.since })}`;
  if (view === 'tables') return `#/tables?${query({ name: address.name, cursor: address.cursor })}`;
  return `#/tables/${encodeURIComponent(address.key)}?${query({ by: address.by, cursor: address.cursor })}`;
}

/** What the API is asked for it, below the path of the page. */
export function requestsOf(address: Address): readonly string[] {
  const { view } = address;
  if (view === 'worst') return [`worst?${query({ by: address.by, limit: `${ROWS.worst}` })}`];
  if (view === 'changes') {
    const since = `${address.since}T00:00:00Z`;
    return [`changes?${query({ since, by: address.by, limit: `${ROWS.worst}` })}`];
  }
  if (view === 'tables') {
    const { name, cursor } = address;
    return [`tables?${query({ name, cursor, limit: `${ROWS.tables}` })}`];
  }
  const table = `tables/${encodeURIComponent(address.key)}`;
  return [table, `${table}/findings?${query({ cursor: address.cursor, limit: `${ROWS.findings}` })}`];
}

/** What is empty is left out. */
function query(parameters: Readonly<Record<string, string>>): string {
  return new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== '')).toString();
}

function figureOf(text: string): FigureName {
  return Object.hasOwn(FIGURES, text) ? (text as FigureName) : USUAL_FIGURE;
}

function dateOf(text: string): string | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return undefined;
  return Number.isNaN(Date.parse(text)) ? undefined : text;
}

function dateBefore(now: Date, days: number): string {
  return new Date(now.getTime() - days * DAY_MS).toISOString().slice(0, 10);
}
