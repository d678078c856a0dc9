// npm test: everything that is claimed. The last line is `N passed, N failed`.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { runChild } from './children.mjs';
import { command, ROOT, say, setUp, TESTING } from './setup.mjs';

/** In the order of their price: a mistake is told as early as possible. The files of one run are tested side by side. */
const RUNS = [['unit'], ['database', 'sweep', 'policy', 'account'], ['host']];
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
const RESULTS = path.join(ROOT, '.cache', 'test-results');

await command(async () => {
  await setUp({ systemPackages: TESTING });
  rmSync(RESULTS, { recursive: true, force: true });
  mkdirSync(RESULTS, { recursive: true });
  const totals = { passed: 0, failed: 0, skipped: 0 };
  for (const projects of RUNS) {
    const name = projects.join('-');
    const started = Date.now();
    const code = await testProjects(projects, name);
    add(totals, name, code);
    say(`${projects.join(', ')}: ${Math.round((Date.now() - started) / 1000)} s`);
    if (code === 130) return code;
  }
  if (process.env.CI === 'true' && totals.skipped > 0) {
    say(`${totals.skipped} tests were skipped: in CI nothing may be`);
    totals.failed += totals.skipped;
  }
  const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : '';
  process.stdout.write(`${totals.passed} passed, ${totals.failed} failed${skipped}\n`);
  return totals.failed > 0 || totals.passed === 0 ? 1 : 0;
});

function testProjects(projects, name) {
  const vitest = path.join('node_modules', 'vitest', 'vitest.mjs');
  const report = path.join(RESULTS, `${name}.json`);
  return runChild(process.execPath, [
    vitest,
    'run',
    ...projects.map((project) => `--project=${project}`),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ]);
}

/** A run that reports nothing, or fails outside a test, has failed once. */
function add(totals, name, code) {
  const report = path.join(RESULTS, `${name}.json`);
  const counts = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {};
  totals.passed += counts.numPassedTests ?? 0;
  totals.failed += counts.numFailedTests ?? 0;
  totals.skipped += counts.numPendingTests ?? 0;
  if (code !== 0 && !counts.numFailedTests) totals.failed += 1;
}
