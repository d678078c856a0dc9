import { describe, expect, it } from 'vitest';

import { PASSWORD } from './account';
import { onMachine } from './on-machine';
import { bakedInstance, configure, succeeded } from './workbench';

const bench = onMachine(async (account) => {
  const machine = await bakedInstance(account);
  succeeded(await configure(machine));
  // Whatever a request makes the programs write, they have written before the search.
  await machine.shell('curl --silent http://127.0.0.1:8080/api/gizmosql/status; systemctl restart gizmosql; sleep 3');
  return machine;
});

/** Runs a search that prints the names of what holds the password. Its own command line must not hold it: it comes as input. */
function holders(script: string): Promise<string> {
  return bench.machine.shell(`read -r canary; ${script}`, { input: `${PASSWORD}\n` });
}

const FETCHED = 'for file in FILES; do grep -qaF -e "$canary" "$file" 2>/dev/null && echo "$file"; done | sort || true';

/** Statements and requests that could give the password away. */
const STATEMENTS = [
  "SELECT content FROM read_text('/run/tablesleuth-secret/password.env')",
  "SELECT content FROM read_text('/proc/self/environ')",
  "SELECT content FROM read_blob('/proc/self/environ')",
  "SELECT content FROM read_text('/proc/*/environ')",
  "SELECT * FROM read_csv('/proc/self/environ', header = false, columns = {'a': 'VARCHAR'}, delim = '|', auto_detect = false)",
  "SELECT content FROM read_text('/run/credentials/*/*')",
  "SELECT content FROM read_text('/etc/tablesleuth/*')",
  'SELECT * FROM duckdb_settings()',
  'SELECT * FROM duckdb_secrets()',
];

describe('the password', () => {
  it('is in the environment of the two programs that need it, and of no other process', async () => {
    const found = await holders(FETCHED.replace('FILES', '/proc/[0-9]*/environ'));
    const pids = await bench.machine.shell(
      'for unit in gizmosql tablesleuth-web; do systemctl show --property=MainPID --value $unit; done',
    );
    const expected = pids.split('\n').map((pid) => `/proc/${pid}/environ`);
    expect(found.split('\n')).toEqual(expected.sort());
  });

  it('is in no process’s arguments', async () => {
    expect(await holders(FETCHED.replace('FILES', '/proc/[0-9]*/cmdline'))).toBe('');
  });

  it('is in no unit, no property of a unit and no environment of systemd', async () => {
    const dump =
      "systemctl show '*'; systemctl show; systemctl show-environment; systemd-analyze dump; systemctl cat 'tablesleuth*' gizmosql";
    expect(await holders(`{ ${dump}; } 2>&1 | grep -caF -e "$canary" || true`)).toBe('0');
  });

  it('is in one file of /run, which only root can read', async () => {
    expect(await holders('LC_ALL=C grep -rlaF -e "$canary" /run || true')).toBe('/run/tablesleuth-secret/password.env');
    expect(
      await bench.machine.shell('stat --format="%U %a" /run/tablesleuth-secret /run/tablesleuth-secret/password.env'),
    ).toBe('root 700\nroot 600');
    const outcome = await bench.machine.run([
      'runuser',
      '-u',
      'tablesleuth',
      '--',
      'cat',
      '/run/tablesleuth-secret/password.env',
    ]);
    expect(outcome).toMatchObject({ status: 1, stdout: '' });
  });

  it('is in no file outside /run', async () => {
    const places = '/bin /boot /etc /home /lib* /media /mnt /opt /root /sbin /srv /tmp /usr /var /dev/shm';
    expect(
      await holders(`LC_ALL=C grep -rlsaF --devices=skip --exclude-dir=wheels -e "$canary" ${places} || true`),
    ).toBe('');
  });

  it('is not in the journal', async () => {
    const count = 'journalctl --all --output=export | grep -caF -e "$canary" || true';
    expect(await holders(count)).toBe('0');
    expect(Number(await bench.machine.shell('journalctl --quiet -u tablesleuth-secret | wc -l'))).toBeGreaterThan(0);
  });

  it('is in the answer of no route that can be read', async () => {
    const paths = await bench.machine.shell(
      'curl --fail --silent http://127.0.0.1:8080/api/openapi.json | ' +
        `python3 -c 'import json,sys; print(*[p for p, m in json.load(sys.stdin)["paths"].items() if "get" in m and "{" not in p])'`,
    );
    expect(paths.split(' ')).toContain('/api/config/status');
    const asked = `for path in ${paths} / /health /api/docs; do curl --silent --include "http://127.0.0.1:8080$path"; done`;
    expect(await holders(`{ ${asked}; } | grep -caF -e "$canary" || true`)).toBe('0');
  });

  it.each(STATEMENTS)('is in no answer to %s', async (sql) => {
    const answer = await bench.machine.shell(
      "curl --silent --header 'Content-Type: application/json' --data @- http://127.0.0.1:8080/api/gizmosql/query",
      { input: JSON.stringify({ sql }) },
    );
    expect(answer).toMatch(/^\{/);
    expect(answer).not.toContain(PASSWORD);
  });

  it('is found by this search where it is: on TableSleuth’s own port, which nginx stands in front of', async () => {
    expect(await holders('curl --silent http://127.0.0.1:8000/api/config/ | grep -caF -e "$canary" || true')).toBe('1');
  });
});

describe('the proxy', () => {
  const refused = [
    '/api/config',
    '/api/config/',
    '/api/config/?x=1',
    '/api/config/pyiceberg',
    '/api/config/status/',
    '/api/config/status/../',
    '/api/%63onfig/',
    '/api/%63%6f%6e%66%69%67/',
    '/api%2fconfig/',
    '/api%2Fconfig%2F',
    '//api//config/',
    '/api/./config/',
    '/api/x/../config/',
    '/api/x/%2e%2e/config/',
    '/api/config%2f',
    '/api/config;x/',
    '/api/config%00',
    '/health/../api/config/',
    '/api/%2563onfig/',
    '/API/CONFIG/',
    '/api\\config/',
  ];

  it.each(refused)('does not give %s away', async (path) => {
    const answer = await bench.machine.shell(
      `curl --silent --path-as-is --output /run/answer --write-out '%{http_code}' 'http://127.0.0.1:8080${path}'; cat /run/answer`,
    );
    expect(answer).toMatch(/^(400|403|404)/);
    expect(answer).not.toContain('gizmosql_');
    expect(answer).not.toContain(PASSWORD);
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('refuses %s of the configuration’s status', async (method) => {
    const code = `curl --silent --output /dev/null --write-out '%{http_code}' --request ${method}`;
    expect(await bench.machine.shell(`${code} http://127.0.0.1:8080/api/config/status`)).toBe('403');
    expect(await bench.machine.shell(`${code} http://127.0.0.1:8080/api/config/`)).toBe('403');
  });

  it('refuses a request that names the whole address, or another host', async () => {
    const raw = (request: string): Promise<string> =>
      bench.machine.shell(`printf '${request}' | timeout 5 socat - TCP:127.0.0.1:8080 | head -1`);
    expect(
      await raw('GET http://127.0.0.1:8000/api/config/ HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n'),
    ).toContain('403');
    expect(await raw('GET /api/config/ HTTP/1.0\\r\\n\\r\\n')).toContain('403');
  });

  it('lets a GET of the configuration’s status through', async () => {
    const status = await bench.machine.shell('curl --fail --silent http://127.0.0.1:8080/api/config/status');
    expect(JSON.parse(status)).toMatchObject({ config_file: '/etc/tablesleuth/tablesleuth.toml' });
  });
});
