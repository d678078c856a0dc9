import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { scratchFolder } from '../support/scratch';

/** What pytest says of one of its tests. */
interface Result {
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly said: string;
}

// The sweep is Python, and so are its tests: pytest runs all of them at once, and each is told here as one of ours.
describe('the sweep', async () => {
  const results = await runPytest();
  const files = readdirSync(__dirname).filter((name) => /^test_.*\.py$/.test(name));

  test('is tested by every file of tests', () => {
    const ran = new Set([...results.keys()].map((id) => path.basename(id.split('::')[0]!)));
    expect([...ran].sort()).toEqual(files.sort());
  });

  for (const [id, { outcome, said }] of results) {
    test(sentence(id), ({ skip }) => {
      if (outcome === 'skipped') skip(said);
      expect(outcome, said).toBe('passed');
    });
  }
});

/** `test_delta.py::test_finds_orphans[x]` as `delta: finds orphans [x]`. */
function sentence(id: string): string {
  const [file, name = ''] = id.split('::');
  const [words = '', parameters] = name.split(/(?=\[)/, 2);
  const subject = path.basename(file!, '.py').replace(/^test_/, '');
  return `${subject}: ${[words.replace(/^test_/, '').replaceAll('_', ' '), parameters].filter(Boolean).join(' ')}`;
}

async function runPytest(): Promise<Map<string, Result>> {
  const { SWEEP_PYTHON } = await import('../../sweep/prepare.mjs');
  const folder = scratchFolder();
  const file = path.join(folder, 'results.json');
  const args = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', '--basetemp', path.join(folder, 'tables'), __dirname];
  const env = { ...withoutAws(), SWEEP_TEST_RESULTS: file, PYTHONDONTWRITEBYTECODE: '1' };
  const output = await new Promise<string>((resolve) => {
    execFile(SWEEP_PYTHON, args, { env, maxBuffer: 2 ** 26 }, (_, stdout, stderr) => resolve(stdout + stderr));
  });
  try {
    return new Map(Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, Result>));
  } catch {
    throw new Error(`pytest ran no test:\n${output}`);
  }
}

/** Tests of the command start it as a person would, who may have credentials. */
function withoutAws(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_')));
}
