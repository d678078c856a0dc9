import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { type FindingsProxy, startFindingsProxy } from '../../cli/findings/proxy';
import { answer } from '../../handlers/findings-api/api';
import type { Database } from '../../handlers/findings/database';
import type { Finding } from '../../handlers/findings/finding';
import { record, tableKey } from '../../handlers/findings/ingestion';
import { type LocalBrowser, openBrowser } from '../browser/browser';
import { whyNoChromium } from '../browser/chromium';
import { FindingsPage } from '../browser/findings-page';
import { ports } from '../handlers/findings-api/request';
import { failedFindingOf, findingOf } from '../support/findings';
import { FindingsDatabase } from '../support/findings-database';
import { findingsPage } from '../support/findings-page';
import { scratchFolder } from '../support/scratch';
import { type SignedGateway, startSignedGateway } from '../support/signed-gateway';
import { PROJECT } from '../support/synthesis';

const ADA = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret-of-ada', sessionToken: 'session-of-ada' };
const MARKUP = `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>`;
const SCREENSHOTS = join(PROJECT, '.cache', 'screenshots');
/** The picture of docs/findings.md; made anew when the variable TABLESLEUTH_UPDATE_IMAGES is set. */
const PICTURE = join(PROJECT, 'docs', 'images', 'findings.png');
const OBSTACLE = whyNoChromium();

let postgres: FindingsDatabase;
let database: Database;
let gateway: SignedGateway;
let proxy: FindingsProxy;
let browser: LocalBrowser;
let findings: FindingsPage;

/** Six weeks of a table that fills up with small files, and of others that are in better order. */
function sampleFindings(): Finding[] {
  const weeks = [0, 1, 2, 3, 4, 5].map((week) => new Date(Date.UTC(2026, 9, 16 + 7 * week, 6)).toISOString());
  const advice: Finding['advice'] = [
    {
      ...{ code: 'small-files', severity: 'high', value: 1_400, threshold: 1_000 },
      ...{ reason: '1,400 of 1,500 files are smaller than 32 MiB', action: 'Rewrite data files' },
    },
  ];
  const orders = weeks.map((inspectedAt, week) =>
    findingOf({
      ...{ id: 'glue:sales.orders', inspectedAt, advice: week > 3 ? advice : [] },
      ...{ waste: { reclaimableBytes: [20, 55, 140, 90, 260, 410][week]! * 1e9 } },
      ...{
        files: { count: 300 * week + 10, smallCount: 280 * week, smallRatio: [0, 0.9, 0.93, 0.94, 0.95, 0.93][week]! },
      },
    }),
  );
  const names = [
    'web.clicks',
    'web.visits',
    'web.pages',
    'sales.customers',
    'sales.returns',
    'hr.people',
    'logs.requests',
  ];
  const others = names.flatMap((name, index) =>
    weeks.slice(-3).map((inspectedAt, week) =>
      findingOf({
        ...{ id: `glue:${name}`, inspectedAt, waste: { reclaimableBytes: (index + 1) * (week + 2) * 1.7e9 } },
        ...{ deletes: { files: index * 3, readAmplification: 1 + index / 4 } },
      }),
    ),
  );
  const many = Array.from({ length: 35 }, (_, index) =>
    findingOf({
      id: `glue:archive.year_${1990 + index}`,
      inspectedAt: weeks[5]!,
      waste: { reclaimableBytes: 1e6 * index },
    }),
  );
  return [
    ...[...orders, ...others, ...many],
    findingOf({ id: `glue:${MARKUP}`, inspectedAt: weeks[5]!, files: { smallCount: 5_000 } }),
    failedFindingOf({ id: 'glue:secret.salaries', inspectedAt: weeks[5]! }),
  ];
}

beforeAll(async () => {
  if (OBSTACLE !== undefined) return console.warn(`skipped: ${OBSTACLE}`);
  mkdirSync(SCREENSHOTS, { recursive: true });
  [postgres, browser] = await Promise.all([FindingsDatabase.migrated(scratchFolder()), openBrowser()]);
  const worker = postgres.as('findings_ingest');
  await record(
    worker,
    sampleFindings().map((finding, index) => ({ contentKey: `${index}`, finding })),
  );
  await worker.close();
  database = postgres.as('findings_api');
  gateway = await startSignedGateway(
    () => ADA,
    (event) => answer(event, { ...ports(database), page: findingsPage }),
  );
  proxy = await startFindingsProxy({ endpoint: gateway.endpoint, region: 'us-east-2', credentials: ADA });
  findings = new FindingsPage(await browser.newPage());
});

beforeEach(({ skip }) => skip(OBSTACLE !== undefined, OBSTACLE));

