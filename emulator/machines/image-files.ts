import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** What images that were made of machines hold: a folder for each, in a folder of the account's own. About 1 GB a host. */
export class ImageFiles {
  constructor(private readonly folder: string) {
    rmSync(folder, { recursive: true, force: true });
  }

  /** The folders of images, as layers of a disk. Throws when one of them was never saved. */
  layers(imageIds: readonly string[]): string[] {
    const folders = imageIds.map((imageId) => join(this.folder, imageId));
    const missing = folders.find((folder) => !existsSync(folder));
    if (missing !== undefined) throw new Error(`the image in ${missing} was never saved`);
    return folders;
  }

  /** Makes the folder of an image, which appears whole or not at all. */
  async save(imageId: string, write: (folder: string) => Promise<void>): Promise<void> {
    const folder = join(this.folder, imageId);
    mkdirSync(`${folder}.unfinished`, { recursive: true, mode: 0o755 });
    await write(`${folder}.unfinished`);
    renameSync(`${folder}.unfinished`, folder);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
