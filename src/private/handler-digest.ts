import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const BUNDLES = join(__dirname, '..', '..', 'assets');

/** What tells one version of a bundled function from another, for who must be called when it changes. */
export function handlerDigest(handler: string): string {
  return createHash('sha256')
    .update(readFileSync(join(BUNDLES, handler, 'index.js')))
    .digest('hex');
}
