// npm run sweep: inspects tables and gives a finding document for each. Needs no package of npm's.
import path from 'node:path';
import { prepareSweep, SWEEP_PYTHON } from '../sweep/prepare.mjs';
import { runChild } from './children.mjs';
import { command, ROOT, say } from './setup.mjs';

await command(async () => {
  await prepareSweep({ log: say });
  const env = { ...process.env, PYTHONPATH: path.join(ROOT, 'sweep'), PYTHONDONTWRITEBYTECODE: '1' };
  // Paths are those of who types them: npm itself goes to the root of the package first.
  const cwd = process.env.INIT_CWD ?? process.cwd();
  return runChild(SWEEP_PYTHON, ['-m', 'tablesleuth_sweep', ...process.argv.slice(2)], { env, cwd });
});
