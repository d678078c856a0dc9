import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { REPOSITORY } from '../../emulator/machine/cache';

/** What an expression of Python says, with `activity` imported and `given` at hand. */
function activity(expression: string, given: unknown): unknown {
  const script =
    'import dataclasses, json, sys; sys.dont_write_bytecode = True; sys.path.insert(0, sys.argv[1]); import activity; ' +
    `given = json.load(sys.stdin); print(json.dumps(${expression}))`;
  const options = { input: JSON.stringify(given), encoding: 'utf8' as const };
  return JSON.parse(execFileSync('python3', ['-c', script, join(REPOSITORY, 'host/bin')], options));
}

describe('connections', () => {
  const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
  const row = (local: string, remote: string, state: string) =>
    `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000   999        0 1234 1\n`;
  const GIZMOSQL = '0100007F:7A69'; // 127.0.0.1:31337
  const count = (table: string) => activity('len(activity.connections_to(31337, given))', table);

  it('are counted once, though both of their ends are on this host', () => {
    expect(count(head + row(GIZMOSQL, '0100007F:D431', '01') + row('0100007F:D431', GIZMOSQL, '01'))).toBe(1);
  });

  it('are counted on IPv6 sockets too', () => {
    const mapped = '0000000000000000FFFF00000100007F';
    expect(count(head + row(`${mapped}:7A69`, `${mapped}:D431`, '01'))).toBe(1);
  });

  it('are not counted when they listen, wait to end, or go to another port', () => {
    const others = [
      row(GIZMOSQL, '00000000:0000', '0A'),
      row(GIZMOSQL, '0100007F:D431', '06'),
      row('0100007F:1F90', '0100007F:D431', '01'),
    ];
    expect(count(head + others.join(''))).toBe(0);
  });
});

describe('sessions', () => {
  it('are Session Manager’s workers, one each, and none of its other programs', () => {
    const names = ['ssm-session-wor\n', 'ssm-session-wor\n', 'ssm-session-log\n', 'ssm-agent-worke\n', 'bash\n'];
    expect(activity('activity.count_sessions(given)', names)).toBe(2);
  });
});

describe('work', () => {
  const PROXY = 'tablesleuth-proxy.service';
  const request = (text: string) => ({
    _SYSTEMD_UNIT: PROXY,
    MESSAGE: `127.0.0.1 - - [25/Nov/2026:01:02:03 +0000] "${text}" 200 12 "-" "curl/8"`,
  });
  const work = (entries: readonly object[]) =>
    activity(
      'dataclasses.asdict(activity.work_in(given))',
      entries.map((each) => JSON.stringify(each)),
    );

  it('is nothing in an empty journal', () => {
    expect(work([])).toEqual({ web_requests: 0, queries: 0, gizmosql_restarts: 0 });
  });

  it('counts requests, and what of them runs on GizmoSQL', () => {
    const entries = [
      request('GET / HTTP/1.1'),
      request('POST /api/gizmosql/query HTTP/1.1'),
      request('POST /api/gizmosql/profile?x=1 HTTP/1.1'),
      request('GET /api/gizmosql/query HTTP/1.1'),
    ];
    expect(work(entries)).toEqual({ web_requests: 4, queries: 2, gizmosql_restarts: 0 });
  });

  it('does not count what pages and checks ask by themselves', () => {
    const paths = ['/api/health', '/api/gizmosql/status', '/api/config/status'];
    expect(work(paths.map((path) => request(`GET ${path} HTTP/1.1`)))).toMatchObject({ web_requests: 0 });
  });

  it('takes lines that are no request for none: errors, garbage, other bytes than text', () => {
    const messages = ['connect() failed (111: Connection refused)', '"', '"\\x16\\x03" 400', [255, 254]];
    expect(work(messages.map((MESSAGE) => ({ _SYSTEMD_UNIT: PROXY, MESSAGE })))).toMatchObject({ web_requests: 0 });
  });

  it('counts restarts that systemd makes after a death, of GizmoSQL alone', () => {
    const scheduled = { MESSAGE_ID: '5eb03494b6584870a536b337290809b3', MESSAGE: 'Scheduled restart job' };
    const started = { UNIT: 'gizmosql.service', MESSAGE_ID: '39f53479d3a045ac8e11786248231fbf', MESSAGE: 'Started' };
    const entries = [{ ...scheduled, UNIT: 'gizmosql.service' }, { ...scheduled, UNIT: PROXY }, started];
    expect(work(entries)).toMatchObject({ gizmosql_restarts: 1 });
  });
});
