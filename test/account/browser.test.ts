import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeLake, type SampleLake, type SampleTable } from '../../demo/lake/lake';
import { type LocalBrowser, openBrowser } from '../browser/browser';
import { whyNoChromium } from '../browser/chromium';
import { TableSleuthPage } from '../browser/tablesleuth-page';
import { Deployment } from './deployment';
import { whereMachinesRun } from './fixtures/machines';

const SCREENSHOTS = path.join('.cache', 'screenshots');
/** The picture of the README; made anew when the variable TABLESLEUTH_UPDATE_IMAGES is set. */
const PICTURE = path.join('docs', 'images', 'tablesleuth.png');
const UI_PORT = 8080;
const OBSTACLE = whyNoChromium();

let deployment: Deployment;
let lake: SampleLake;
let browser: LocalBrowser;
let tablesleuth: TableSleuthPage;

whereMachinesRun(async () => {
  if (OBSTACLE !== undefined) return console.warn(`skipped: ${OBSTACLE}`);
  mkdirSync(SCREENSHOTS, { recursive: true });
  deployment = await Deployment.start('browser', { enforceIam: true, machines: true });
  const machines = deployment.account.machines!;
  [lake, browser] = await Promise.all([makeLake(deployment.account), openBrowser()]);
  const { exitCode, output } = await deployment.deploy(
    ...machines.gizmosqlSettings,
    `data.buckets=${JSON.stringify([lake.bucketArn])}`,
    `data.glueDatabases=${JSON.stringify([lake.database])}`,
  );
  expect(exitCode, output).toBe(0);
  const [host] = await deployment.hosts();
  const { port } = await machines.forward(host!.InstanceId!, UI_PORT);
  tablesleuth = new TableSleuthPage(await browser.newPage(), `http://127.0.0.1:${port}`);
});

beforeEach(({ skip }) => skip(OBSTACLE !== undefined, OBSTACLE));

afterEach(async ({ task }) => {
  const name = task.name.toLowerCase().replaceAll(/[^a-z]+/g, '-');
  await tablesleuth?.screenshot(path.join(SCREENSHOTS, `${name.slice(0, 60)}.png`));
});

afterAll(async () => {
  await browser?.close();
  await deployment?.stop();
});

