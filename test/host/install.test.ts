import { describe, expect, it } from 'vitest';

import { onMachine } from './on-machine';
import { bakedInstance, HOST, install, newInstance, settings, succeeded } from './workbench';

const SERVER = '/opt/tablesleuth/gizmosql/current/gizmosql_server';

/** Every file that an install could change, with its time of change: equal when nothing was written. */
const INSTALLED =
  "find /opt/tablesleuth /etc /usr -xdev -type f ! -name '*.pyc' -printf '%p %T@\\n' | sort | sha256sum";

describe('install on a disk that is too small', () => {
  const bench = onMachine((account) => newInstance(account, { diskMiB: 300 }));

  it('fails at once and says how much is needed', async () => {
    const outcome = await install(bench.machine);
    expect(outcome.status).toBe(1);
    expect(outcome.stderr.trim()).toMatch(
      /install: the disk of \/opt\/tablesleuth has \d+ MiB free, the software needs 2500 MiB: make the root volume larger$/,
    );
  });

  it('leaves nothing half made behind', async () => {
    expect(await bench.machine.shell('find /opt/tablesleuth -mindepth 1 -maxdepth 1 ! -name host')).toBe('');
  });
});

describe('install on a machine that has the software', () => {
  const bench = onMachine((account) => bakedInstance(account));

  it('fails when the download does not have the wanted hash, and keeps what was there', async () => {
    const { account, machine } = bench;
    const before = await machine.shell(`readlink -f ${SERVER}`);
    machine.write('/etc/tablesleuth/settings.env', settings(account, { GIZMOSQL_SHA256: 'c0ffee'.padEnd(64, '0') }));
    const outcome = await install(machine);
    machine.write('/etc/tablesleuth/settings.env', settings(account));
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(
      /gizmosql_cli_linux_\w+\.zip has sha256 \w{64}, GIZMOSQL_SHA256 wants c0ffee0+: nothing of it/,
    );
    expect(await machine.shell(`readlink -f ${SERVER}`)).toBe(before);
    expect(await machine.shell('ls -d /opt/tablesleuth/scratch.* 2>/dev/null || true')).toBe('');
  });

  it('gives up a download that stalls, within a minute, and says which', async () => {
    const { account, machine } = bench;
    machine.write('/etc/tablesleuth/settings.env', settings(account, { GIZMOSQL_VERSION: '1.41.0' }));
    account.stalls = true;
    const started = Date.now();
    const outcome = await install(machine);
    account.stalls = false;
    machine.write('/etc/tablesleuth/settings.env', settings(account));
    expect(outcome.status).toBe(1);
    expect(outcome.stdout.trim().split('\n').at(-1)).toBe('install: GizmoSQL 1.41.0');
    expect(outcome.stderr).toContain('Operation too slow');
    expect(outcome.stderr).toMatch(/install: could not download https:\/\/github.com\/gizmodata\/\S+\.zip$/m);
    expect(Date.now() - started).toBeLessThan(90_000);
  });

  it('fails when a Python package does not have the locked hash', async () => {
    const { machine } = bench;
    await machine.shell(`sed -i 's/sha256:./sha256:0/' ${HOST}/duckdb-extensions.txt`);
    const outcome = await install(machine);
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toContain('THESE PACKAGES DO NOT MATCH THE HASHES');
  });

  it('fails and names every setting it misses', async () => {
    const { account, machine } = bench;
    machine.write('/etc/tablesleuth/settings.env', settings(account, { GIZMOSQL_VERSION: '', GIZMOSQL_SHA256: '' }));
    const outcome = await install(machine);
    machine.write('/etc/tablesleuth/settings.env', settings(account));
    expect(outcome.status).toBe(1);
    expect(outcome.stderr.trim()).toBe(
      'install: /etc/tablesleuth/settings.env has no value for: GIZMOSQL_VERSION GIZMOSQL_SHA256',
    );
  });
});

