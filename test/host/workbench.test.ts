import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';

import { onMachine } from './on-machine';
import { bakedInstance, configure, settings, succeeded } from './workbench';

interface Health {
  readonly status: number;
  readonly body: { healthy: boolean; tablesleuth: string; gizmosql: string };
  readonly seconds: number;
}

const bench = onMachine(async (account) => {
  const machine = await bakedInstance(account);
  succeeded(await configure(machine));
  return machine;
});

async function health(): Promise<Health> {
  const answer = await bench.machine.shell(
    'curl --silent --max-time 10 --write-out "\\n%{http_code} %{time_total}" http://127.0.0.1:8080/health',
  );
  const lines = answer.split('\n');
  const [status, seconds] = (lines.at(-1) ?? '').split(' ').map(Number);
  return { status: status ?? 0, seconds: seconds ?? 0, body: JSON.parse(lines[0] ?? '') as Health['body'] };
}

/** The first bad answer after something was killed: the kernel takes a moment to close the ports of a large program. */
async function unhealthy(): Promise<Health> {
  const deadline = Date.now() + 1_500;
  let seen = await health();
  while (seen.status === 200 && Date.now() < deadline) {
    seen = await health();
  }
  return seen;
}

async function recovered(): Promise<void> {
  const deadline = Date.now() + 60_000;
  while ((await health()).status !== 200) {
    expect(Date.now(), 'the host did not recover within a minute').toBeLessThan(deadline);
    await sleep(300);
  }
}

async function post(path: string, body: unknown): Promise<Record<string, unknown>> {
  const answer = await bench.machine.shell(
    `curl --silent --header 'Content-Type: application/json' --data @- http://127.0.0.1:8080/api/${path}`,
    { input: JSON.stringify(body) },
  );
  return JSON.parse(answer) as Record<string, unknown>;
}

describe('a configured workbench', () => {
  it('answers /health with 200 and names both programs', async () => {
    expect(await health()).toMatchObject({ status: 200, body: { healthy: true, tablesleuth: 'up', gizmosql: 'up' } });
  });

  it('listens on this host’s own addresses alone, and not on GizmoSQL’s health port', async () => {
    const listening = await bench.machine.shell(
      "ss --no-header --listening --tcp --numeric | awk '{print $4}' | sort -u",
    );
    const plain = listening.replaceAll('[::ffff:127.0.0.1]', '127.0.0.1'); // an IPv6 socket on the same address
    const ours = plain.split('\n').filter((address) => !/:(80|443)$/.test(address)); // the emulated account's
    expect(ours.sort()).toEqual(['127.0.0.1:31337', '127.0.0.1:8000', '127.0.0.1:8080', '127.0.0.1:8081']);
  });

  it('serves TableSleuth’s pages on port 8080', async () => {
    expect(await bench.machine.shell('curl --fail --silent http://127.0.0.1:8080/')).toMatch(/<!DOCTYPE html>/i);
  });

  it('offers the catalogs of its settings', async () => {
    const catalogs = await bench.machine.shell('curl --fail --silent http://127.0.0.1:8080/api/iceberg/catalogs');
    expect(['local', 'glue', 's3tables'].filter((name) => !catalogs.includes(`"${name}"`))).toEqual([]);
  });

  it('installs and loads every DuckDB extension it needs without a network', async () => {
    for (const name of ['avro', 'aws', 'delta', 'httpfs', 'iceberg']) {
      expect(await post('gizmosql/query', { sql: `INSTALL ${name}` })).toMatchObject({ row_count: 0 });
      expect(await post('gizmosql/query', { sql: `LOAD ${name}` })).toMatchObject({ row_count: 0 });
    }
  });

  it('lets GizmoSQL read what TableSleuth puts into its temporary folder', async () => {
    const folder = await bench.machine.shell(
      "tr '\\0' '\\n' < /proc/$(systemctl show --property=MainPID --value tablesleuth-web)/environ | sed -n 's/^TMPDIR=//p'",
    );
    await bench.machine.shell(
      `runuser -u tablesleuth -- sh -c 'umask 077; mkdir -p ${folder}/patch; echo a,b > ${folder}/patch/t.csv'`,
    );
    const answer = await post('gizmosql/query', { sql: `SELECT * FROM read_text('${folder}/patch/t.csv')` });
    expect(answer).toMatchObject({ row_count: 1 });
  });

  it('gives the CloudWatch agent its configuration once', async () => {
    const asked = await bench.machine.shell('cat /var/log/cloudwatch-agent-stand-in.log');
    expect(asked).toBe('-a fetch-config -m ec2 -s -c file:/etc/tablesleuth/cloudwatch-agent.json');
  });

  it('exports the journal of its units to the file that the CloudWatch agent reads', async () => {
    const deadline = Date.now() + 15_000;
    let text = '';
    while (!text.includes('listening on 127.0.0.1:31337') && Date.now() < deadline) {
      text = await bench.machine.shell('cat /var/log/tablesleuth/workbench.log 2>/dev/null || true');
      await sleep(300);
    }
    expect(text).toMatch(/^\S+ workbench gizmosql\[\d+\]: .*listening on 127.0.0.1:31337/m);
  });
});

