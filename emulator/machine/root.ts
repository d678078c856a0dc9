import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { cached, digestOf, REPOSITORY } from './cache';
import { must } from './process';
import { wheels } from './wheels';

/** Where a machine sees the downloaded Python packages. */
export const WHEELS_IN_MACHINE = '/var/cache/wheels';

const SUITE = 'trixie';
const MOUNT_HELPER = 'emulator/machine/mount.efs';
const OWN_FILES = ['emulator/machine/root.ts', MOUNT_HELPER];

const PACKAGES = [
  'systemd,systemd-sysv,dbus,udev,iproute2,procps,socat,util-linux-extra,e2fsprogs,xfsprogs',
  'python3.13,python3.13-venv,nginx-light,awscli,unzip,curl,ca-certificates,openssl',
];

/** Stands where the CloudWatch agent's own program is: Debian has no such package. It keeps what it was asked, and runs nothing. */
const CLOUDWATCH_AGENT = `#!/bin/sh
# A stand-in that records its arguments and the configuration it was given.
printf '%s\\n' "$*" >> /var/log/cloudwatch-agent-stand-in.log
for argument in "$@"; do
  case "$argument" in file:*) cp "\${argument#file:}" /opt/aws/amazon-cloudwatch-agent/etc/given.json ;; esac
done
systemctl start amazon-cloudwatch-agent.service
`;

const CLOUDWATCH_AGENT_UNIT = `[Unit]
Description=Stand-in for the CloudWatch agent: it is active and does nothing
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
`;

const standInPackage = (name: string): string => `Package: ${name}
Version: 0-stand-in
Architecture: all
Maintainer: nobody
Description: stand-in for Amazon's package
`;

/**
 * Gives the folder with a machine's root file system: Debian with systemd, Python 3.13 and what the host's install would
 * otherwise have to download. Only packages are in it; nothing of the computer that runs it.
 * The first time takes one to two minutes and 600 MB of disk.
 */
export async function machineRoot(): Promise<string> {
  const wheelFolder = wheels();
  const key = digestOf([...OWN_FILES, 'emulator/gizmosql/requirements.txt'], [SUITE, process.arch]);
  const [root] = await Promise.all([
    cached('root', key, async (folder) => {
      await must(['mmdebstrap', '--quiet', '--variant=minbase', `--include=${PACKAGES.join(',')}`, SUITE, folder]);
      await addCloudWatchAgent(folder);
      await addMountHelper(folder);
      await addPythonPackages(folder, await wheelFolder);
      // Amazon Linux does not start a service because its package is there. Debian does.
      await inRoot(folder, [], ['systemctl', '--quiet', 'disable', 'nginx.service']);
    }),
    wheelFolder,
  ]);
  return root;
}

async function addCloudWatchAgent(root: string): Promise<void> {
  const tree = join(root, 'var/tmp/amazon-cloudwatch-agent');
  const program = 'opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl';
  write(join(tree, 'DEBIAN/control'), standInPackage('amazon-cloudwatch-agent'));
  write(join(tree, program), CLOUDWATCH_AGENT);
  chmodSync(join(tree, program), 0o755);
  mkdirSync(join(tree, 'opt/aws/amazon-cloudwatch-agent/etc'));
  write(join(tree, 'usr/lib/systemd/system/amazon-cloudwatch-agent.service'), CLOUDWATCH_AGENT_UNIT);
  await installTree(root, 'amazon-cloudwatch-agent');
}

async function addMountHelper(root: string): Promise<void> {
  const tree = join(root, 'var/tmp/amazon-efs-utils');
  write(join(tree, 'DEBIAN/control'), standInPackage('amazon-efs-utils'));
  write(join(tree, 'usr/sbin/mount.efs'), readFileSync(join(REPOSITORY, MOUNT_HELPER), 'utf8'));
  chmodSync(join(tree, 'usr/sbin/mount.efs'), 0o755);
  await installTree(root, 'amazon-efs-utils');
}

async function installTree(root: string, name: string): Promise<void> {
  const build = `dpkg-deb --build /var/tmp/${name} /var/tmp/made.deb && dpkg --install /var/tmp/made.deb`;
  await inRoot(root, [], ['sh', '-c', `${build} && rm -r /var/tmp/${name} /var/tmp/made.deb`]);
}

/** The stand-in's engine, and the setting that makes every pip in the machine use the downloaded packages. */
async function addPythonPackages(root: string, wheelFolder: string): Promise<void> {
  write(join(root, 'etc/pip.conf'), `[global]\nno-index = true\nfind-links = ${WHEELS_IN_MACHINE}\n`);
  mkdirSync(join(root, WHEELS_IN_MACHINE), { recursive: true });
  const standIn = '/usr/local/lib/gizmosql-stand-in';
  const packages = ['duckdb==1.5.5', 'pyarrow==26.0.1'];
  const install = `python3.13 -m venv ${standIn} && ${standIn}/bin/pip install --quiet --no-deps ${packages.join(' ')}`;
  await inRoot(root, [`--bind-ro=${wheelFolder}:${WHEELS_IN_MACHINE}`], ['sh', '-c', install]);
}

function inRoot(root: string, options: readonly string[], command: readonly string[]): Promise<string> {
  const flags = [
    '--quiet',
    '--pipe',
    '--register=no',
    '--keep-unit',
    '--private-network',
    '--resolv-conf=off',
    '--timezone=off',
  ];
  return must(['systemd-nspawn', ...flags, ...options, `--directory=${root}`, ...command]);
}

function write(path: string, content: string): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
}
