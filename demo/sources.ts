import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const REPOSITORY = path.dirname(__dirname);
/** What the process of a running demo has loaded. The app and the host's scripts are read anew by each deployment. */
const LOADED = ['demo', 'emulator'];

/** A digest of the sources that a running demo is made of: one of other sources cannot be used again. */
export function digestOfSources(): string {
  const hash = createHash('sha256').update(readFileSync(path.join(REPOSITORY, 'package-lock.json')));
  for (const folder of LOADED) {
    const names = readdirSync(path.join(REPOSITORY, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.pyc'))
      .map((entry) => path.join(entry.parentPath, entry.name));
    for (const name of names.sort()) hash.update(`${path.relative(REPOSITORY, name)}\0`).update(readFileSync(name));
  }
  return hash.digest('hex');
}
