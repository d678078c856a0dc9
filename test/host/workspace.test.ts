import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { LoopDevice } from '../../emulator/machine/loop-device';
import { onMachine } from './on-machine';
import { bakedInstance, HOST, settings } from './workbench';

const VOLUME = 'vol-0123456789abcdef0';
const ME = 'i-0aaaaaaaaaaaaaaaa';
const OTHER = 'i-0bbbbbbbbbbbbbbbb';
const GIB = 2 ** 30;

/** EC2 as the host's one command line sees it: what it is asked is written down, what it answers is a file. */
const AWS = `#!/bin/sh
echo "$*" >> /var/lib/ec2/asked
case "$2" in
  describe-volumes) cat /var/lib/ec2/volume.json ;;
  describe-instances) echo '{"Reservations":[{"Instances":[{"State":{"Name":"'"$(cat /var/lib/ec2/holder-state)"'"}}]}]}' ;;
  attach-volume) [ ! -e /var/lib/ec2/refuse ] || { cat /var/lib/ec2/refuse >&2; exit 254; }; cp /var/lib/ec2/attached.json /var/lib/ec2/volume.json ;;
  detach-volume) cp /var/lib/ec2/free.json /var/lib/ec2/volume.json ;;
esac
`;

/** One partition of Linux, as a boot record has it. */
const PARTITION_TABLE =
  'python3.13 -c \'open("/dev/sdf", "r+b").write(bytes(450) + bytes([131, 0, 0, 0, 0, 8, 0, 0, 0, 0, 16, 0]) + bytes(48) + bytes([85, 170]))\'';

const describedAs = (state: string, attachments: object[] = [], tags: object[] = []) =>
  JSON.stringify({ Volumes: [{ VolumeId: VOLUME, State: state, Attachments: attachments, Tags: tags }] });
const heldBy = (instance: string, wantedBy?: string) =>
  describedAs(
    'in-use',
    [{ InstanceId: instance, State: 'attached' }],
    wantedBy === undefined ? [] : [{ Key: 'tablesleuth:wanted-by', Value: wantedBy }],
  );

const folder = mkdtempSync(join(tmpdir(), 'workspace-'));
const image = join(folder, 'volume');
let device: LoopDevice;

const bench = onMachine(async (account) => {
  const machine = await bakedInstance(account);
  machine.write('/usr/local/bin/aws', AWS, 0o755);
  machine.write('/var/lib/ec2/free.json', describedAs('available'));
  machine.write('/var/lib/ec2/attached.json', heldBy(ME));
  machine.write('/etc/tablesleuth/settings.env', settings(account, { WORKSPACE_VOLUME_ID: VOLUME }));
  // Who asks is who the metadata says; the tests' own metadata knows no instance.
  const program = `${HOST}/bin/workspace.py`;
  await machine.shell(
    `sed -i 's/^def own_id.*/def own_id() -> str:\\n    return "${ME}"\\n\\ndef unused() -> str:/' ${program}`,
  );
  await machine.shell(
    `sed -i 's/^WAIT_SECONDS = .*/WAIT_SECONDS = 4/; s/^DEVICE_SECONDS = .*/DEVICE_SECONDS = 2/; s/^RETRY_SECONDS = .*/RETRY_SECONDS = 0.3/' ${program}`,
  );
  writeFileSync(image, '');
  truncateSync(image, GIB);
  device = await LoopDevice.attach(image);
  await machine.attach({ volumeId: VOLUME, device, askedName: '/dev/sdf' });
  return machine;
});

afterAll(async () => {
  await device?.detach();
  rmSync(folder, { recursive: true });
});

/** Runs the program as its unit does, with the machine's own rights. */
async function workspace(verb: 'attach' | 'detach'): Promise<{ status: number | null; says: string }> {
  const command = `set -a; . /etc/tablesleuth/settings.env; exec python3.13 -I ${HOST}/bin/workspace.py ${verb}`;
  const { status, stderr } = await bench.machine.run([
    'systemd-run',
    '--quiet',
    '--pipe',
    '--wait',
    'sh',
    '-c',
    command,
  ]);
  return { status, says: stderr.trim() };
}

const is = (description: string) => bench.machine.write('/var/lib/ec2/volume.json', description);
const asked = () => bench.machine.shell('cat /var/lib/ec2/asked 2>/dev/null; rm -f /var/lib/ec2/asked');
const service = (script: string) =>
  bench.machine.run(['systemd-run', '--quiet', '--pipe', '--wait', 'sh', '-ec', script]);

