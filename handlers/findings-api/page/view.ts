import { type Address, hashOf } from './address';
import { link, tag, type Tag } from './markup';
import { timeText } from './words';

/** What is to be seen, and how the window is named. */
export interface View {
  readonly title: string;
  readonly content: readonly Tag[];
}

type Paged = Extract<Address, { cursor: string }>;

/** The way to the next page and back to the first. */
export function pages(address: Paged, next: string | null): Tag[] {
  const first = address.cursor === '' ? [] : [link(hashOf({ ...address, cursor: '' }), 'First page')];
  const onward = next === null ? [] : [link(hashOf({ ...address, cursor: next }), 'Next page')];
  const links = [...first, ...onward];
  return links.length === 0 ? [] : [tag('nav', { 'aria-label': 'Pages', class: 'pages' }, ...links)];
}

/** Takes the focus when the view is new. */
export function heading(text: string): Tag {
  return tag('h1', { tabindex: '-1' }, text);
}

export function time(moment: string): Tag {
  return tag('time', { datetime: moment }, timeText(moment));
}
