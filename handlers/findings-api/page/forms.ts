import { FIGURE_NAMES, type FigureName } from '../../findings/figures';
import { type Address, hashOf } from './address';
import { tag, type Tag } from './markup';
import { LABELS } from './words';

/** Chooses the figure; what else the address says stays. */
export function figureForm(address: Extract<Address, { by: FigureName }>, ...more: readonly Tag[]): Tag {
  const options = FIGURE_NAMES.map((name) =>
    tag('option', { value: name, ...(name === address.by ? { selected: '' } : {}) }, LABELS[name].text),
  );
  return form('What is shown', [
    ...labelled('by', 'Figure', tag('select', { id: 'by', name: 'by' }, ...options)),
    ...more,
  ]);
}

export function searchForm(name: string): Tag {
  const field = tag('input', { id: 'name', name: 'name', type: 'search', value: name, maxlength: '200' });
  return form('Search', labelled('name', 'Name holds', field), 'search');
}

export function sinceField(since: string): Tag[] {
  return labelled(
    'since',
    'Since',
    tag('input', { id: 'since', name: 'since', type: 'date', value: since, required: '' }),
  );
}

/** The address that a form leads to from the one where it is. Another search begins at its first page. */
export function submitted(from: Address, fields: Readonly<Record<string, string>>): string {
  return hashOf({ ...from, ...fields, ...(from.view === 'tables' ? { cursor: '' } : {}) });
}

function form(label: string, content: readonly Tag[], role = 'form'): Tag {
  return tag('form', { role, 'aria-label': label }, ...content, tag('button', { type: 'submit' }, 'Show'));
}

function labelled(id: string, label: string, field: Tag): Tag[] {
  return [tag('label', { for: id }, label), field];
}
