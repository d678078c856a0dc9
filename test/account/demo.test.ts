import { execFileSync } from 'node:child_process';
import { afterAll, describe, expect, test } from 'vitest';
import type { Page } from '../../demo/booted-account';
import type { ReadBack } from '../../demo/read-back';
import { openBrowser } from '../browser/browser';
import { whyNoChromium } from '../browser/chromium';
import { FindingsPage } from '../browser/findings-page';
import { demo, DemoCommand, type Ended } from './fixtures/demo-command';
import { whereMachinesRun } from './fixtures/machines';
import { eventually } from './fixtures/processes';
import { Traces } from './fixtures/traces';

describe('npm run demo', () => {
  test('refuses an endpoint that is not on this machine', async () => {
    const environment = { AWS_ENDPOINT_URL: 'https://sts.us-east-2.amazonaws.com' };
    const { exitCode, stderr, stdout } = await new DemoCommand({ environment }).ended;
    expect(exitCode).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('https://sts.us-east-2.amazonaws.com');
    expect(stderr).toContain('not on this machine');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('answers a mistake in the settings with what to do, before it starts anything', async () => {
    const { exitCode, stderr } = await demo('-c', 'instanceTyp=t3.large');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('instanceTyp');
    expect(stderr).toContain('instanceType');
    expect(stderr).not.toMatch(/^\s+at |Emulated account/m);
  });

  test('refuses a page that closes at once', async () => {
    const { exitCode, stderr } = await demo('--minutes', '0');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('--minutes: got "0", wants a number above 0');
  });
});

/** As root in a container that may not mount; an ordinary user may not anyway. */
const WITHOUT_MOUNTS = ['setpriv', '--inh-caps=-sys_admin', '--bounding-set=-sys_admin', process.execPath];

describe('npm run demo where nothing can boot', () => {
  test('says why, deploys, reads back for a machine to read, and ends within a minute', async () => {
    const command = process.getuid?.() === 0 ? WITHOUT_MOUNTS : undefined;
    const { exitCode, stdout, stderr, seconds } = await new DemoCommand({ command, args: ['--json'] }).ended;
    expect(exitCode, stderr).toBe(0);
    expect(stderr.match(/.*machines need.*/g)).toEqual([expect.stringContaining('No host boots')]);
    expect(stderr).toContain('nothing runs on');
    const { findings, outputs } = JSON.parse(stdout) as ReadBack;
    const of = (group: string) => findings.filter((finding) => finding.group === group);
    expect(of('Stacks').map(({ value }) => value)).toEqual(Array(4).fill('CREATE_COMPLETE'));
    expect(of('Host')[0]?.value).toMatch(/^t3a?\.small, spot, running, IMDSv2 required, no key pair$/);
    expect(of('Data').map(({ value }) => value)).toContain('32 letters and digits, encrypted with its own key');
    expect(outputs.TableSleuthCommand).toContain('AWS-StartPortForwardingSession');
    expect(seconds).toBeLessThan(60);
  });
});

describe('npm run demo where a host boots', { concurrent: false }, () => {
  const files = git('status', '--porcelain');
  let first: Ended;
  let url: string;

  whereMachinesRun(async () => {
    await demo('--stop');
    first = await demo();
    url = first.stdout.trimEnd().split('\n').at(-1)!;
  });

  afterAll(() => demo('--stop'));

  test('ends with the URL of TableSleuth, which answers healthily, and changes no file', async () => {
    expect(first.exitCode, first.stderr).toBe(0);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(first.stderr).toContain('The page stays open for 30 minutes');
    expect(await (await fetch(url)).text()).toContain('TableSleuth');
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ healthy: true });
    expect(git('status', '--porcelain')).toBe(files);
  });

  test('deploys to a healthy page within 90 seconds', () => {
    expect(Number(/healthy, ([\d.]+) s after/.exec(first.stderr)?.[1])).toBeLessThan(90);
  });

  test('names tables that are there, and whose columns can be profiled through Flight SQL', async () => {
    expect(first.stdout).toContain('catalog glue, sample.orders');
    const reference = { catalog_name: 'glue', table_identifier: 'sample.orders' };
    const { metadata_location } = await post<{ metadata_location: string }>('iceberg/load', reference);
    const profile = { table_ref: 'sample.orders', metadata_location, columns: ['region'] };
    expect(await post('gizmosql/profile', profile)).toMatchObject({ region: { distinct_count: 4, null_count: 0 } });
  });

  test('has swept the lake, and tells which tables are worst to whoever signs what he asks', async () => {
    const [, endpoint = ''] =
      /^Findings of a sweep of all tables: (http:\/\/127\.0\.0\.1:\S+)$/m.exec(first.stdout) ?? [];
    expect(first.stdout).toMatch(/^ {2}shipments +\d+ kB that nobody needs$/m);
    expect((await fetch(`${endpoint}worst`)).status).toBe(403);
  });

  test('shows them on a page in a browser', async ({ skip }) => {
    skip(whyNoChromium() !== undefined, whyNoChromium());
    const browser = await openBrowser();
    try {
      const visitor = new FindingsPage(await browser.newPage());
      const [, address = ''] = /^ {2}in one browser: (\S+)$/m.exec(first.stdout) ?? [];
      expect(await visitor.open(address)).toBe('Worst tables: reclaimable bytes');
      const rows = await visitor.rows(/^Worst tables/);
      expect(rows.map((row) => row.join(' ')).join('\n')).toMatch(/shipments[^]*orders[^]*customers/);
      expect(visitor.complaints).toEqual([]);
    } finally {
      await browser.close();
    }
  });

  test('deploys into what is running the second time, one command after the other', async () => {
    const [one, other] = await Promise.all([demo('--json'), demo('--json', '-c', 'logRetentionDays=30')]);
    for (const { exitCode, stdout, stderr, seconds } of [one, other]) {
      expect(exitCode, stderr).toBe(0);
      const page = JSON.parse(stdout) as Page;
      expect(page.url).toBe(url);
      expect(page.lakeFindings?.worst.map(({ name }) => name)).toContain('sample.orders');
      expect(stderr).toContain('A demo is running in this checkout: deploying into it');
      expect(seconds).toBeLessThan(60);
    }
    expect(one.stderr + other.stderr).toContain('Another `npm run demo` is at work in this checkout');
    const { findings } = JSON.parse(other.stdout) as ReadBack;
    expect(findings.map(({ value }) => value)).toContain('30 days, encrypted');
  });

  test('goes on when a later deployment fails', async () => {
    const { exitCode, stderr } = await demo('-c', '@aws-cdk/core:enableStackNameDuplicates=true');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('Unsupported feature flag');
    expect(stderr).toContain('The demo goes on');
    expect((await fetch(`${url}/health`)).ok).toBe(true);
  });

  test('leaves nothing when what it left running is killed', async () => {
    const traces = Traces.ofDemo();
    expect(traces.length).toBeGreaterThan(20);
    for (const pid of traces.roots) process.kill(pid, 'SIGKILL');
    expect(await eventually(() => traces.left().length === 0), traces.left().join('\n')).toBe(true);
    await expect(fetch(url)).rejects.toThrow();
    expect((await demo('--stop')).stderr).toContain('No demo is running');
  });

  test.each([
    ['SIGKILL', 'Emulated account: starting', null],
    ['SIGINT', 'Sample lake: Iceberg table', 130],
    ['SIGKILL', 'Network-dev: deploying', null],
    ['SIGINT', 'The host boots', 130],
  ] as const)('leaves nothing when it gets %s at "%s"', async (signal, landmark, expected) => {
    const command = new DemoCommand();
    await command.hasTold(landmark);
    const traces = Traces.ofDemo();
    expect(traces.length).toBeGreaterThan(1);
    const { exitCode } = await command.signal(signal);
    expect(exitCode).toBe(expected);
    // By itself it says that it is through when nothing is left.
    if (signal === 'SIGKILL') await eventually(() => traces.left().length === 0);
    expect(traces.left()).toEqual([]);
  });

  test('is told when somebody stops it at work', async () => {
    const command = new DemoCommand();
    await command.hasTold('ready at');
    const traces = Traces.ofDemo();
    const { exitCode, stderr } = await demo('--stop');
    expect(exitCode, stderr).toBe(0);
    expect(traces.left()).toEqual([]);
    const { exitCode: told, stderr: what } = await command.ended;
    expect(told).toBe(1);
    expect(what).toContain('it was told to stop');
  });

  async function post<Answer>(route: string, body: unknown): Promise<Answer> {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${url}/api/${route}`, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(answer.status).toBe(200);
    return (await answer.json()) as Answer;
  }
});

function git(...args: string[]): string {
  return execFileSync('git', args, { encoding: 'utf8' });
}
