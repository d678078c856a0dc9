import { existsSync, statfsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir, totalmem } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// What the constructs under test take for granted.
createRequire(import.meta.url)('./scripts/bundle-handlers.cjs');

// Unit tests share one process: nothing under test reads or writes global state, and loading aws-cdk-lib once
// instead of once per file is most of the time. CDK's own schema validation runs in the whole-app project alone.
const shared = { pool: 'forks' as const, isolate: false, testTimeout: 20_000 };

/** Thousands of small files are written and thrown away: in memory, where there is a gigabyte of it, a tenth quicker. */
const MEMORY = '/dev/shm';
const hasMemory = existsSync(MEMORY) && statfsSync(MEMORY).bavail * statfsSync(MEMORY).bsize > 2 ** 30;
const TMPDIR = hasMemory ? MEMORY : tmpdir();

/** What takes minutes. Begun last, one of these would run alone at the end. */
const LONGEST = [
  'policy/templates',
  'account/demo',
  'account/workspace',
  'account/balanced-group',
  'account/hours',
  'account/rotation',
  'account/everything',
].map((name) => `/test/${name}.test.ts`);

class LongestFirst extends BaseSequencer {
  public override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => LONGEST.findIndex((name) => moduleId.endsWith(name));
    const sorted = await super.sort(files);
    const longest = sorted.filter((file) => rank(file) >= 0).sort((one, other) => rank(one) - rank(other));
    return [...longest, ...sorted.filter((file) => rank(file) < 0)];
  }
}

/** An emulated account with a machine takes two GiB; deployments mostly wait, so that more of them fit than there are cores. */
const FILES_AT_ONCE = Math.max(1, Math.min(3, Math.floor(totalmem() / 2 ** 30 / 4)));
const booting = {
  pool: 'forks' as const,
  testTimeout: 300_000,
  globalSetup: 'test/support/prepared.ts',
  // Decision 31. The report names a test that passed at its second try.
  retry: process.env['CI'] === 'true' ? 1 : 0,
};

export default defineConfig({
  test: {
    maxWorkers: FILES_AT_ONCE,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          // A synthesis makes millions of objects that live for a moment.
          execArgv: ['--max-semi-space-size=64'],
          // Each process loads aws-cdk-lib once, which is most of its work: no more of them than cores.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          include: ['test/{src,app,handlers,cli,emulator-port,repository}/**/*.test.ts'],
          env: { CDK_VALIDATION: 'false', TMPDIR },
        },
      },
      {
        // With a PostgreSQL of their own each.
        test: {
          ...shared,
          name: 'database',
          include: ['test/database/**/*.test.ts'],
          env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
          globalSetup: 'test/database/prepared.ts',
          hookTimeout: 120_000,
        },
      },
      { test: { ...shared, name: 'policy', include: ['test/policy/**/*.test.ts'], testTimeout: 180_000 } },
      {
        test: {
          ...shared,
          name: 'sweep',
          include: ['test/sweep/**/*.test.ts'],
          globalSetup: 'test/sweep/prepared.ts',
          testTimeout: 60_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          ...booting,
          name: 'account',
          include: ['test/account/**/*.test.ts'],
          env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
          setupFiles: 'test/support/own-temporary-folder.ts',
          hookTimeout: 900_000,
        },
      },
      {
        // No more of them than cores: they hold a host to its own time limits, and mostly wait for them.
        test: {
          ...booting,
          name: 'host',
          include: ['test/host/**/*.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
