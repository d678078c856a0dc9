import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { must } from '../machine/process';
import type { Snapshot, Volume } from './instance';

const GIB = 2 ** 30;

/**
 * What volumes and snapshots hold: a sparse file for each, in a folder of the account's own. A volume takes as much of
 * this computer's disk as was written on it.
 */
export class VolumeFiles {
  constructor(private readonly folder: string) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** The file of a volume, made if it is not there yet: empty, or with the content of a snapshot. */
  async open(volume: Volume): Promise<string> {
    const file = join(this.folder, volume.VolumeId);
    if (!existsSync(file)) {
      const content = join(this.folder, volume.Content);
      if (volume.Content !== '' && existsSync(content)) await copy(content, file);
      else writeFileSync(file, '', { mode: 0o600 });
    }
    if (statSync(file).size < volume.SizeGiB * GIB) truncateSync(file, volume.SizeGiB * GIB);
    return file;
  }

  /** Copies what a volume holds now. A volume that nothing was ever written on has no content. */
  async save(snapshot: Snapshot): Promise<void> {
    const [file, content] = [join(this.folder, snapshot.VolumeId), join(this.folder, snapshot.Content)];
    if (existsSync(file) && !existsSync(content)) await copy(file, content);
  }

  /** Deletes what is not wanted any more. */
  keep(wanted: ReadonlySet<string>): void {
    for (const name of readdirSync(this.folder)) {
      if (!wanted.has(name.split('.', 1)[0]!)) rmSync(join(this.folder, name));
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The copy appears whole or not at all, and shares its blocks with the original where the file system can. */
async function copy(from: string, to: string): Promise<void> {
  await must(['cp', '--sparse=always', '--reflink=auto', from, `${to}.unfinished`]);
  renameSync(`${to}.unfinished`, to);
}
