import { describe, expect, it } from 'vitest';

import type { Machine } from '../../emulator/machine/machine';
import { PASSWORD, SECRET_ARN, type SecretAnswer } from './account';
import { onMachine } from './on-machine';
import { bakedInstance, configure, settings, succeeded } from './workbench';

const SETTINGS = '/etc/tablesleuth/settings.env';

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

async function health(machine: Machine): Promise<string> {
  return machine.shell(
    'curl --silent --output /dev/null --write-out "%{http_code}" http://127.0.0.1:8080/health || true',
  );
}

describe('configure, when the password cannot be had', () => {
  const bench = onMachine((account) => bakedInstance(account));

  const cases: readonly (readonly [string, SecretAnswer, RegExp])[] = [
    [
      'the role may not read the secret',
      {
        error: 'AccessDeniedException',
        message: 'User: arn:aws:sts::111122223333:assumed-role/host is not authorized',
      },
      /fetch-secret: Secrets Manager refused arn:\S+: .*AccessDeniedException.* is not authorized.*may the host's role read it\?/,
    ],
    [
      'the secret does not exist',
      { error: 'ResourceNotFoundException', message: "Secrets Manager can't find the specified secret." },
      /fetch-secret: Secrets Manager refused arn:\S+: .*can't find the specified secret.* Does it exist/,
    ],
    [
      'the secret is empty',
      { value: '' },
      /fetch-secret: arn:\S+ holds \d characters that are no password: 32 letters and digits/,
    ],
    [
      'the secret is something else',
      { value: `{"username":"admin","password":"${PASSWORD}"}` },
      /fetch-secret: arn:\S+ holds \d+ characters that are no password: 32 letters and digits are wanted/,
    ],
    [
      'the secret has two lines',
      { value: `${PASSWORD}\n${PASSWORD}` },
      /fetch-secret: arn:\S+ holds 65 characters that are no password/,
    ],
  ];

  it.each(cases)('fails clearly when %s', async (_, secret, message) => {
    bench.account.secret = secret;
    const outcome = await configure(bench.machine);
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(message);
    expect(outcome.stderr).toContain(SECRET_ARN);
    expect(lastLine(outcome.stderr)).toBe(
      'configure: a unit did not start; failing: tablesleuth-secret gizmosql tablesleuth-web',
    );
    expect(outcome.stderr).not.toContain(PASSWORD);
    expect(await health(bench.machine)).toBe('503');
  });

  it('succeeds once the secret is right', async () => {
    bench.account.secret = { value: PASSWORD };
    succeeded(await configure(bench.machine));
    expect(await health(bench.machine)).toBe('200');
  });

  it('uses another password after the secret’s unit was restarted, and nothing else', async () => {
    bench.account.secret = { value: PASSWORD.split('').reverse().join('') };
    await bench.machine.shell('systemctl restart tablesleuth-secret');
    succeeded(await configure(bench.machine));
    const status = await bench.machine.shell('curl --silent http://127.0.0.1:8080/api/gizmosql/status');
    expect(JSON.parse(status)).toMatchObject({ connected: true });
  });
});

describe('configure, when something else is wrong', () => {
  const bench = onMachine(async (account) => {
    const machine = await bakedInstance(account, 256);
    succeeded(await configure(machine));
    return machine;
  });

  it('fails and names every setting that is missing', async () => {
    bench.machine.write(SETTINGS, settings(bench.account, { AWS_REGION: '', HOST_LOG_GROUP: '' }));
    const outcome = await configure(bench.machine);
    expect(outcome.status).toBe(1);
    expect(outcome.stderr.trim()).toBe(`configure: ${SETTINGS} has no value for: AWS_REGION HOST_LOG_GROUP`);
  });

  it('fails and names every setting that it cannot use, and the running programs stay as they are', async () => {
    bench.machine.write(SETTINGS, settings(bench.account, { GLUE_CATALOG: 'yes', GIZMOSQL_MEMORY_LIMIT: 'lots' }));
    const outcome = await configure(bench.machine);
    bench.machine.write(SETTINGS, settings(bench.account));
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toContain(
      "GIZMOSQL_MEMORY_LIMIT is 'lots': a share or a size, such as 75% or 8GB is wanted",
    );
    expect(outcome.stderr).toContain("GLUE_CATALOG is 'yes': true or false is wanted");
    expect(await health(bench.machine)).toBe('200');
  });

  it('fails on a full disk, keeps every file whole, and the workbench goes on', async () => {
    const { account, machine } = bench;
    const files = 'find /etc/tablesleuth /etc/systemd/system -type f ! -name settings.env | sort | xargs sha256sum';
    const before = await machine.shell(files);
    machine.write(
      SETTINGS,
      settings(account, { GIZMOSQL_USERNAME: 'somebody', TABLESLEUTH_ENVIRONMENT: 'x'.repeat(20_000) }),
    );
    await machine.shell('cat /dev/zero > /filler 2>/dev/null || true');
    const outcome = await configure(machine);
    await machine.shell('rm /filler');
    machine.write(SETTINGS, settings(account));
    expect(outcome.status).toBe(1);
    expect(lastLine(outcome.stderr)).toMatch(
      /^configure: could not write \/etc\/tablesleuth\/\S+: is the disk full\?$/,
    );
    expect(await machine.shell(`${files.replace('!', "! -name '*.new' !")}`)).toBe(before);
    expect(await health(machine)).toBe('200');
    succeeded(await configure(machine));
  });

  it('fails when GizmoSQL does not stay up, and shows its last words', async () => {
    const { account, machine } = bench;
    await machine.shell(
      'systemctl stop gizmosql; systemd-run --quiet socat TCP-LISTEN:31337,bind=127.0.0.1,fork /dev/null',
    );
    machine.write(SETTINGS, settings(account, { GIZMOSQL_MEMORY_LIMIT: '3GB' }));
    await machine.shell("sed -i 's/health_seconds=120/health_seconds=10/' /opt/tablesleuth/host/configure");
    const outcome = await configure(machine);
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(
      /^--- gizmosql, its last lines:\n(.*\n)+gizmosql.service: Failed with result 'exit-code'/m,
    );
    expect(lastLine(outcome.stderr)).toMatch(
      /^configure: not healthy after 10 seconds: \{.*"gizmosql": "down"\}; failing: gizmosql$/,
    );
  });
});