describe('configure, run again', () => {
  it('changes no file and restarts nothing, within twenty seconds', async () => {
    const state =
      'find /etc /opt/tablesleuth -xdev -type f -printf "%p %T@\\n" | sort | sha256sum; ' +
      'systemctl show --property=MainPID --value gizmosql tablesleuth-web tablesleuth-health tablesleuth-proxy';
    const before = await bench.machine.shell(state);
    const started = Date.now();
    succeeded(await configure(bench.machine));
    expect(Date.now() - started).toBeLessThan(20_000);
    expect(await bench.machine.shell(state)).toBe(before);
  });

  it('restarts the programs when a setting changed', async () => {
    const gizmosql = 'systemctl show --property=MainPID --value gizmosql';
    const before = await bench.machine.shell(gizmosql);
    bench.machine.write('/etc/tablesleuth/settings.env', settings(bench.account, { GIZMOSQL_MEMORY_LIMIT: '2GB' }));
    succeeded(await configure(bench.machine));
    expect(await bench.machine.shell(gizmosql)).not.toBe(before);
    const answer = await post('gizmosql/query', { sql: "SELECT current_setting('memory_limit')" });
    expect(answer['rows']).toEqual([['1.8 GiB']]);
  });
});

describe.each([
  ['gizmosql', { tablesleuth: 'up', gizmosql: 'down' }],
  ['tablesleuth-web', { tablesleuth: 'down', gizmosql: 'listening' }],
])('when %s is killed', (unit, body) => {
  let seen: Health;
  beforeAll(async () => {
    if (bench.machine !== undefined) {
      await bench.machine.shell(`kill -9 $(systemctl show --property=MainPID --value ${unit})`);
      seen = await unhealthy();
    }
  });

  it('/health answers 503 before it is back, and says which program is down', () => {
    expect(seen).toMatchObject({ status: 503, body: { healthy: false, ...body } });
  });

  it('comes back by itself', recovered);
});

describe('when GizmoSQL hangs', () => {
  it('/health answers 503 within three seconds', async () => {
    const { machine } = bench;
    const pid = await machine.shell('systemctl show --property=MainPID --value gizmosql');
    await machine.shell(`kill -STOP ${pid}`);
    await sleep(5_500); // the last good login is remembered for five seconds
    const seen = await health();
    await machine.shell(`kill -CONT ${pid}`);
    expect(seen).toMatchObject({ status: 503, body: { healthy: false, gizmosql: 'down' } });
    expect(seen.seconds).toBeLessThan(3);
    await recovered();
  });
});

describe('when the health responder is killed', () => {
  it('/health answers 503, then 200 again', async () => {
    await bench.machine.shell('kill -9 $(systemctl show --property=MainPID --value tablesleuth-health)');
    expect((await unhealthy()).status).toBe(503);
    await recovered();
  });
});

describe('when GizmoSQL is stopped while a query runs', () => {
  it('lets the query finish before it stops', async () => {
    const slow = post('gizmosql/query', { sql: 'SELECT count(*) FROM range(150000000) t(i) WHERE hash(i) % 7 = 0' });
    await sleep(300);
    const stopped = bench.machine.shell('systemctl stop gizmosql; systemctl show --property=Result --value gizmosql');
    expect(await slow).toMatchObject({ row_count: 1 });
    expect(await stopped).toBe('success');
    await bench.machine.shell('systemctl start gizmosql');
    await recovered();
  });
});

describe('after the machine was switched off and on', () => {
  it('is healthy again without any script', async () => {
    await bench.machine.powerOff();
    await bench.machine.start();
    await recovered();
  });
});