describe('attach fails, and changes nothing,', { concurrent: false }, () => {
  it.each([
    ['a file system of somebody else', 'mkfs.xfs -q -f -L photos /dev/sdf', 'LABEL photos, TYPE xfs'],
    ['another kind of file system', 'mkfs.ext4 -q -F -L tablesleuth /dev/sdf', 'LABEL tablesleuth, TYPE ext4'],
    ['a partition table', `wipefs -qa /dev/sdf; ${PARTITION_TABLE}`, 'PTTYPE dos'],
    ['swapped memory', 'wipefs -qa /dev/sdf; mkswap --quiet /dev/sdf', 'TYPE swap'],
  ])('on a volume that holds %s', async (_name, make, holds) => {
    expect(await service(make)).toMatchObject({ status: 0 });
    const before = await bench.machine.shell('head -c 64M /dev/sdf | sha256sum');
    is(heldBy(ME));
    const { status, says } = await workspace('attach');
    expect(says).toContain(`workspace: ${VOLUME} is no workspace, it holds ${holds}`);
    expect(says).toContain('nothing on it was changed');
    expect(status).toBe(1);
    expect(await bench.machine.shell('head -c 64M /dev/sdf | sha256sum')).toBe(before);
    await service('wipefs -qa /dev/sdf');
  });

  it('when EC2 refuses it, at once and in EC2’s words', async () => {
    is(describedAs('available'));
    bench.machine.write(
      '/var/lib/ec2/refuse',
      'An error occurred (InvalidVolume.ZoneMismatch) when calling the AttachVolume operation: not in the same zone',
    );
    const { status, says } = await workspace('attach');
    await bench.machine.shell('rm /var/lib/ec2/refuse');
    expect(status).toBe(1);
    expect(says).toContain(`${VOLUME} cannot be attached to this host: An error occurred (InvalidVolume.ZoneMismatch)`);
  });

  it('when another host keeps it; that one is asked for it once, and never deprived of it', async () => {
    await asked();
    is(heldBy(OTHER));
    bench.machine.write('/var/lib/ec2/holder-state', 'running');
    const { status, says } = await workspace('attach');
    expect(status).toBe(1);
    expect(says).toContain(
      `${VOLUME} did not come to this host within 4 seconds: ${OTHER}, which is running, has it (attached)`,
    );
    const calls = await asked();
    expect(calls).toContain(`create-tags --resources ${VOLUME} --tags Key=tablesleuth:wanted-by,Value=${ME}`);
    expect(calls).not.toMatch(/detach|force/);
  });
});

describe('attach', { concurrent: false }, () => {
  beforeAll(async () => {
    if (bench.machine !== undefined) await service('wipefs -qa /dev/sdf');
  });

  it('takes the volume from a host that is stopped, formats it while it is blank, and mounts it', async () => {
    is(heldBy(OTHER));
    bench.machine.write('/var/lib/ec2/holder-state', 'stopped');
    const { status, says } = await workspace('attach');
    expect(says).toContain(`${VOLUME} is blank: makes a file system on it`);
    expect(status, says).toBe(0);
    expect(await bench.machine.shell('findmnt --noheadings --output FSTYPE,LABEL /workspace')).toBe('xfs tablesleuth');
  });

  it('makes the folders of the programs, theirs, and one for everybody’s history', async () => {
    expect(await bench.machine.shell('cd /workspace && stat --format="%n %U %a" * | sort')).toBe(
      'catalog tablesleuth 700\ngizmosql tablesleuth 700\nhistory root 1733\nresults tablesleuth 755',
    );
  });

  it('finds what was written, after a host that ended without letting go', async () => {
    await bench.machine.shell('echo kept > /workspace/results/file; chown 4242 /workspace/results/file; sync');
    await service('umount /workspace');
    is(heldBy(ME));
    expect(await workspace('attach')).toMatchObject({ status: 0 });
    expect(await bench.machine.shell('cat /workspace/results/file; stat --format=%U /workspace/results/file')).toBe(
      'kept\ntablesleuth',
    );
  });

  it('takes up what the volume grew by', async () => {
    await service('umount /workspace');
    truncateSync(image, 2 * GIB);
    await device.grow();
    expect(await workspace('attach')).toMatchObject({ status: 0 });
    const size = await bench.machine.shell('df --output=size --block-size=1M /workspace | tail -1');
    expect(Number(size)).toBeGreaterThan(1900);
  });

  it('keeps the history of a login shell', async () => {
    await bench.machine.copyIn(`${__dirname}/../../host`, '/var/lib/host');
    const session = "HOME=/root bash --norc -i -c '. /var/lib/host/history.sh; echo $HISTFILE'";
    expect((await bench.machine.run(['sh', '-c', session])).stdout.trim()).toBe('/workspace/history/root');
  });
});

