// Writes docs/emulator-types.md: `npx tsx emulator/document-types.ts`.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';

/** The page that the table of resource types is on. */
export const TYPES_PAGE = path.join(__dirname, '..', 'docs', 'emulator-types.md');

/** The table of resource types, as the emulator's registry has it now. About a second. */
export async function emulatorTypesPage(): Promise<string> {
  const { prepareEmulator, EMULATOR_PYTHON } = await import('./prepare.mjs');
  await prepareEmulator({ log: console.error });
  const env = { PATH: process.env.PATH, PYTHONPATH: __dirname, PYTHONDONTWRITEBYTECODE: '1' };
  const markdown = execFileSync(EMULATOR_PYTHON, ['-m', 'tablesleuth_emulator.document'], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return format(markdown, { parser: 'markdown', ...(await resolveConfig(TYPES_PAGE)) });
}

if (require.main === module) {
  void emulatorTypesPage().then((page) => writeFileSync(TYPES_PAGE, page));
}
