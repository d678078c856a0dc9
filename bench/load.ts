import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { NotMeasurable } from './figure';

const REPORT = path.join(__dirname, 'percentiles.lua');
/** Each asks again as soon as it has its answer. */
const CONNECTIONS = 2;

/** Where a load goes. */
export interface LoadTarget {
  readonly url: string;
  /** @default - wrk's own headers alone */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * A process whose network the load comes from.
   * @default - this computer's
   */
  readonly networkOf?: number;
}

/** What came of a load, in milliseconds. */
export interface Load {
  readonly p50: number;
  readonly p99: number;
}

/** Throws where there is no wrk. */
export function requireLoadTool(): void {
  if (spawnSync('which', ['wrk']).status !== 0) throw new NotMeasurable('needs wrk: apt-get install wrk');
}

/** Has wrk ask for a URL all the time. It runs beside this process, which may be what answers. */
export async function load({ url, headers = {}, networkOf }: LoadTarget, seconds: number): Promise<Load> {
  const enter = networkOf === undefined ? [] : ['nsenter', `--target=${networkOf}`, '--net', '--'];
  const named = Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]);
  const size = ['--threads', '1', '--connections', `${CONNECTIONS}`, '--duration', `${seconds}s`];
  const [program, ...args] = [...enter, 'wrk', ...size, ...named, '--script', REPORT, url];
  const wrk = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, trouble] = await Promise.all([text(wrk.stdout), text(wrk.stderr)]);
  const line = output.split('\n').find((each) => each.startsWith('{'));
  if (line === undefined) throw new Error(`wrk said no figures of ${url}:\n${trouble}${output}`);
  const { requests, failures, p50, p99 } = JSON.parse(line) as Record<'requests' | 'failures' | 'p50' | 'p99', number>;
  if (failures > 0 || requests < 100) throw new Error(`${url}: ${failures} of ${requests} requests failed`);
  return { p50: p50 / 1000, p99: p99 / 1000 };
}
