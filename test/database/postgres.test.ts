import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { makeCertificates } from '../../emulator/machine/certificates';
import { run } from '../../emulator/machine/process';
import { type Postgres, startPostgres, unprivileged } from '../../emulator/postgres/postgres';
import { scratchFolder } from '../support/scratch';
import { REPOSITORY } from '../../emulator/machine/cache';

const folder = scratchFolder();
let postgres: Postgres;

async function ask(sql: string, more: object = {}): Promise<unknown[]> {
  const { host, port, superuser } = postgres;
  const client = new Client({ host, port, ...superuser, database: 'postgres', ...more });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Processes of this computer whose command names a folder. */
function processesOf(data: string): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(join('/proc', name, 'cmdline'), 'utf8').includes(data);
    } catch {
      return false;
    }
  });
}

beforeAll(async () => {
  const certificates = join(folder, 'certificates');
  await makeCertificates(certificates, ['database.example.com']);
  const tls = {
    certificateFile: join(certificates, 'certificate.pem'),
    keyFile: join(certificates, 'key.pem'),
  };
  postgres = await startPostgres({ folder, tls });
});
afterAll(() => postgres.stop());

const trusted = () => ({
  ssl: {
    ca: readFileSync(join(folder, 'certificates', 'authority.pem'), 'utf8'),
    servername: 'database.example.com',
  },
});

describe('a PostgreSQL of our own', () => {
  test('finds its programs in a folder that is closed to others', async () => {
    const closed = join(folder, 'closed');
    const program = join(closed, 'program');
    mkdirSync(closed);
    writeFileSync(program, '', { mode: 0o755 });
    chmodSync(closed, 0o700);
    // Asks as PostgreSQL does, by access(2).
    expect(await run([...unprivileged(), 'test', '-x', program])).toMatchObject({ status: 0 });
  });

  test('refuses the port without encryption, and with a wrong password', async () => {
    await expect(ask('select 1')).rejects.toThrow('no encryption');
    await expect(ask('select 1', { ...trusted(), password: 'guess' })).rejects.toThrow(
      'password authentication failed',
    );
  });

  test('answers at the port to whoever knows its authority and a password', async () => {
    expect(await ask('select ssl from pg_stat_ssl where pid = pg_backend_pid()', trusted())).toEqual([{ ssl: true }]);
  });

  test('keeps what was committed when it is killed, and starts again on the same port', async () => {
    const { port } = postgres;
    await ask('create table kept as select 42 as answer', trusted());
    await postgres.kill();
    expect(existsSync(postgres.socketFolder)).toBe(false);
    postgres = await startPostgres({ folder, port });
    expect(await ask('select answer from kept')).toEqual([{ answer: 42 }]);
  });
});

test('nothing of it is left when the process that started it is killed', async () => {
  const own = scratchFolder();
  const program = `const { startPostgres } = require('./emulator/postgres/postgres.ts');
    void startPostgres({ folder: ${JSON.stringify(own)} }).then(() => { console.log('ready'); setInterval(() => {}, 1000); });`;
  const child = spawn(process.execPath, ['--require', 'tsx/cjs', '--eval', program], {
    cwd: REPOSITORY,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  expect(processesOf(own)).not.toEqual([]);
  child.kill('SIGKILL');
  for (const deadline = Date.now() + 30_000; processesOf(own).length > 0 && Date.now() < deadline;) await sleep(50);
  expect(processesOf(own)).toEqual([]);
});
