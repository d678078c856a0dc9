import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';

import type { Outcome } from '../../emulator/machine/process';
import { NEXT_PASSWORD, PASSWORD } from './account';
import { onMachine } from './on-machine';
import { bakedInstance, configure, HOST, succeeded } from './workbench';

const NEXT = 'a1b2c3d4-0000-4000-8000-000000000001';
const PYTHON = '/opt/tablesleuth/venv/bin/python';
const MOST_REFUSED_SECONDS = 15;
const LONG = 'SELECT count(*) FROM range(20000) a, range(50000) b WHERE (a.range * b.range) % 7 >= 0';

const bench = onMachine(async (account) => {
  const machine = await bakedInstance(account);
  succeeded(await configure(machine));
  for (const name of ['watch_logins.py', 'query.py']) {
    machine.write(`/usr/local/share/${name}`, readFileSync(join(__dirname, 'fixtures', name), 'utf8'));
  }
  return machine;
});

const rotate = (version: string): Promise<Outcome> =>
  bench.machine.run(['bash', `${HOST}/bin/rotate-password`, version]);

const query = (password: string, sql: string): Promise<Outcome> =>
  bench.machine.run([PYTHON, '/usr/local/share/query.py'], { input: `${password}\n${sql}` });

const pids = (): Promise<string> =>
  bench.machine.shell('systemctl show --property=MainPID --value gizmosql tablesleuth-web');

const healthy = (): Promise<string> => bench.machine.shell('curl --fail --silent http://127.0.0.1:8080/health');

/** Everything that a rotation must never show a password in. */
async function expectNoPasswordIn(...outcomes: Outcome[]): Promise<void> {
  for (const password of [PASSWORD, NEXT_PASSWORD]) {
    for (const { stdout, stderr } of outcomes) expect(stdout + stderr).not.toContain(password);
    const search = 'read -r canary; journalctl --all --output=export | grep -caF -e "$canary" || true';
    expect(await bench.machine.shell(search, { input: `${password}\n` })).toBe('0');
  }
  expect(await bench.machine.shell('ls /run/tablesleuth-secret')).toBe('password.env');
}

beforeEach(() => {
  if (bench.account !== undefined) bench.account.versions.set(NEXT, NEXT_PASSWORD);
});

