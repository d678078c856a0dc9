import type { z } from 'zod';

import { FIGURE_NAMES, type FigureName } from '../../findings/figures';
import type { Finding } from '../../findings/finding';
import type { historyAnswer, tableAnswer } from '../answers';
import type { Address } from './address';
import { figureForm } from './forms';
import { table, tag, type Tag } from './markup';
import { openingOf } from './opening';
import { trend } from './trend';
import { heading, pages, time, type View } from './view';
import { LABELS, valueText } from './words';

type TableAddress = Extract<Address, { view: 'table' }>;
type Findings = z.input<typeof historyAnswer>['findings'];

/** A table: its latest finding, what to do about it, how it came to be so, and the way to it in TableSleuth. */
export function tableView(
  address: TableAddress,
  { table: of, finding }: z.input<typeof tableAnswer>,
  { findings, next }: z.input<typeof historyAnswer>,
): View {
  return {
    title: of.name,
    content: [
      heading(of.name),
      tag(
        'p',
        {},
        `${of.format} table, inspected `,
        time(of.inspectedAt),
        `. ${of.location ?? 'Its place is unknown.'}`,
      ),
      ...failure(finding.failure),
      section('Advice', adviceOf(finding.advice)),
      section('Trend', figureForm(address), trendOf(address.by, findings)),
      section('History', history(address.by, findings), ...pages(address, next)),
      section('Figures of the latest finding', figuresOf(of.figures), ...notes(finding), wholeFinding(finding)),
      section('Open it in TableSleuth', ...opening(of)),
    ],
  };
}

function section(title: string, ...content: readonly Tag[]): Tag {
  return tag('section', {}, tag('h2', {}, title), ...content);
}

function failure(failed: Finding['failure']): Tag[] {
  if (failed === null) return [];
  const { kind, message, action } = failed;
  return [tag('p', { class: 'bad' }, `It could not be read (${kind}): ${message}`), tag('p', {}, action)];
}

function adviceOf(advice: Finding['advice']): Tag {
  if (advice.length === 0) return tag('p', {}, 'None: nothing is past a threshold.');
  const heads = ['What', 'Severity', 'Why', 'What to do'].map((text) => ({ text }));
  return table(
    'Advice',
    heads,
    advice.map(({ code, severity, reason, action }) => [code, severity, reason, action]),
  );
}

function trendOf(by: FigureName, findings: Findings): Tag {
  const moments = findings.map(({ inspectedAt, figures }) => ({ at: inspectedAt, value: figures[by] }));
  return tag('figure', {}, trend(by, moments), tag('figcaption', {}, `${LABELS[by].text}, by the time of inspection`));
}

function history(by: FigureName, findings: Findings): Tag {
  const figure = { text: LABELS[by].text, isFigure: true };
  const heads = [{ text: 'Inspected' }, figure, ...['High', 'Medium', 'Low'].map((text) => ({ text, isFigure: true }))];
  const rows = findings.map(({ inspectedAt, status, advice, figures }) => [
    time(inspectedAt),
    status === 'failed' ? 'not readable' : valueText(by, figures[by]),
    ...[advice.high, advice.medium, advice.low].map(String),
  ]);
  return table('Findings, the newest first', heads, rows);
}

function figuresOf(figures: Readonly<Record<FigureName, number | null>>): Tag {
  const rows = FIGURE_NAMES.map((name) => [LABELS[name].text, valueText(name, figures[name])]);
  return table('Figures', [{ text: 'Figure' }, { text: 'Value', isFigure: true }], rows);
}

function notes({ figures }: z.input<typeof tableAnswer>['finding']): Tag[] {
  const said = figures?.notes ?? [];
  return said.length === 0 ? [] : [tag('ul', {}, ...said.map((note) => tag('li', {}, note)))];
}

function wholeFinding(finding: object): Tag {
  const text = tag('pre', { tabindex: '0' }, JSON.stringify(finding, undefined, 2));
  return tag('details', {}, tag('summary', {}, 'The whole finding, as JSON'), text);
}

function opening(of: Parameters<typeof openingOf>[0]): Tag[] {
  const way = openingOf(of);
  if (way === undefined) {
    return [tag('p', {}, 'TableSleuth opens an Iceberg table by its catalog, and this one was found without one.')];
  }
  return [
    tag('p', {}, 'At a terminal of a host:'),
    tag('pre', { tabindex: '0' }, way.command),
    tag('p', {}, `In its browser page: ${way.clicks}.`),
  ];
}
