import { createHash, type Hash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { join, resolve } from 'node:path';

/** The repository's folder. */
export const REPOSITORY = resolve(__dirname, '../..');

const CACHE = join(REPOSITORY, '.cache', 'machine');
const UNFINISHED = join(CACHE, 'unfinished');
const ABANDONED_AFTER_MS = 60 * 60 * 1000;
const UNUSED_FOR_MS = 24 * 60 * 60 * 1000;

/** A digest of the given paths' contents (relative to the repository) and of the given words. */
export function digestOf(paths: readonly string[], words: readonly string[] = []): string {
  const hash = createHash('sha256').update(words.join('\0'));
  for (const path of paths) {
    addPath(hash, join(REPOSITORY, path), path);
  }
  return hash.digest('hex').slice(0, 16);
}

function addPath(hash: Hash, path: string, name: string): void {
  if (!statSync(path).isDirectory()) {
    hash.update(`${name}\0`).update(readFileSync(path));
    return;
  }
  for (const entry of readdirSync(path).sort()) {
    addPath(hash, join(path, entry), `${name}/${entry}`);
  }
}

/**
 * Gives the cached folder `<kind>/<key>`, made by `build` when it is not there yet.
 * The folder appears whole or not at all. Others of its kind are removed once nobody used them for a day.
 */
export async function cached(kind: string, key: string, build: (folder: string) => Promise<void>): Promise<string> {
  const parent = join(CACHE, kind);
  const folder = join(parent, key);
  if (!existsSync(folder)) {
    for (const made of [UNFINISHED, parent]) mkdirSync(made, { recursive: true, mode: 0o755 });
    // Not beside the finished ones: a folder that is being built may look as if nobody had used it for long. Not named by
    // the process: in a process namespace of their own, many have the same number.
    const unfinished = mkdtempSync(join(UNFINISHED, `${kind}-${key}.`));
    chmodSync(unfinished, 0o755);
    try {
      await build(unfinished);
      use(unfinished);
      if (!existsSync(folder)) {
        renameSync(unfinished, folder);
      }
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  }
  use(folder);
  removeUnused(parent, Date.now());
  removeAbandoned(Date.now());
  return folder;
}

function use(folder: string): void {
  const now = new Date();
  utimesSync(folder, now, now);
}

function removeUnused(parent: string, now: number): void {
  for (const name of readdirSync(parent)) {
    if (now - statSync(join(parent, name)).mtimeMs > UNUSED_FOR_MS) {
      rmSync(join(parent, name), { recursive: true, force: true });
    }
  }
}

/** What programs that were killed had begun to build: no build takes an hour. */
function removeAbandoned(now: number): void {
  for (const name of existsSync(UNFINISHED) ? readdirSync(UNFINISHED) : []) {
    if (now - statSync(join(UNFINISHED, name)).mtimeMs > ABANDONED_AFTER_MS) {
      rmSync(join(UNFINISHED, name), { recursive: true, force: true });
    }
  }
}
