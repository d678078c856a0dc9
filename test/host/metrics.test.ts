import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { embeddedMetrics } from '../support/emitted-metrics';
import { onMachine } from './on-machine';
import { bakedInstance, configure, succeeded } from './workbench';

const LOG = '/var/log/tablesleuth-metrics/metrics.log';

/** The agent is a stand-in here: what it would ship is read from the log that its configuration names. */
const bench = onMachine(async (account) => {
  const machine = await bakedInstance(account);
  succeeded(await configure(machine));
  await report();
  return machine;

  async function report(): Promise<void> {
    await machine.shell(`until test -s ${LOG}; do sleep 0.2; done`);
  }
});

/** The figures of a report that is made now. */
async function reported(): Promise<Record<string, number>> {
  const text = await bench.machine.shell(
    `before=$(wc -l < ${LOG}); systemctl restart tablesleuth-metrics; ` +
      `until test "$(wc -l < ${LOG})" -gt "$before"; do sleep 0.2; done; tail -1 ${LOG}`,
  );
  const figures = Object.entries(JSON.parse(text) as Record<string, unknown>);
  return Object.fromEntries(figures.filter((each): each is [string, number] => typeof each[1] === 'number'));
}

const shell = (script: string): Promise<string> => bench.machine.shell(script);

async function healthy(): Promise<void> {
  const deadline = Date.now() + 60_000;
  while ((await shell('curl -so /dev/null -w "%{http_code}" http://127.0.0.1:8080/health || true')) !== '200') {
    expect(Date.now()).toBeLessThan(deadline);
    await sleep(300);
  }
}

describe('a host that nobody uses', () => {
  it('reports that it is well, and that nobody is on it', async () => {
    await shell('for i in 1 2 3; do curl -s http://127.0.0.1:8080/health; done');
    await reported();
    expect(await reported()).toEqual({
      tablesleuth_healthy: 1,
      tablesleuth_sessions: 0,
      tablesleuth_flight_connections: 0,
      tablesleuth_web_requests: 0,
      tablesleuth_queries: 0,
      tablesleuth_gizmosql_restarts: 0,
    });
  });

  it('reports in the embedded metric format, with its environment for a dimension', async () => {
    const line = await shell(`tail -1 ${LOG}`);
    expect(embeddedMetrics(line)).toContainEqual({
      namespace: 'CWAgent',
      name: 'tablesleuth_healthy',
      dimensions: { Environment: 'dev' },
    });
    const { _aws: directive } = JSON.parse(line) as { _aws: { Timestamp: number } };
    expect(Math.abs(directive.Timestamp - Date.now())).toBeLessThan(60_000);
  });

  it('has the agent ship that log, and nobody but root read it', async () => {
    expect(await shell('cat /etc/tablesleuth/cloudwatch-agent.json')).toContain(`"file_path": "${LOG}"`);
    const outcome = await bench.machine.run(['runuser', '-u', 'tablesleuth', '--', 'cat', LOG]);
    expect(outcome).toMatchObject({ status: 1, stdout: '' });
  });

  it('reports once a minute', async () => {
    const times = await shell(
      `sleep 62; tail -2 ${LOG} | python3 -c 'import json, sys; print(*[json.loads(each)["_aws"]["Timestamp"] for each in sys.stdin])'`,
    );
    const [before = 0, after = 0] = times.split(' ').map(Number);
    expect(after - before).toBeGreaterThan(55_000);
    expect(after - before).toBeLessThan(70_000);
  });
});

describe('a host that people use', () => {
  it('reports sessions, lasting connections, requests and queries', async () => {
    // A process of Session Manager's name, and a client that stays connected: neither is to be had here.
    await shell(
      'cp "$(command -v sleep)" /run/ssm-session-worker && ' +
        'systemd-run --quiet --unit=session-one /run/ssm-session-worker 600 && ' +
        'systemd-run --quiet --unit=session-two /run/ssm-session-worker 600 && ' +
        'systemd-run --quiet --unit=sql-client socat -u TCP:127.0.0.1:31337 /dev/null',
    );
    await shell(
      'curl -so /dev/null http://127.0.0.1:8080/; curl -so /dev/null http://127.0.0.1:8080/api/iceberg/catalogs; ' +
        `curl -so /dev/null -H 'Content-Type: application/json' -d '{"sql": "SELECT 1"}' http://127.0.0.1:8080/api/gizmosql/query`,
    );
    expect(await reported()).toMatchObject({
      tablesleuth_healthy: 1,
      tablesleuth_sessions: 2,
      tablesleuth_flight_connections: 1,
      tablesleuth_web_requests: 3,
      tablesleuth_queries: 1,
    });
    await shell('systemctl stop session-one session-two sql-client');
    expect(await reported()).toMatchObject({ tablesleuth_sessions: 0, tablesleuth_flight_connections: 0 });
  });
});

describe('a host in trouble', () => {
  it('reports a death of GizmoSQL once, and a restart that somebody asked for not at all', async () => {
    await shell('systemctl restart gizmosql');
    await healthy();
    expect(await reported()).toMatchObject({ tablesleuth_gizmosql_restarts: 0 });
    await shell('kill -9 $(systemctl show --property=MainPID --value gizmosql)');
    await sleep(2_500);
    await healthy();
    expect(await reported()).toMatchObject({ tablesleuth_healthy: 1, tablesleuth_gizmosql_restarts: 1 });
    expect(await reported()).toMatchObject({ tablesleuth_gizmosql_restarts: 0 });
  });

  it('reports that it is not well', async () => {
    await shell('systemctl stop tablesleuth-web');
    expect(await reported()).toMatchObject({ tablesleuth_healthy: 0 });
    await shell('systemctl stop tablesleuth-proxy');
    expect(await reported()).toMatchObject({ tablesleuth_healthy: 0 });
  });
});
