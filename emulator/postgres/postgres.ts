import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

import { must } from '../machine/process';
import { binaries } from './binaries';

const READY_WITHIN_MS = 60_000;
/** PostgreSQL refuses to run as root, and initdb wants a user that has a name: this is `nobody`. */
const UNPRIVILEGED = 65534;

export interface PostgresOptions {
  /** Where its data lies: made the first time, found again by the next start, which is how a restart is made. */
  readonly folder: string;
  /** @default a free one */
  readonly port?: number;
  /**
   * PEM files of its certificate and key. Connections by the port have to be encrypted then.
   * @default - connections are not encrypted
   */
  readonly tls?: { readonly certificateFile: string; readonly keyFile: string };
  /**
   * A role whose members are let in by the port without a password, where Amazon RDS asks for a token of IAM.
   * @default - nobody is
   */
  readonly letIn?: string;
  /**
   * Who is let in by the unix socket, as lines of `pg_hba.conf`, beside the superuser. There is no port then.
   * @default - whoever reaches the socket, as any user; and by the port whoever has a password
   */
  readonly rules?: readonly string[];
  /**
   * A folder for the unix socket, which has to be there.
   * @default - a new one, closed to other users, that goes with the database
   */
  readonly socketFolder?: string;
  /** Settings of postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A PostgreSQL that runs. */
export interface Postgres {
  /** 127.0.0.1: every connection to the port needs a password. */
  readonly host: string;
  readonly port: number;
  /** The folder of its unix socket, closed to other users: whoever reaches it is let in as any user. */
  readonly socketFolder: string;
  readonly superuser: { readonly user: string; readonly password: string };
  /** Ends it in good order; its data stays. May be called more than once. */
  stop(): Promise<void>;
  /** Ends it as a failing machine would: at once, in the middle of everything. */
  kill(): Promise<void>;
}

/**
 * Starts a real PostgreSQL on this computer: about two seconds the first time, half of one later. It ends with this process,
 * however this process ends.
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const folder = resolve(options.folder);
  const data = join(folder, 'data');
  const superuser = { user: 'postgres', password: await initialized(folder, data) };
  const port = options.port ?? (await freePort());
  const socketFolder = options.socketFolder ?? newSocketFolder();
  configure(data, options, { port, socketFolder });
  const child = serve(data);
  const end = ending(child, () => {
    if (options.socketFolder === undefined) rmSync(socketFolder, { recursive: true, force: true });
  });
  const log = collected(child);
  try {
    await answers(child, { host: socketFolder, port, user: superuser.user, database: 'postgres' });
  } catch (error) {
    await end('SIGQUIT');
    throw new Error(`PostgreSQL did not start: ${(error as Error).message}. It said:\n${log()}`);
  }
  letGo(child);
  return {
    host: '127.0.0.1',
    port,
    socketFolder,
    superuser,
    stop: () => end('SIGINT'),
    kill: () => end('SIGQUIT'),
  };
}

function newSocketFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pg-'));
  own(folder, 0o700);
  return folder;
}

/** The superuser's password, which is made with the data. */
async function initialized(folder: string, data: string): Promise<string> {
  const passwordFile = join(folder, 'password');
  if (existsSync(join(data, 'postgresql.conf'))) return readFileSync(passwordFile, 'utf8');
  mkdirSync(data, { recursive: true });
  own(data, 0o700);
  const password = randomBytes(24).toString('hex');
  writeFileSync(passwordFile, password);
  own(passwordFile, 0o600);
  await must([
    ...unprivileged(),
    ...[binaries().initdb, '--pgdata', data, '--username', 'postgres', '--pwfile', passwordFile],
    ...['--encoding', 'UTF8', '--locale', 'C', '--no-sync', '--auth-local', 'trust', '--auth-host', 'scram-sha-256'],
  ]);
  return password;
}

function configure(data: string, options: PostgresOptions, at: { port: number; socketFolder: string }): void {
  const { tls, settings } = options;
  if (tls !== undefined) {
    for (const [from, name] of [
      [tls.certificateFile, 'server.crt'],
      [tls.keyFile, 'server.key'],
    ] as const) {
      copyFileSync(from, join(data, name));
      own(join(data, name), 0o600);
    }
  }
  const lines = {
    listen_addresses: options.rules === undefined ? '127.0.0.1' : '',
    port: `${at.port}`,
    unix_socket_directories: at.socketFolder,
    ssl: tls === undefined ? 'off' : 'on',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...settings,
  };
  const text = Object.entries(lines).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`);
  writeFileSync(join(data, 'postgresql.auto.conf'), text.join(''));
  writeFileSync(
    join(data, 'pg_hba.conf'),
    rulesOf(options)
      .map((rule) => `${rule}\n`)
      .join(''),
  );
}

function rulesOf({ tls, letIn, rules }: PostgresOptions): string[] {
  const neverCopied = 'local replication all reject';
  if (rules !== undefined) return ['local all postgres trust', ...rules, neverCopied];
  const encrypted = tls === undefined ? 'host' : 'hostssl';
  return [
    'local all all trust',
    ...(letIn === undefined ? [] : [`${encrypted} all +${letIn} 127.0.0.1/32 trust`]),
    `${encrypted} all all 127.0.0.1/32 scram-sha-256`,
    neverCopied,
  ];
}

/** SIGQUIT when this process ends has it end all its processes at once; the next start recovers from its log. */
function serve(data: string): ChildProcess {
  const [program = '', ...args] = [...unprivileged('QUIT'), binaries().postgres, '-D', data];
  // Of its own process group: Ctrl-C at the terminal is for whoever started us.
  return spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
}

/**
 * What runs a program that dies with this process and is not root. Of root's rights it keeps the way through folders that
 * are closed to others, such as root's home.
 */
export function unprivileged(signal = 'KILL'): string[] {
  if (!isRoot()) return ['setpriv', '--pdeathsig', signal];
  const user = ['--reuid', `${UNPRIVILEGED}`, '--regid', `${UNPRIVILEGED}`, '--clear-groups'];
  const capabilities = '-all,+dac_override';
  // Without this the kernel leaves that right out of access(2), by which PostgreSQL looks for its own programs.
  const inAccess = ['--securebits', '+no_setuid_fixup'];
  return [
    ...['setpriv', '--pdeathsig', signal, ...user, ...inAccess],
    ...['--inh-caps', capabilities, '--ambient-caps', capabilities, '--bounding-set', capabilities],
  ];
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function own(path: string, mode: number): void {
  chmodSync(path, mode);
  if (isRoot()) chownSync(path, UNPRIVILEGED, UNPRIVILEGED);
}

async function answers(child: ChildProcess, where: { host: string; port: number; user: string; database: string }) {
  for (const deadline = Date.now() + READY_WITHIN_MS; Date.now() < deadline; await sleep(50)) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('its process ended');
    const client = new Client(where);
    client.on('error', () => undefined);
    try {
      await client.connect();
      return;
    } catch {
      // Not yet: it is starting, or recovering.
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  throw new Error(`it did not answer within ${READY_WITHIN_MS / 1000} seconds`);
}

function collected(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (more: string) => (text = (text + more).slice(-4_000)));
  }
  return () => text.trim();
}

function letGo(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdout, child.stderr]) (stream as unknown as { unref(): void }).unref();
}

function ending(child: ChildProcess, forget: () => void): (signal: 'SIGINT' | 'SIGQUIT') => Promise<void> {
  const exit = once(child, 'exit').catch(() => undefined);
  let isGone = false;
  void exit.then(() => (isGone = true));
  return async (signal) => {
    if (!isGone) {
      child.ref();
      child.kill(signal);
      await exit;
    }
    forget();
  };
}

function freePort(): Promise<number> {
  return new Promise((fulfil, reject) => {
    const server = createServer();
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => fulfil(port));
    });
  });
}
