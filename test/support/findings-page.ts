import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { PROJECT } from './synthesis';

/** The page as it is bundled. */
export function findingsPage(): string {
  return readFileSync(join(PROJECT, 'assets', 'findings-api', 'page.html'), 'utf8');
}
