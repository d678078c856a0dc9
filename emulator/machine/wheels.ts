import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { cached, digestOf, REPOSITORY } from './cache';
import { must } from './process';

/** Every hash-locked list of Python packages that a machine installs from. */
const LISTS = ['host/requirements.txt', 'host/duckdb-extensions.txt', 'emulator/gizmosql/requirements.txt'] as const;

const PYTHON = '3.13';
const GLIBC_VERSIONS = ['2_28', '2_27', '2_26', '2_24', '2_17', '2_12', '2_5'];

/**
 * Downloads the packages a machine installs, once, each checked against its hash, and gives the folder that holds them.
 * The first time takes 30 to 60 seconds and 500 MB of disk.
 */
export function wheels(): Promise<string> {
  const architecture = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  return cached('wheels', digestOf(LISTS, [architecture, PYTHON]), async (folder) => {
    const venv = join(folder, '.pip');
    await must(['python3', '-m', 'venv', venv]);
    const platforms = [...GLIBC_VERSIONS.map((version) => `manylinux_${version}`), 'manylinux2014', 'manylinux1'];
    for (const list of LISTS) {
      await must([
        ...[join(venv, 'bin', 'pip'), 'download', '--quiet', '--disable-pip-version-check', '--dest', folder],
        ...[
          '--require-hashes',
          '--no-deps',
          '--only-binary',
          ':all:',
          '--implementation',
          'cp',
          '--python-version',
          PYTHON,
        ],
        ...platforms.flatMap((platform) => ['--platform', `${platform}_${architecture}`]),
        ...['--requirement', join(REPOSITORY, list)],
      ]);
    }
    rmSync(venv, { recursive: true });
  });
}
