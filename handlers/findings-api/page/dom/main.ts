import { type Address, addressOf, requestsOf } from '../address';
import { submitted } from '../forms';
import { FAULT, type Trouble, troubleOf, UNREACHABLE } from '../trouble';
import type { View } from '../view';
import { troubleView, viewOf } from '../views';
import { mount } from './mount';

class Troubled extends Error {
  constructor(readonly trouble: Trouble) {
    super(trouble.title);
  }
}

const main = document.querySelector('main')!;
/** Counts views: an answer that comes when another one is wanted already is left alone. */
let wanted = 0;

function here(): Address {
  return addressOf(location.hash, new Date());
}

/** The API is below the page, whether its address ends in a slash or not. */
function below(path: string): string {
  const { origin, pathname } = location;
  return `${origin}${pathname.replace(/\/?$/, '/')}${path}`;
}

async function ask(path: string): Promise<unknown> {
  const response = await fetch(below(path), { headers: { accept: 'application/json' } }).catch(() => undefined);
  if (response === undefined) throw new Troubled(UNREACHABLE);
  const body = await response.text();
  if (!response.ok) throw new Troubled(troubleOf({ status: response.status, body }));
  return JSON.parse(body);
}

async function viewOfPlace(address: Address): Promise<View> {
  try {
    return viewOf(address, await Promise.all(requestsOf(address).map(ask)));
  } catch (error) {
    if (!(error instanceof Troubled)) console.error(error);
    return troubleView(error instanceof Troubled ? error.trouble : FAULT);
  }
}

async function show(isFirst: boolean): Promise<void> {
  const mine = ++wanted;
  main.setAttribute('aria-busy', 'true');
  const address = here();
  const { title, content } = await viewOfPlace(address);
  if (mine !== wanted) return;
  mount(main, content);
  main.removeAttribute('aria-busy');
  document.title = `${title} – TableSleuth findings`;
  for (const link of document.querySelectorAll('header nav a')) {
    const isHere = link.getAttribute('data-view') === address.view;
    if (isHere) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  // Who reads by ear or by key goes on at what is new; whoever has just come begins at the top.
  if (!isFirst) main.querySelector('h1')?.focus();
}

main.addEventListener('submit', (event) => {
  event.preventDefault();
  const fields = [...new FormData(event.target as HTMLFormElement)].map(([name, value]) => [name, value as string]);
  const hash = submitted(here(), Object.fromEntries(fields) as Record<string, string>);
  if (hash === location.hash) void show(false);
  else location.hash = hash;
});
main.addEventListener('click', (event) => {
  if ((event.target as Element).closest('[data-again]') !== null) void show(false);
});
document.querySelector('.skip')?.addEventListener('click', (event) => {
  // Its target is no view.
  event.preventDefault();
  main.focus();
});
addEventListener('hashchange', () => void show(false));
void show(true);
