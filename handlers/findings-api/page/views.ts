import type { z } from 'zod';

import type { changesAnswer, TableSummary, tablesAnswer, worstAnswer } from '../answers';
import type { FigureName } from '../../findings/figures';
import { type Address, hashOf } from './address';
import { figureForm, searchForm, sinceField } from './forms';
import { type Head, link, type Markup, table, tag, type Tag } from './markup';
import { tableView } from './table-view';
import type { Trouble } from './trouble';
import { heading, pages, time, type View } from './view';
import { LABELS, valueText } from './words';

type Of<View extends Address['view']> = Extract<Address, { view: View }>;

/** The view of an address, made of what the API answered to its requests. */
export function viewOf(address: Address, answers: readonly unknown[]): View {
  const [first, second] = answers;
  if (address.view === 'worst') return worstView(address, first as z.input<typeof worstAnswer>);
  if (address.view === 'changes') return changesView(address, first as z.input<typeof changesAnswer>);
  if (address.view === 'tables') return tablesView(address, first as z.input<typeof tablesAnswer>);
  return tableView(address, first as Parameters<typeof tableView>[1], second as Parameters<typeof tableView>[2]);
}

/** What is seen instead of a view that cannot be had. */
export function troubleView({ title, detail, wrong, requestId }: Trouble): View {
  const list = wrong.length === 0 ? [] : [tag('ul', {}, ...wrong.map((each) => tag('li', {}, each)))];
  const request = requestId === undefined ? [] : [tag('p', { class: 'aside' }, `Request ${requestId}`)];
  const again = tag('button', { type: 'button', 'data-again': '' }, 'Try again');
  return {
    title,
    content: [heading(title), tag('p', { role: 'alert' }, detail), ...list, ...request, tag('p', {}, again)],
  };
}

function worstView(address: Of<'worst'>, { tables }: z.input<typeof worstAnswer>): View {
  const label = LABELS[address.by].text;
  const title = `Worst tables: ${label.toLowerCase()}`;
  const heads: Head[] = [{ text: 'Table' }, { text: label, isFigure: true }, ...JUDGED];
  const rows = tables.map((each) => [nameOf(each, address.by), value(each, address.by), ...judged(each)]);
  const list = rows.length === 0 ? nothing('No table stands out by this figure.') : table(title, heads, rows);
  return { title, content: [heading(title), figureForm(address), list] };
}

function changesView(address: Of<'changes'>, { changes }: z.input<typeof changesAnswer>): View {
  const { by, since } = address;
  const title = `Got worse since ${since}: ${LABELS[by].text.toLowerCase()}`;
  const heads: Head[] = [
    { text: 'Table' },
    ...['Worse by', 'Before', 'Now'].map((text) => ({ text, isFigure: true })),
    { text: 'Compared with' },
    { text: 'Inspected' },
  ];
  const rows = changes.map(({ table: of, before, now, worseBy }) => [
    nameOf(of, by),
    ...[worseBy, before.value, now.value].map((each) => valueText(by, each)),
    time(before.inspectedAt),
    time(now.inspectedAt),
  ]);
  const list = rows.length === 0 ? nothing('No table got worse by this figure.') : table(title, heads, rows);
  return { title, content: [heading(title), figureForm(address, ...sinceField(since)), list] };
}

function tablesView(address: Of<'tables'>, { tables, next }: z.input<typeof tablesAnswer>): View {
  const title = address.name === '' ? 'All tables' : `Tables with “${address.name}” in their names`;
  const heads: Head[] = [{ text: 'Table' }, { text: LABELS.reclaimableBytes.text, isFigure: true }, ...JUDGED];
  const rows = tables.map((each) => [
    nameOf(each, 'reclaimableBytes'),
    value(each, 'reclaimableBytes'),
    ...judged(each),
  ]);
  const list = rows.length === 0 ? nothing('There is no such table.') : table(title, heads, rows);
  return { title, content: [heading(title), searchForm(address.name), list, ...pages(address, next)] };
}

const JUDGED: readonly Head[] = [
  { text: 'Format' },
  ...['High', 'Medium', 'Low'].map((text) => ({ text, isFigure: true })),
  { text: 'Inspected' },
];

function judged({ format, status, advice, inspectedAt }: TableSummary): Markup[] {
  const how = status === 'failed' ? tag('span', { class: 'bad' }, `${format}, not readable`) : format;
  return [how, ...[advice.high, advice.medium, advice.low].map(String), time(inspectedAt)];
}

function nameOf({ key, name }: TableSummary, by: FigureName): Tag {
  return link(hashOf({ view: 'table', key, by, cursor: '' }), name === '' ? '(no name)' : name);
}

function value({ figures }: TableSummary, by: FigureName): string {
  return valueText(by, figures[by]);
}

function nothing(text: string): Tag {
  return tag('p', {}, text);
}
