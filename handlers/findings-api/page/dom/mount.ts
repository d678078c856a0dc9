import type { Markup } from '../markup';

const SVG = 'http://www.w3.org/2000/svg';

/** Puts parts of the page in place of what was there. Texts become text nodes, whatever they hold. */
export function mount(into: Element, parts: readonly Markup[]): void {
  into.replaceChildren(...parts.map((part) => nodeOf(part, null)));
}

function nodeOf(part: Markup, namespace: string | null): Node {
  if (typeof part === 'string') return document.createTextNode(part);
  const own = part.name === 'svg' ? SVG : namespace;
  const element = own === null ? document.createElement(part.name) : document.createElementNS(own, part.name);
  for (const [name, value] of Object.entries(part.attributes)) element.setAttribute(name, value);
  element.append(...part.children.map((child) => nodeOf(child, own)));
  return element;
}
