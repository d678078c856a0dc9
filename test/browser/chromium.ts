import { chmodSync, createReadStream, createWriteStream, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';

import { cached } from '../../emulator/machine/cache';
import { must } from '../../emulator/machine/process';

/** A Chromium that needs nothing of the computer but its C library. */
export interface Chromium {
  readonly executable: string;
  /** Variables that make it use the libraries and fonts it came with. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The archives of the npm package with a name in them; the rest is for pages that draw in three dimensions. */
const ARCHIVES = ['al2023.tar', 'fonts.tar'] as const;

/**
 * Unpacks the headless Chromium of the npm package @sparticuz/chromium below `.cache`: 10 seconds and 200 MB, once.
 * The package would do that itself, into a folder that every user of the computer shares.
 */
export async function chromium(): Promise<Chromium> {
  const packageFolder = join(dirname(require.resolve('@sparticuz/chromium')), '..', '..');
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string };
  const folder = await cached('chromium', version, async (unfinished) => {
    const unpacked = (name: string): Promise<void> => unpack(join(packageFolder, 'bin'), name, unfinished);
    await Promise.all(['chromium', ...ARCHIVES].map(unpacked));
    chmodSync(join(unfinished, 'chromium'), 0o755);
    for (const archive of ARCHIVES) {
      await must([
        'tar',
        '--extract',
        '--no-same-owner',
        '--directory',
        unfinished,
        '--file',
        join(unfinished, archive),
      ]);
      rmSync(join(unfinished, archive));
    }
  });
  writeFileSync(join(folder, 'fonts.conf'), fontConfiguration(folder));
  return {
    executable: join(folder, 'chromium'),
    environment: { LD_LIBRARY_PATH: join(folder, 'lib'), FONTCONFIG_FILE: join(folder, 'fonts.conf') },
  };
}

/** Says in one line why Chromium cannot run on this computer, or undefined when it can. */
export function whyNoChromium(): string | undefined {
  const here = `${process.platform} ${process.arch}`;
  return here === 'linux x64' ? undefined : `the browser of the tests is for linux x64, this is ${here}`;
}

async function unpack(from: string, name: string, to: string): Promise<void> {
  const compressed = createReadStream(join(from, `${name}.br`));
  await pipeline(compressed, createBrotliDecompress(), createWriteStream(join(to, name)));
}

/** One font for everything, so that a screenshot looks the same wherever it was made. */
function fontConfiguration(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${folder}/fonts</dir>
  <cachedir>${folder}/fontcache</cachedir>
</fontconfig>
`;
}
