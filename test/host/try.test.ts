import { describe, expect, test } from 'vitest';
import { PASSWORD } from './account';
import { onMachine } from './on-machine';
import { bakedInstance, HOST } from './workbench';

/** What Image Builder runs on a machine that booted a new image. */
const TRY = `AWS_REGION=us-east-2 bash ${HOST}/try`;

const bench = onMachine(bakedInstance);

describe('an image that is tried', { concurrent: false }, () => {
  test('is not tried on a host: its settings are there', async () => {
    const { status, stderr } = await bench.machine.run(['bash', '-c', TRY]);
    expect(status).toBe(1);
    expect(stderr).toContain('/etc/tablesleuth/settings.env is there: this machine is a host, or was one');
  });

  test('makes a healthy workbench, and asks nobody for a password', async () => {
    await bench.machine.shell('rm /etc/tablesleuth/settings.env');
    expect(await bench.machine.shell(TRY)).toMatch(/try: the image makes a healthy workbench$/);
    expect(await bench.machine.shell('curl --fail --silent http://127.0.0.1:8080/health')).not.toBe('');
    expect(bench.account.requests.filter((request) => request.includes('secretsmanager'))).toEqual([]);
  });

  test('has a password of its own, in memory alone', async () => {
    const file = await bench.machine.shell('cat /run/tablesleuth-secret/password.env');
    const [, password = ''] = /^GIZMOSQL_PASSWORD=(\w{32})$/m.exec(file) ?? [];
    expect(password).toMatch(/^\w{32}$/);
    expect(password).not.toBe(PASSWORD);
    const found = await bench.machine.shell(
      `grep -rl ${password} /etc /opt/tablesleuth/host /var/lib /var/log || true`,
    );
    expect(found).toBe('');
  });
});
