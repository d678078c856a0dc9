import { execFile, execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duration } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../src/workbench/host-bundle';
import { hostUserData, REPORT_SECONDS } from '../../src/workbench/host-user-data';
import { scratchFolder } from '../support/scratch';
import { USER_DATA_OPTIONS } from '../support/user-data';

const AWS = `#!/bin/bash
if [ "$1 $2" = "s3 cp" ]; then touch "$MACHINE/downloaded"; cp "$BUNDLE" "$5"; exit; fi
echo "$*" >> "$CALLS"
if [ "$1 $2" = "logs put-log-events" ]; then cp "$MACHINE/run/boot-log.json" "$SENT"; fi
`;

/** The computer's own Python first: a version manager's takes longer to start than all the rest. */
const PATH = `/usr/bin:/bin:${process.env.PATH}`;

interface Boot {
  /** The bundle's install; configure does nothing. */
  readonly install?: string;
  readonly bundleDigest?: string;
  /** Whether the image holds the bundle already: whole, or with a file that was changed. */
  readonly baked?: 'whole' | 'changed';
  /** What the host has beside the time for its report. */
  readonly seconds?: number;
}

/**
 * Boots a host as far as a folder can stand for a machine: bash, Python and the digest are real; AWS, instance metadata
 * and the bundle's own two scripts are not.
 */