describe('install on a new machine', () => {
  const bench = onMachine((account) => newInstance(account));

  it('puts TableSleuth 0.6.1, GizmoSQL and DuckDB’s extensions in place', async () => {
    succeeded(await install(bench.machine));
    expect(await bench.machine.shell('/opt/tablesleuth/venv/bin/tablesleuth --version')).toContain('0.6.1');
    expect(await bench.machine.shell(`${SERVER} --version`)).toContain('GizmoSQL');
    expect(await bench.machine.shell('cd /opt/tablesleuth/duckdb-extensions/current/v1.5.5/*/ && ls')).toBe(
      ['avro', 'aws', 'delta', 'httpfs', 'iceberg'].map((name) => `${name}.duckdb_extension`).join('\n'),
    );
  });

  it('downloads GizmoSQL for this processor from its GitHub release', () => {
    const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
    expect(bench.account.requests).toContain(
      `GET github.com/gizmodata/gizmosql/releases/download/v1.40.0/gizmosql_cli_linux_${architecture}.zip`,
    );
  });

  it('changes nothing and downloads nothing the second time, within twenty seconds', async () => {
    const before = await bench.machine.shell(INSTALLED);
    const requests = bench.account.requests.length;
    const started = Date.now();
    succeeded(await install(bench.machine));
    expect(Date.now() - started).toBeLessThan(20_000);
    expect(bench.account.requests).toHaveLength(requests);
    expect(await bench.machine.shell(INSTALLED)).toBe(before);
  });

  it('leaves nothing of this instance in the software: no settings, no password, no unit', async () => {
    expect(await bench.machine.shell("ls /etc/systemd/system | grep -E 'gizmosql|tablesleuth' || true")).toBe('');
    expect(bench.account.requests.filter((request) => request.includes('secretsmanager'))).toEqual([]);
  });

  it('asks dnf for the packages on Amazon Linux (dnf and rpm are stubs that record their arguments)', async () => {
    const asked = await onAmazonLinux(bench.machine.shell.bind(bench.machine), 'exit 1');
    expect(asked).toBe(
      'install --assumeyes --quiet --setopt=install_weak_deps=False ' +
        'amazon-cloudwatch-agent amazon-efs-utils awscli-2 diffutils nginx python3.13 python3.13-pip unzip xfsprogs',
    );
  });

  it('does not run dnf on an Amazon Linux image that has the packages (stubs)', async () => {
    expect(await onAmazonLinux(bench.machine.shell.bind(bench.machine), 'exit 0')).toBe('');
  });

  it('fails on a distribution it does not know', async () => {
    const { machine } = bench;
    const script = `printf 'ID=gentoo\\n' > /run/os-release; mount --bind /run/os-release /etc/os-release; bash ${HOST}/install`;
    const outcome = await machine.run(['unshare', '--mount', 'bash', '-c', script]);
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toContain('/etc/os-release says ID=gentoo: Amazon Linux 2023 is wanted');
  });
});

/** Runs the packages' step as if on Amazon Linux and gives what dnf was asked for. `rpm` says whether a package is there. */
async function onAmazonLinux(shell: (script: string) => Promise<string>, rpm: string): Promise<string> {
  return shell(`
    stubs=/run/stubs; rm -rf $stubs; mkdir -p $stubs; touch $stubs/asked
    printf '#!/bin/sh\\necho "$*" >> /run/stubs/asked\\n' > $stubs/dnf
    printf '#!/bin/sh\\n${rpm}\\n' > $stubs/rpm
    printf 'ID="amzn"\\n' > $stubs/os-release
    chmod +x $stubs/dnf $stubs/rpm
    unshare --mount bash -euc '
      mount --bind /run/stubs/os-release /etc/os-release
      PATH=/run/stubs:$PATH
      source ${HOST}/settings.sh
      source ${HOST}/distribution.sh
      install_packages'
    cat $stubs/asked`);
}