/** The units as they are, with programs that stand in: one of them takes its time to finish a query. */
const PROGRAMS = [
  ['gizmosql', "ExecStop=/bin/sh -c 'sleep 2; echo finished > /workspace/results/query'"],
  ['tablesleuth-web', ''],
] as const;

describe('the keeper', { concurrent: false }, () => {
  beforeAll(async () => {
    if (bench.machine === undefined) return;
    await bench.machine.shell(`sed -i 's/^LOOK_SECONDS = .*/LOOK_SECONDS = 1/' ${HOST}/bin/workspace.py`);
    await bench.machine.shell(`cp ${HOST}/units/tablesleuth-workspace*.service /etc/systemd/system`);
    for (const [name, stop] of PROGRAMS) {
      const unit = `/etc/systemd/system/${name}.service`;
      bench.machine.write(unit, `[Service]\nExecStart=/bin/sleep infinity\n${stop}\n`);
      await bench.machine.shell(`mkdir -p ${unit}.d && cp ${HOST}/workspace.conf ${unit}.d`);
    }
    is(heldBy(ME));
    await bench.machine.shell(
      'systemctl daemon-reload; systemctl start gizmosql tablesleuth-web tablesleuth-workspace-keeper',
    );
  });

  const mounted = () => bench.machine.shell('findmnt --noheadings --output LABEL /workspace || echo not');
  const active = () => bench.machine.shell('systemctl is-active gizmosql tablesleuth-web || true');

  it('keeps the volume when a host that is gone has asked for it', async () => {
    bench.machine.write('/var/lib/ec2/holder-state', 'terminated');
    is(heldBy(ME, OTHER));
    await sleep(4_000);
    expect([await mounted(), await active()]).toEqual(['tablesleuth', 'active\nactive']);
  });

  it('gives it to a host that asks and lives, once the programs have finished what they do', async () => {
    await asked();
    // The other host is quick: it has the volume as soon as this one lets it go.
    bench.machine.write('/var/lib/ec2/free.json', heldBy(OTHER));
    bench.machine.write('/var/lib/ec2/holder-state', 'running');
    await expect.poll(mounted, { timeout: 30_000 }).toBe('not');
    expect(await active()).toBe('inactive\ninactive');
    await expect.poll(asked, { timeout: 10_000 }).toContain(`detach-volume --volume-id ${VOLUME} --instance-id ${ME}`);
  });

  it('leaves it to that host, whatever it does with it', async () => {
    await sleep(6_000);
    expect([await mounted(), await asked()]).toEqual(['not', expect.not.stringContaining('attach-volume')]);
  });

  it('takes it back when that host did not live to use it, with all that was finished, and starts the programs', async () => {
    bench.machine.write('/var/lib/ec2/free.json', describedAs('available'));
    is(describedAs('available'));
    await expect.poll(mounted, { timeout: 30_000 }).toBe('tablesleuth');
    await expect.poll(active, { timeout: 10_000 }).toBe('active\nactive');
    expect(await bench.machine.shell('cat /workspace/results/query')).toBe('finished');
    await bench.machine.shell('systemctl stop tablesleuth-workspace-keeper gizmosql tablesleuth-web');
  });
});

it('detach unmounts it, whoever is in it, and lets it go', async () => {
  await bench.machine.shell('cd /workspace && (setsid sleep 300 >/dev/null 2>&1 </dev/null &)');
  const { status, says } = await workspace('detach');
  expect(says).toMatch(/ends process \d+, which uses \/workspace\nworkspace: let vol-0123456789abcdef0 go/);
  expect(status).toBe(0);
  expect(await bench.machine.shell('findmnt /workspace || echo unmounted')).toBe('unmounted');
});