afterEach(async ({ task }) => {
  const name = task.name
    .toLowerCase()
    .replaceAll(/[^a-z]+/g, '-')
    .slice(0, 60);
  await findings?.page.screenshot({ path: join(SCREENSHOTS, `findings-${name}.png`), animations: 'disabled' });
});

afterAll(async () => {
  await proxy?.close();
  await gateway?.close();
  await browser?.close();
  await database?.close();
  await postgres?.stop();
});

/** One person's visit: each step goes on from the page that the step before it left. */
describe('a person with a browser, through the way that signs', { concurrent: false }, () => {
  test('is refused without the token', async () => {
    const stranger = await browser.newPage();
    const refused = await stranger.goto(new URL('/', proxy.url).href);
    expect(refused?.status()).toBe(403);
    expect(await stranger.content()).toContain('this browser was not let in');
    expect(gateway.targets).toEqual([]);
    await stranger.close();
  });

  test('comes in by the address that is told, which shows no token any more, and sees the worst tables', async () => {
    expect(await findings.open(proxy.url)).toBe('Worst tables: reclaimable bytes');
    expect(findings.page.url()).not.toContain('token');
    const rows = await findings.rows(/^Worst tables/);
    expect(rows.slice(0, 3).map((row) => row.slice(0, 4))).toEqual([
      ['Table', 'Reclaimable bytes', 'Format', 'High'],
      ['sales.orders', '410 GB', 'iceberg', '1'],
      ['logs.requests', '47.6 GB', 'iceberg', '0'],
    ]);
    expect(await findings.barriers()).toEqual([]);
  });

  test('sees them by another figure', async () => {
    await findings.choose('Read amplification');
    await findings.heading(/read amplification/);
    const rows = await findings.rows(/^Worst tables/);
    expect(rows[1]?.slice(0, 2)).toEqual(['logs.requests', '2.5 ×']);
    expect(rows.at(-1)?.slice(0, 2)).toEqual(['web.visits', '1.25 ×']);
  });

  test('goes back with the browser, and is where it was', async () => {
    await findings.page.goBack();
    expect(await findings.heading(/reclaimable bytes/)).toBe('Worst tables: reclaimable bytes');
  });

  test('looks at one table: its advice, its trend, its history', async () => {
    await findings.follow('sales.orders');
    await findings.heading(/^sales\.orders$/);
    expect((await findings.rows('Advice'))[1]).toEqual([
      ...['small-files', 'high', '1,400 of 1,500 files are smaller than 32 MiB', 'Rewrite data files'],
    ]);
    const { words, points } = await findings.trend();
    expect(points).toBe(6);
    expect(words).toContain('from 20 GB on 2026-10-16 06:00 UTC to 410 GB on 2026-11-20 06:00 UTC');
    const history = await findings.rows('Findings, the newest first');
    expect(history.map(([at, value]) => [at, value]).slice(0, 3)).toEqual([
      ['Inspected', 'Reclaimable bytes'],
      ['2026-11-20 06:00 UTC', '410 GB'],
      ['2026-11-13 06:00 UTC', '260 GB'],
    ]);
    expect(await findings.barriers()).toEqual([]);
    if (process.env.TABLESLEUTH_UPDATE_IMAGES) {
      await findings.page.screenshot({ path: PICTURE, animations: 'disabled' });
    }
  });

  test('is where the new content begins, with the keyboard', async () => {
    expect(await findings.page.evaluate('document.activeElement.textContent')).toBe('sales.orders');
  });

  test('sees the trend of another figure', async () => {
    await findings.choose('Share of small files');
    await findings.page.getByText('Share of small files, by the time of inspection').waitFor();
    expect((await findings.trend()).words).toContain('Share of small files in 6 findings: from 0 %');
  });

  test('is told how to open the table in TableSleuth', async () => {
    expect(await findings.text((page) => page.getByText(/^tablesleuth iceberg/))).toBe(
      'tablesleuth iceberg --catalog glue --table sales.orders',
    );
  });

  test('sees what got worse, since a day', async () => {
    await findings.follow('Got worse');
    await findings.heading(/^Got worse/);
    await findings.page.getByRole('textbox', { name: 'Since' }).fill('2026-11-14');
    await findings.page.getByRole('button', { name: 'Show' }).click();
    await findings.heading(/since 2026-11-14/);
    const rows = await findings.rows(/^Got worse/);
    expect(rows[1]?.slice(0, 4)).toEqual(['sales.orders', '150 GB', '260 GB', '410 GB']);
    expect(await findings.barriers()).toEqual([]);
  });

  test('turns the pages of all tables by the cursors of the API, and sees each once', async () => {
    await findings.follow('All tables');
    const seen: string[] = [];
    for (let page = 0; page < 2; page++) {
      await findings.heading(/^All tables$/);
      const names = (await findings.rows('All tables')).slice(1).map(([name]) => name!);
      seen.push(...names);
      await findings.follow('Next page');
      await expect.poll(async () => (await findings.rows('All tables'))[1]?.[0]).not.toBe(names[0]);
    }
    seen.push(...(await findings.rows('All tables')).slice(1).map(([name]) => name!));
    expect(seen).toHaveLength(45);
    expect(new Set(seen).size).toBe(45);
    expect(await findings.barriers()).toEqual([]);
    await findings.follow('First page');
    await expect.poll(async () => (await findings.rows('All tables'))[1]?.[0]).toBe(seen[0]);
  });

  test('finds tables by a part of their names', async () => {
    await findings.search('WEB.');
    await findings.heading(/“WEB\.”/);
    const rows = await findings.rows(/^Tables with/);
    expect(rows.slice(1).map(([name]) => name)).toEqual(['web.clicks', 'web.pages', 'web.visits']);
  });

  test('reads a name that is markup as it is, and runs nothing of it', async () => {
    await findings.open(new URL('/#/worst?by=smallFiles', proxy.url).href);
    await findings.heading(/small files/);
    await findings.follow(MARKUP);
    expect(await findings.heading(/onerror/)).toBe(MARKUP);
    expect(await findings.page.title()).toBe(`${MARKUP} – TableSleuth findings`);
    expect(await findings.page.locator('main img, main script').count()).toBe(0);
    expect(await findings.barriers()).toEqual([]);
  });

  test('is told why a table could not be read', async () => {
    await findings.open(new URL(`/#/tables/${tableKey('glue:secret.salaries')}`, proxy.url).href);
    await findings.page.getByText('It could not be read (access-denied): AccessDenied').waitFor();
    expect((await findings.trend()).words).toContain('unknown in each');
  });

  test('meets no barrier in the dark, on a small screen, at any view', async () => {
    await findings.page.emulateMedia({ colorScheme: 'dark' });
    await findings.page.setViewportSize({ width: 360, height: 740 });
    for (const view of ['worst', 'changes', 'tables', `tables/${tableKey('glue:sales.orders')}`]) {
      await findings.open(new URL(`/#/${view}`, proxy.url).href);
      expect(await findings.barriers(), view).toEqual([]);
      const widths = await findings.page.evaluate<number[]>('[document.documentElement.scrollWidth, innerWidth]');
      expect(widths[0], view).toBeLessThanOrEqual(widths[1]!);
    }
  });

  test('would be told of a barrier', async () => {
    const page = await browser.newPage();
    await page.setContent(
      '<html lang="en"><title>t</title><main><h1>t</h1><p style="color:#ccc">faint</p><input></main>',
    );
    const barriers = await new FindingsPage(page).barriers();
    expect(barriers.map((each) => each.split(':')[0]).sort()).toEqual(['color-contrast', 'label']);
    await page.close();
  });

  test('has met no error, and the browser asked for nothing elsewhere', () => {
    expect(findings.complaints).toEqual([]);
    const origins = new Set(
      findings.requested.filter((url) => !url.startsWith('data:')).map((url) => new URL(url).origin),
    );
    expect([...origins]).toEqual([new URL(proxy.url).origin]);
  });
});

describe('when there is no answer', { concurrent: false }, () => {
  test('the page says what the API says: of a table that is not known', async () => {
    await findings.open(new URL(`/#/tables/${'0'.repeat(32)}`, proxy.url).href);
    expect(await findings.heading(/Not Found/)).toBe('Not Found');
    expect(await findings.text((page) => page.getByRole('alert'))).toContain('no finding is known of a table');
    expect(await findings.barriers()).toEqual([]);
  });

  test('of a database that is away, and tries again when the person wants to', async () => {
    await postgres.kill();
    await findings.follow('Worst tables');
    await findings.heading(/Service Unavailable/);
    expect(await findings.text((page) => page.getByRole('alert'))).toBe('the database is away; try again');
    await postgres.startAgain();
    await findings.page.getByRole('button', { name: 'Try again' }).click();
    expect(await findings.heading(/^Worst/)).toBe('Worst tables: reclaimable bytes');
  });

  test('of the way that has ended', async () => {
    await proxy.close();
    await findings.follow('All tables');
    await findings.heading(/Nobody answers/);
    expect(await findings.text((page) => page.getByRole('alert'))).toContain('start `npm run findings` again');
  });
});