/** One person's visit: each step goes on from the page that the step before it left. */
describe('a person with a browser, at the host of the dev environment', { concurrent: false }, () => {
  test('meets TableSleuth', async () => {
    expect(await tablesleuth.open()).toEqual(expect.arrayContaining(['Parquet', 'Iceberg', 'Delta', 'GizmoSQL']));
  });

  test('is offered the tables in Glue', async () => {
    expect(await tablesleuth.listTables('glue')).toEqual(['sample.customers', 'sample.orders']);
  });

  test('sees the snapshots of an Iceberg table, with their files and deletes', async () => {
    const snapshots = await tablesleuth.loadIceberg('glue', 'sample.orders');
    expect(snapshots).toHaveLength(14);
    expect(snapshots[0]).toEqual(expect.arrayContaining(['4,945 rows', '40 files', '18 deletes']));
    expect(snapshots.at(-1)).toEqual(expect.arrayContaining(['APPEND', '500 rows', '4 files']));
    expect(await tablesleuth.text('Delete Files (18)')).toContain('s3://tablesleuth-demo-lake/warehouse/orders/data/');
  });

  test('sees how the schema of an Iceberg table grew', async () => {
    await tablesleuth.turnTo('Forensics');
    expect(await tablesleuth.text('Schema Evolution (2 versions)')).toMatch(
      /Schema ID 1 · 6 fields[^]*channel\tstring/,
    );
  });

  test('compares two snapshots through GizmoSQL, which applies the deletes', async () => {
    await tablesleuth.turnTo('Compare');
    await tablesleuth.press(/Run Comparison/);
    expect(await tablesleuth.text('Analysis')).toContain(rowsOf('sample.orders').toLocaleString('en-US'));
  });

  test('sees the versions of a Delta table, and its waste', async () => {
    const versions = await tablesleuth.loadDelta(table('shipments').uri);
    expect(versions).toHaveLength(16);
    expect(versions[0]).toEqual(expect.arrayContaining(['v15', '9 files', '4,231 rows']));
    await tablesleuth.turnTo('Forensics');
    await tablesleuth.press(/Run Forensic Analysis/);
    const forensics = await tablesleuth.text('Storage Waste');
    expect(forensics).toMatch(/Tombstoned Files\s+38 /);
    expect(Number(/Waste %\s+([\d.]+)%/.exec(forensics)?.[1])).toBeGreaterThan(50);
    if (process.env.TABLESLEUTH_UPDATE_IMAGES) await tablesleuth.screenshot(PICTURE);
  });

  test('sees Parquet files, and the rows in one', async () => {
    const files = await tablesleuth.loadParquet(table('clicks').uri);
    expect(files).toHaveLength(5);
    expect(files[2]).toContain('2,000 rows');
  });

  test('profiles the columns of Parquet files through Flight SQL', async () => {
    await tablesleuth.run(`SUMMARIZE FROM read_parquet('${table('clicks').uri}**/*.parquet')`);
    const profile = await tablesleuth.table();
    const columns = profile.rows.map(([column]) => column);
    expect(columns).toEqual(['visitor', 'page', 'milliseconds', 'clicked_at', 'day']);
    const count = profile.columns.indexOf('count');
    expect(new Set(profile.rows.map((row) => row[count]))).toEqual(new Set([`${rowsOf('clicks')}`]));
  });

  // TableSleuth 0.6.1 serves the profile of a table, and has no view of its own for it yet.
  test('profiles the columns of an Iceberg table, as its current snapshot has them', async () => {
    const reference = { catalog_name: 'glue', table_identifier: 'sample.orders' };
    const { body } = await tablesleuth.call('POST', 'iceberg/load', reference);
    const { metadata_location } = body as { metadata_location: string };
    const profile = { table_ref: 'sample.orders', metadata_location, columns: ['region', 'channel'] };
    expect(await tablesleuth.call('POST', 'gizmosql/profile', profile)).toMatchObject({
      status: 200,
      body: {
        region: { row_count: rowsOf('sample.orders'), distinct_count: 4, null_count: 0, min_value: 'ap' },
        channel: { row_count: rowsOf('sample.orders'), distinct_count: 4, max_value: 'web' },
      },
    });
  });

  test('is refused the configuration, which holds the password, and may know its status', async () => {
    for (const route of ['config/', 'config', 'config/pyiceberg']) {
      const { status, body } = await tablesleuth.call('GET', route);
      expect(status, route).toBe(403);
      expect(body, route).toContain('403 Forbidden');
    }
    expect(await tablesleuth.call('GET', 'config/status')).toMatchObject({ status: 200 });
    expect(await tablesleuth.settings()).not.toMatch(/password|grpc:/i);
  });

  test('is told so when the host’s role may not read what they ask for', async () => {
    const s3 = new S3Client({ ...deployment.account.client, forcePathStyle: true });
    const elsewhere = { Bucket: 'somebody-elses-lake' };
    await s3.send(new CreateBucketCommand(elsewhere));
    await s3.send(new PutObjectCommand({ ...elsewhere, Key: 'part-0.parquet', Body: 'PAR1' }));
    await tablesleuth.run(`FROM read_parquet('s3://${elsewhere.Bucket}/part-0.parquet')`);
    expect(await tablesleuth.text(/^Error/)).toContain('403 Forbidden');
  });
});

function table(name: string): SampleTable {
  const found = lake.tables.find((each) => each.name === name);
  if (found === undefined) throw new Error(`the sample lake has no ${name}`);
  return found;
}

function rowsOf(name: string): number {
  return table(name).rows;
}
