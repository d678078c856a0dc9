import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { REPOSITORY } from '../../emulator/machine/cache';
import { run } from '../../emulator/machine/process';
import { hostUserData } from '../../src/workbench/host-user-data';
import { onMachine } from './on-machine';
import { bakedInstance, HOST } from './workbench';
import { USER_DATA_OPTIONS } from '../support/user-data';

const UNITS = readdirSync(join(REPOSITORY, 'host/units'));
const MOST_EXPOSURE = 1.6;

/** What mounts for the whole host, or grows what is mounted, cannot have a view of its own on the file systems. */
const EXPOSED: Readonly<Record<string, number>> = {
  'tablesleuth-workspace.service': 4.9,
  'tablesleuth-workspace-keeper.service': 2.8,
};

const bench = onMachine((account) => bakedInstance(account));

describe('the units', () => {
  const bounds = UNITS.filter((unit) => unit.endsWith('.service')).map(
    (unit) => [unit, EXPOSED[unit] ?? MOST_EXPOSURE] as const,
  );

  it.each(bounds)('%s is exposed to at most %d of 10 by systemd’s own measure', async (unit, most) => {
    const report = await bench.machine.shell(
      `systemd-analyze security --offline=yes --no-pager ${HOST}/units/${unit} | tail -1`,
    );
    const exposure = Number(/Overall exposure level for \S+: (\d+\.\d+)/.exec(report)?.[1]);
    expect(exposure).toBeLessThanOrEqual(most);
  });

  it.each(UNITS)('%s passes systemd’s own check', async (unit) => {
    const outcome = await bench.machine.run([
      'systemd-analyze',
      'verify',
      '--recursive-errors=one',
      `${HOST}/units/${unit}`,
    ]);
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
  });

  it('that mounts what hosts share passes the same checks', async () => {
    const folder = '/var/lib/shared/tablesleuth-workspace.service.d';
    await bench.machine.shell(
      `mkdir -p ${folder} && cp ${HOST}/units/tablesleuth-workspace.service /var/lib/shared && ` +
        `cp ${HOST}/shared-workspace.conf ${folder}/shared.conf`,
    );
    const unit = '/var/lib/shared/tablesleuth-workspace.service';
    const verified = await bench.machine.run(['systemd-analyze', 'verify', '--recursive-errors=one', unit]);
    expect(verified).toMatchObject({ status: 0, stderr: '' });
    const report = await bench.machine.shell(`systemd-analyze security --offline=yes --no-pager ${unit} | tail -1`);
    expect(Number(/: (\d+\.\d+)/.exec(report)?.[1])).toBeLessThanOrEqual(4.9);
  });

  it('stop GizmoSQL only after the time its queries get, and before a spot instance is taken', async () => {
    const unit = await bench.machine.shell(`cat ${HOST}/units/gizmosql.service`);
    const grace = Number(/--shutdown-grace-period-seconds=(\d+)/.exec(unit)?.[1]);
    const stop = Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]);
    expect(grace).toBeLessThan(stop);
    expect(stop).toBeLessThan(120);
  });

  it('run both programs as one user who has no shell and owns no program', async () => {
    expect(await bench.machine.shell('getent passwd tablesleuth | cut -d: -f7')).toBe('/usr/sbin/nologin');
    expect(await bench.machine.shell('find /opt/tablesleuth -xdev ! -user root -print -quit')).toBe('');
  });
});

describe('the scripts', () => {
  const scripts = [
    'install',
    'configure',
    'try',
    'settings.sh',
    'distribution.sh',
    'history.sh',
    'bin/fetch-secret',
    'bin/export-journal',
  ];

  it.each(scripts)('shellcheck finds nothing in %s', async (script) => {
    const outcome = await run([
      'shellcheck',
      '--external-sources',
      `--source-path=${REPOSITORY}`,
      join(REPOSITORY, 'host', script),
    ]);
    expect(outcome).toMatchObject({ status: 0, stdout: '' });
  });

  it('shellcheck finds nothing in user data', async () => {
    const input = hostUserData(USER_DATA_OPTIONS);
    expect(await run(['shellcheck', '-'], { input })).toMatchObject({ status: 0, stdout: '' });
  });
});