async function boot({ install = 'true', bundleDigest, baked, seconds = 60 }: Boot = {}) {
  const machine = scratchFolder();
  const at = (...path: string[]) => join(machine, ...path);
  ['bundle', 'bin', 'etc', 'opt', 'run', 'var/log'].forEach((path) => mkdirSync(at(path), { recursive: true }));
  writeFileSync(at('bundle', 'install'), install);
  writeFileSync(at('bundle', 'configure'), 'true');
  execFileSync('python3', ['-m', 'zipfile', '-c', at('bundle.zip'), 'install', 'configure'], {
    cwd: at('bundle'),
    env: { PATH },
  });
  bake(at('bundle'), at('opt', 'tablesleuth', 'host'), baked);
  writeFileSync(at('bin', 'aws'), AWS, { mode: 0o755 });
  writeFileSync(at('bin', 'curl'), '#!/bin/sh\necho i-0123\n', { mode: 0o755 });
  const healthyWithin = Duration.seconds(REPORT_SECONDS + seconds);
  const script = hostUserData({
    ...USER_DATA_OPTIONS,
    healthyWithin,
    bundleDigest: bundleDigest ?? digestOf(at('bundle')),
  });
  const env = {
    PATH: `${at('bin')}:${PATH}`,
    BUNDLE: at('bundle.zip'),
    CALLS: at('calls'),
    SENT: at('sent'),
    MACHINE: machine,
  };
  const [status, log] = await run(script.replace(/(?<![\w/])\/(etc|opt|run|var)\//g, `${machine}/$1/`), env);
  const read = (...path: string[]) => (existsSync(at(...path)) ? readFileSync(at(...path), 'utf8') : undefined);
  const sent = read('sent');
  return {
    status,
    log,
    calls: read('calls')?.trim().split('\n') ?? [],
    sent: (JSON.parse(sent ?? '[]') as Array<{ message: string }>).map(({ message }) => message),
    downloaded: existsSync(at('downloaded')),
    settings: read('etc', 'tablesleuth', 'settings.env'),
    started: read('started')?.trim().split('\n').map(Number) ?? [],
  };
}

/** Puts the bundle where an image has it. */
function bake(bundle: string, folder: string, baked: Boot['baked']): void {
  if (baked !== undefined) cpSync(bundle, folder, { recursive: true });
  if (baked === 'changed') writeFileSync(join(folder, 'install'), 'echo it is another one');
}

function run(script: string, env: NodeJS.ProcessEnv): Promise<[status: number, output: string]> {
  return new Promise((resolve) => {
    const child = execFile('bash', ['-c', script], { env }, (_error, stdout) =>
      resolve([child.exitCode ?? -1, stdout]),
    );
  });
}

const SIGNAL =
  'cloudformation signal-resource --stack-name Stack --logical-resource-id Host --unique-id i-0123 --status';

// Side by side: most of a boot is waiting.
describe('a boot', { concurrent: true }, () => {
  test('that succeeds leaves the settings for the bundle, tells CloudFormation so, and nothing else', async () => {
    const { status, calls, settings } = await boot();
    expect(status).toBe(0);
    expect(calls).toEqual([`${SIGNAL} SUCCESS`]);
    expect(settings).toBe('GIZMOSQL_USERNAME="admin"\nTABLE_BUCKET_ARNS=""\n');
  });

  test('of an image that holds the bundle downloads none', async () => {
    const { status, log, downloaded } = await boot({ baked: 'whole', install: 'echo it runs' });
    expect({ status, downloaded }).toEqual({ status: 0, downloaded: false });
    expect(log).toContain('it runs');
  });

  test('of an image that holds another bundle takes the one that was deployed', async () => {
    const { status, log, downloaded } = await boot({ baked: 'changed', install: 'echo it runs' });
    expect({ status, downloaded }).toEqual({ status: 0, downloaded: true });
    expect(log).toContain('it runs');
    expect(log).not.toContain('another one');
  });

  test('fails when the bundle is not the one that was deployed, says what to do, and runs nothing of it', async () => {
    const { status, log, calls } = await boot({ bundleDigest: 'e'.repeat(64), install: 'echo it runs' });
    expect(status).toBe(1);
    expect(log).toMatch(/host bundle s3:\/\/assets\/bundle\.zip has digest \w{64}, expected e{64}: deploy again/);
    expect(log).not.toContain('it runs');
    expect(calls.at(-1)).toBe(`${SIGNAL} FAILURE`);
  });

  test('fails with the install, and sends its log away before it tells CloudFormation', async () => {
    const { status, log, calls } = await boot({ install: 'exit 7' });
    expect(status).toBe(7);
    expect(log).toContain(
      'host did not become healthy (exit code 7); this log is stream i-0123/boot of log group hosts',
    );
    expect(calls.map((call) => call.split(' ').slice(0, 2).join(' '))).toEqual([
      'logs create-log-stream',
      'logs put-log-events',
      'cloudformation signal-resource',
    ]);
    expect(calls.at(-1)).toBe(`${SIGNAL} FAILURE`);
  });

  test('that fails sends all of its log, however often it is tried', async () => {
    const install = 'echo "what went wrong" >&2; exit 7';
    const boots = await Promise.all(Array.from({ length: 6 }, () => boot({ install })));
    const last = 'host did not become healthy (exit code 7); this log is stream i-0123/boot of log group hosts';
    for (const { sent, log } of boots) {
      expect(sent).toEqual(['what went wrong', last]);
      expect(log).toContain(`what went wrong\n${last}\n`);
    }
  });

  test('that fails sends its log although something that it started still writes to it', async () => {
    const { sent, started } = await boot({ install: 'setsid sleep 60 & echo $! > "$MACHINE/started"; exit 7' });
    expect(sent.at(-1)).toMatch(/^host did not become healthy/);
    started.forEach((pid) => process.kill(pid));
  });

  // Held to seconds, and so alone.
  test.sequential('that hangs is stopped in time with all that it started, and the log says so', async () => {
    const { status, sent, calls, started } = await boot({ install: HANGS, seconds: 3 });
    expect(status).toBe(124);
    expect(sent.slice(0, 1)).toEqual(['downloading']);
    expect(sent.at(-2)).toMatch(
      /^bash \S+\/host\/install did not end within [123] s and was stopped: a new host has 93 s to become healthy, 90 of them/,
    );
    expect(calls.at(-1)).toBe(`${SIGNAL} FAILURE`);
    expect(started).toHaveLength(2);
    expect(started.filter(isRunning)).toEqual([]);
  });
});

/** Says what it does, then waits with two children, one of which does not end when it is asked to. */
const HANGS = `
echo downloading
sleep 60 & echo $! > "$MACHINE/started"
bash -c 'trap "" TERM; while :; do sleep 1; done' & echo $! >> "$MACHINE/started"
wait
`;

function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}