describe('a host that is to use another version of the password', () => {
  it('refuses what is no version', async () => {
    const outcome = await rotate('AWSPENDING; reboot');
    expect(outcome).toMatchObject({ status: 1, stdout: '' });
    expect(outcome.stderr).toContain("VERSION is 'AWSPENDING; reboot': an id or AWSCURRENT is wanted");
  });

  it('changes nothing when the version cannot be fetched', async () => {
    bench.account.versions.clear();
    const before = await pids();
    const outcome = await rotate(NEXT);
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toContain('nothing was changed');
    expect(await pids()).toBe(before);
    await expectNoPasswordIn(outcome);
  });

  it('is back on the old password, and healthy, when GizmoSQL does not start with the new one', async () => {
    const sum = await bench.machine.shell('read -r word; printf %s "$word" | sha256sum', { input: `${PASSWORD}\n` });
    const onlyTheOld = `/bin/bash -c '[[ "$$(printf %%s "$$GIZMOSQL_PASSWORD" | sha256sum)" == "${sum}" ]]'`;
    bench.machine.write('/etc/systemd/system/gizmosql.service.d/test.conf', `[Service]\nExecStartPre=${onlyTheOld}\n`);
    await bench.machine.shell('systemctl daemon-reload');
    const outcome = await rotate(NEXT);
    await bench.machine.shell('rm -r /etc/systemd/system/gizmosql.service.d; systemctl daemon-reload');
    expect(outcome.status, outcome.stderr).toBe(1);
    expect(outcome.stderr).toContain('a program did not start; the old password is back and works');
    expect(await query(PASSWORD, 'SELECT 42')).toMatchObject({ status: 0, stdout: '42\n' });
    expect(JSON.parse(await healthy())).toMatchObject({ healthy: true });
    await expectNoPasswordIn(outcome);
  });

  it('is back on the old password when that one is not refused', async () => {
    bench.account.versions.set(NEXT, NEXT_PASSWORD);
    const keeper = '/run/systemd/system/gizmosql.service.d/test.conf';
    // GizmoSQL keeps the old password whatever the file says, so that no login with the new one works.
    await bench.machine.shell(`mkdir -p "$(dirname ${keeper})"; cp /run/tablesleuth-secret/password.env /run/kept.env
      printf '[Service]\\nEnvironmentFile=/run/kept.env\\n' >${keeper}; systemctl daemon-reload`);
    const outcome = await rotate(NEXT);
    await bench.machine.shell(`rm -r "$(dirname ${keeper})" /run/kept.env; systemctl daemon-reload`);
    expect(outcome.status, outcome.stderr).toBe(1);
    expect(outcome.stderr).toContain('no login with it within 60 seconds; the old password is back and works');
    expect(JSON.parse(await healthy())).toMatchObject({ healthy: true });
  });

  it('lets a query finish, refuses logins for 15 seconds at most, and refuses the old password from then on', async () => {
    const { machine } = bench;
    await machine.shell('rm -f /run/stop-watching');
    const watching = machine.run([PYTHON, '/usr/local/share/watch_logins.py', '/run/stop-watching']);
    const running = query(PASSWORD, LONG);
    const idle = machine.run(['timeout', '600', 'bash', '-c', 'exec 3<>/dev/tcp/127.0.0.1/31337; sleep 600']);
    await sleep(2_000);
    const outcome = await rotate(NEXT);
    // Before anything is expected: what watches would trouble the tests that follow.
    await machine.shell('touch /run/stop-watching; pkill --full "sleep 600"');
    await idle;
    expect(outcome.status, outcome.stderr).toBe(0);
    expect(outcome.stdout).toContain(`version ${NEXT} is in use and works; the old password is refused`);
    expect(await running).toMatchObject({ status: 0, stdout: '1000000000\n' });
    const seen = JSON.parse((await watching).stdout) as Record<string, { worked: number; seconds: number }>;
    console.info(`refused: ${JSON.stringify(seen)}`);
    expect(seen.gizmosql!.worked).toBeGreaterThan(10);
    expect(seen.gizmosql!.seconds).toBeLessThan(MOST_REFUSED_SECONDS);
    expect(seen.tablesleuth!.seconds).toBeLessThan(MOST_REFUSED_SECONDS);
    expect(await query(NEXT_PASSWORD, 'SELECT 42')).toMatchObject({ status: 0, stdout: '42\n' });
    expect(await query(PASSWORD, 'SELECT 42')).toMatchObject({ status: 1, stdout: '' });
    expect(JSON.parse(await healthy())).toMatchObject({ healthy: true });
    await expectNoPasswordIn(outcome);
  });

  it('restarts nothing when it uses that version already, and proves it', async () => {
    const before = await pids();
    expect(await rotate(NEXT)).toMatchObject({ status: 0 });
    expect(await pids()).toBe(before);
  });

  it('goes back when it is told to use the current one', async () => {
    expect(await rotate('AWSCURRENT')).toMatchObject({ status: 0 });
    expect(await query(PASSWORD, 'SELECT 42')).toMatchObject({ status: 0 });
    expect(await query(NEXT_PASSWORD, 'SELECT 42')).toMatchObject({ status: 1 });
  });
});

describe('the credentials that GizmoSQL reads with', () => {
  const renew = (): Promise<string> => bench.machine.shell('systemctl start tablesleuth-credentials.service');
  const used = async (): Promise<string> => {
    const { stdout } = await query(PASSWORD, "SELECT secret_string FROM duckdb_secrets() WHERE name = 'instance_role'");
    return /key_id=(\w+)/.exec(stdout)?.[1] ?? stdout;
  };

  it('are renewed every two minutes if need be', async () => {
    const timer = await bench.machine.shell(
      'systemctl show --property=ActiveState --value tablesleuth-credentials.timer',
    );
    expect(timer).toBe('active');
    expect(await bench.machine.shell(`grep -c =2min ${HOST}/units/tablesleuth-credentials.timer`)).toBe('2');
  });

  it('are the new ones once the instance has new ones, in every connection and without a restart', async () => {
    const before = await pids();
    bench.account.accessKeyId = 'ASIASECOND';
    expect(await used()).toBe('ASIAEXAMPLE');
    await renew();
    expect(await used()).toBe('ASIASECOND');
    expect(await pids()).toBe(before);
  });

  it('are left alone while the instance has no others', async () => {
    const lines = 'journalctl --quiet --output=cat -t renew-credentials';
    const before = await bench.machine.shell(lines);
    expect(before).toContain('GizmoSQL reads with the credentials ASIASECOND');
    await renew();
    expect(await bench.machine.shell(lines)).toBe(before);
  });

  it('are asked for anew after a failure', async () => {
    bench.account.accessKeyId = 'ASIATHIRD';
    await bench.machine.shell('systemctl stop gizmosql');
    await expect(renew()).rejects.toThrow();
    await bench.machine.shell('systemctl start gizmosql');
    // GizmoSQL takes logins a moment after it was started; on a host the timer asks again.
    const renewed = () =>
      renew().then(
        () => true,
        () => false,
      );
    await expect.poll(renewed, { timeout: 60_000, interval: 2_500 }).toBe(true);
    expect(await used()).toBe('ASIATHIRD');
  });
});
