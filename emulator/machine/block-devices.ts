import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';

import type { LoopDevice } from './loop-device';

/** A volume as an instance sees it. */
export interface AttachedVolume {
  readonly volumeId: string;
  readonly device: LoopDevice;
  /** The name that the attachment asks for, such as /dev/sdf. */
  readonly askedName: string;
}

/** Where the machine sees the folder. */
const IN_MACHINE = '/run/block-devices';
const UNIT = 'block-devices.service';

/**
 * The block devices of one machine, under the names that they have on an instance of AWS's Nitro system: /dev/nvme1n1,
 * a link at the name that was asked for, and a link by the volume's id.
 *
 * A folder outside of the machine holds what the machine sees at /dev/disk, /sys/block, /sys/class/block and
 * /sys/dev/block, so that programs find these devices, and none of the computer's own.
 */
export class BlockDevices {
  private readonly names = new Map<string, { readonly name: string; readonly volume: AttachedVolume }>();

  /** `folder` is the folder as this process can open it, `folderInNamespace` the same one as systemd-nspawn does. */
  constructor(
    private readonly folder: string,
    private readonly folderInNamespace: string,
  ) {
    for (const part of ['block', 'class', 'numbers', 'disk/by-id', 'links']) {
      mkdirSync(join(folder, part), { recursive: true });
    }
  }

  /** Adds a device, and gives the script that makes it appear in a machine that is on. */
  add(volume: AttachedVolume): string {
    const name = this.freeName();
    const [major, minor] = volume.device.number.split(':');
    this.names.set(volume.volumeId, { name, volume });
    for (const [link, target] of this.links(name, volume)) symlinkSync(target, join(this.folder, link));
    return `mknod --mode=0660 /dev/${name} b ${major} ${minor}; ln -sfn ${name} ${volume.askedName}`;
  }

  /** Takes a device away, and gives the script that makes it disappear from a machine that is on. */
  remove(volumeId: string): string {
    const found = this.names.get(volumeId);
    if (found === undefined) return '';
    this.names.delete(volumeId);
    for (const [link] of this.links(found.name, found.volume)) rmSync(join(this.folder, link), { force: true });
    const path = `/dev/${found.name}`;
    return `if mountpoint --quiet ${path}; then umount ${path}; fi; rm --force ${path} ${found.volume.askedName}`;
  }

  /** What systemd-nspawn needs to know for a machine to boot with the devices that it has. */
  bootOptions(): string[] {
    const nodes = [...this.names.values()].map(({ name, volume }) => `--bind=${volume.device.path}:/dev/${name}`);
    return [
      `--bind=${this.folderInNamespace}:${IN_MACHINE}`,
      `--bind=${this.folderInNamespace}/disk:/dev/disk`,
      ...nodes,
    ];
  }

  private freeName(): string {
    const taken = new Set([...this.names.values()].map(({ name }) => name));
    // The first one is the root disk.
    let number = 1;
    while (taken.has(`nvme${number}n1`)) number++;
    return `nvme${number}n1`;
  }

  private links(name: string, volume: AttachedVolume): [string, string][] {
    const kernel = `devices/virtual/block/${volume.device.kernelName}`;
    return [
      [`block/${name}`, `../${kernel}`],
      [`class/${name}`, `../../${kernel}`],
      // Programs take a device's name from where its number leads.
      [`numbers/${volume.device.number}`, `../../block/${name}`],
      [`disk/by-id/nvme-Amazon_Elastic_Block_Store_${volume.volumeId.replace('-', '')}`, `../../${name}`],
      [`links/${basename(volume.askedName)}`, name],
    ];
  }
}

/** The files that show a machine its own block devices in /sys, before anything else starts. Pure: path to content. */
export function blockDeviceFiles(): Record<string, string> {
  const units = '/etc/systemd/system';
  const mounts = { block: '/sys/block', class: '/sys/class/block', numbers: '/sys/dev/block' };
  const binds = Object.entries(mounts).map(([part, path]) => `ExecStart=mount --bind ${IN_MACHINE}/${part} ${path}\n`);
  return {
    [`${units}/${UNIT}`]: `[Unit]
Description=Block devices, as an instance has them
DefaultDependencies=no
Before=local-fs-pre.target sysinit.target
[Service]
Type=oneshot
RemainAfterExit=yes
${binds.join('')}ExecStart=cp --archive ${IN_MACHINE}/links/. /dev/
`,
    [`${units}/sysinit.target.d/block-devices.conf`]: `[Unit]\nWants=${UNIT}\n`,
  };
}
