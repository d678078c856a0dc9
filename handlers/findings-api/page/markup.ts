/** A part of the page before it is in a document. Texts stay texts: nothing here is ever parsed as HTML. */
export interface Tag {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Markup[];
}

export type Markup = Tag | string;

type Children = ReadonlyArray<Markup | readonly Markup[]>;

export function tag(name: string, attributes: Readonly<Record<string, string>> = {}, ...children: Children): Tag {
  return { name, attributes, children: children.flat() };
}

export function link(address: string, text: string): Tag {
  return tag('a', { href: address }, text);
}

/** A table whose first cell of each row is its header; figures are aligned. */
export function table(caption: string, heads: readonly Head[], rows: ReadonlyArray<readonly Markup[]>): Tag {
  const head = tag(
    'tr',
    {},
    ...heads.map(({ text, isFigure }) => tag('th', { scope: 'col', ...aligned(isFigure) }, text)),
  );
  const body = rows.map((cells) =>
    tag('tr', {}, ...cells.map((cell, index) => cellOf(cell, index === 0, heads[index]?.isFigure))),
  );
  // What is wider than a window scrolls by itself, with the keyboard as well.
  return tag(
    'div',
    { class: 'wide', role: 'region', 'aria-label': caption, tabindex: '0' },
    tag('table', {}, tag('caption', {}, caption), tag('thead', {}, head), tag('tbody', {}, ...body)),
  );
}

export interface Head {
  readonly text: string;
  readonly isFigure?: boolean;
}

function cellOf(content: Markup, isHead: boolean, isFigure = false): Tag {
  return isHead ? tag('th', { scope: 'row' }, content) : tag('td', aligned(isFigure), content);
}

function aligned(isFigure = false): Readonly<Record<string, string>> {
  return isFigure ? { class: 'figure' } : {};
}
