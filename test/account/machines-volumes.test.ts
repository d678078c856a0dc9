import {
  AttachVolumeCommand,
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DeleteVolumeCommand,
  DescribeInstancesCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  DescribeVolumesModificationsCommand,
  DetachVolumeCommand,
  EC2Client,
  ModifyVolumeCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
  type Volume,
} from '@aws-sdk/client-ec2';
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { type EmulatedAccount, startEmulatedAccount } from '../../emulator/account';
import { Instances } from './fixtures/instances';
import { loopDevicesOf, whereMachinesRun } from './fixtures/machines';
import { type Resources, SmallStack } from './fixtures/small-stack';

const STATE_DIRECTORY = '.cache/test-accounts/volumes';
const ZONE = 'us-east-2a';
const DEVICE = '/dev/sdf';

let account: EmulatedAccount;
let ec2: EC2Client;
let instances: Instances;

whereMachinesRun(async () => {
  account = await startEmulatedAccount({ stateDirectory: STATE_DIRECTORY, machines: true });
  ec2 = new EC2Client(account.client);
  instances = new Instances(account);
});

afterAll(async () => {
  await account?.stop();
  expect(loopDevicesOf(STATE_DIRECTORY)).toEqual([]);
  expect(existsSync(`${STATE_DIRECTORY}/volumes`)).toBe(false);
});

/** One story of one volume, and of two machines that have it one after the other. */
describe('a volume of its own', { concurrent: false }, () => {
  let first: string;
  let second: string;
  let id: string;
  let byId: string;
  let snapshot: string;

  test('is wanted by two machines, which run within five seconds each', async () => {
    const began = Date.now();
    [first, second] = await Promise.all([instances.launch(), instances.launch()]);
    await Promise.all([instances.reaches(first, 'running'), instances.reaches(second, 'running')]);
    expect(Date.now() - began).toBeLessThan(5_000);
  });

  test('is created, and then available', async () => {
    const made = await ec2.send(new CreateVolumeCommand({ AvailabilityZone: ZONE, Size: 1, VolumeType: 'gp3' }));
    id = made.VolumeId!;
    byId = `/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${id.replace('-', '')}`;
    expect(made.State).toBe('creating');
    await becomes(id, ({ State }) => State === 'available');
  });

  test('is attached, and is an empty block device in the machine, under the names that AWS gives it', async () => {
    const attachment = await attach(id, first);
    expect(attachment.State).toBe('attaching');
    expect(await volume(id)).toMatchObject({ State: 'in-use' });
    await becomes(id, isAttached);
    expect(await volume(id)).toMatchObject({
      Attachments: [{ InstanceId: first, Device: DEVICE, DeleteOnTermination: false }],
    });
    expect(await on(first, `readlink -f ${byId} ${DEVICE}`)).toBe('/dev/nvme1n1\n/dev/nvme1n1');
    expect(await on(first, 'lsblk --bytes --noheadings --output NAME,SIZE,TYPE')).toBe('nvme1n1 1073741824 disk');
    expect(await on(first, `blkid ${byId} || echo nothing on it`)).toBe('nothing on it');
    expect(await on(second, 'lsblk --noheadings')).toBe('');
  });

  test('shows as a device of the instance', async () => {
    const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [first] }));
    const devices = Reservations[0]?.Instances?.[0]?.BlockDeviceMappings ?? [];
    expect(devices.find(({ DeviceName }) => DeviceName === DEVICE)?.Ebs).toMatchObject({
      VolumeId: id,
      Status: 'attached',
      DeleteOnTermination: false,
    });
  });

  test('is formatted and mounted by its label, by a service of the machine’s own', async () => {
    await asService(first, `mkfs.xfs -q -L workspace ${byId} && mount LABEL=workspace /mnt && echo kept > /mnt/file`);
    expect(await on(first, 'lsblk --noheadings --output NAME,FSTYPE,LABEL,MOUNTPOINT')).toBe(
      'nvme1n1 xfs workspace /mnt',
    );
  });

  test('is refused to whoever may not have it', async () => {
    await expect(attach(id, second)).rejects.toThrow(`${id} is already attached to an instance`);
    await expect(ec2.send(new DeleteVolumeCommand({ VolumeId: id }))).rejects.toThrow(/VolumeInUse|currently attached/);
    const elsewhere = await create({ AvailabilityZone: 'us-east-2b' });
    await expect(attach(elsewhere, second)).rejects.toThrow(/not in the same availability zone/);
    const other = await create({});
    await expect(attach(other, first)).rejects.toThrow(/Attachment point \/dev\/sdf is already in use/);
    const detach = new DetachVolumeCommand({ VolumeId: other });
    await expect(ec2.send(detach)).rejects.toThrow(/is in the 'available' state/);
  });

  test('grows while it is mounted, and its file system with it; it never shrinks', async () => {
    await grow(id, 2);
    await becomes(id, ({ Size }) => Size === 2);
    expect((await modification(id))?.ModificationState).toBe('completed');
    expect(await on(first, `blockdev --getsize64 ${byId}`)).toBe(String(2 * 2 ** 30));
    await asService(first, 'xfs_growfs /mnt');
    expect(Number(await on(first, 'df --output=size --block-size=1M /mnt | tail -1'))).toBeGreaterThan(1900);
    await expect(grow(id, 1)).rejects.toThrow(/New size cannot be smaller/);
  });

  test('is there again after a stop and start, before the machine’s services are', async () => {
    await ec2.send(new StopInstancesCommand({ InstanceIds: [first] }));
    await instances.reaches(first, 'stopped');
    expect(await volume(id)).toMatchObject({ State: 'in-use', Attachments: [{ State: 'attached' }] });
    await ec2.send(new StartInstancesCommand({ InstanceIds: [first] }));
    await instances.reaches(first, 'running');
    expect(await on(first, 'lsblk --noheadings --output NAME,LABEL')).toBe('nvme1n1 workspace');
    await asService(first, `mount ${DEVICE} /mnt`);
    expect(await on(first, 'cat /mnt/file')).toBe('kept');
  });

  test('goes on detaching until it is unmounted', async () => {
    await detach(id);
    await expect(attach(id, second)).rejects.toThrow(/already attached/);
    await on(first, 'sleep 1; echo more >> /mnt/file');
    expect(await volume(id)).toMatchObject({ State: 'in-use', Attachments: [{ State: 'detaching' }] });
    await on(first, 'umount /mnt');
    await becomes(id, ({ State }) => State === 'available');
    expect(await on(first, `lsblk --noheadings; ls /dev/nvme* ${DEVICE} ${byId} 2>/dev/null || true`)).toBe('');
  });

  test('is saved in a snapshot, from which another volume is made', async () => {
    const { SnapshotId } = await ec2.send(new CreateSnapshotCommand({ VolumeId: id }));
    snapshot = SnapshotId!;
    const seen = async () =>
      (await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [snapshot] }))).Snapshots?.[0]?.State;
    await expect.poll(seen, { timeout: 10_000 }).toBe('completed');
    const smaller = new CreateVolumeCommand({ AvailabilityZone: ZONE, SnapshotId: snapshot, Size: 1 });
    await expect(ec2.send(smaller)).rejects.toThrow(/smaller than snapshot/);
  });

  test('outlives the machine that it is mounted on, and is attached to another one', async () => {
    await attach(id, first);
    await becomes(id, isAttached);
    await asService(first, 'mount LABEL=workspace /mnt && echo last >> /mnt/file');
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [first] }));
    await instances.reaches(first, 'terminated');
    await becomes(id, ({ State }) => State === 'available');
    await attach(id, second);
    await becomes(id, isAttached);
    await asService(second, 'mount LABEL=workspace /mnt');
    expect(await on(second, 'cat /mnt/file')).toBe('kept\nmore\nlast');
  });

  test('stands beside the volume that was made of its snapshot, which has what it had then', async () => {
    const restored = await create({ SnapshotId: snapshot });
    await attach(restored, second, '/dev/sdg');
    await becomes(restored, isAttached);
    await asService(second, 'mkdir -p /restored && mount -o nouuid /dev/sdg /restored');
    expect(await on(second, 'cat /restored/file')).toBe('kept\nmore');
    expect((await volume(restored))?.Size).toBe(2);
    await on(second, 'umount /restored');
    await detach(restored);
    await becomes(restored, ({ State }) => State === 'available');
    expect(await on(second, 'cat /mnt/file')).toBe('kept\nmore\nlast');
  });

  test('may have an ext4 file system, which grows when it is mounted again', async () => {
    const other = await create({});
    await attach(other, second, '/dev/sdh');
    await becomes(other, isAttached);
    await asService(second, 'mkfs.ext4 -q -L other /dev/sdh && mount LABEL=other /restored && echo 4 > /restored/file');
    await on(second, 'umount /restored');
    await grow(other, 2);
    await becomes(other, ({ Size }) => Size === 2);
    await asService(second, 'e2fsck -fp /dev/sdh && resize2fs /dev/sdh 2>&1 && mount LABEL=other /restored');
    expect(Number(await on(second, 'df --output=size --block-size=1M /restored | tail -1'))).toBeGreaterThan(1900);
    expect(await on(second, 'cat /restored/file')).toBe('4');
  });

  test('takes its file along when it is deleted', async () => {
    await ec2.send(new StopInstancesCommand({ InstanceIds: [second] }));
    await instances.reaches(second, 'stopped');
    await detach(id);
    await becomes(id, ({ State }) => State === 'available');
    expect(existsSync(`${STATE_DIRECTORY}/volumes/${id}`)).toBe(true);
    await ec2.send(new DeleteVolumeCommand({ VolumeId: id }));
    await expect.poll(() => existsSync(`${STATE_DIRECTORY}/volumes/${id}`)).toBe(false);
  });
});

describe('a volume of a stack', () => {
  test('is attached when the stack is complete, and leaves a snapshot of what it held', async () => {
    const stack = new SmallStack(account, 'volume');
    const outputs = { VolumeId: { Value: { Ref: 'Volume' } }, InstanceId: { Value: { Ref: 'Host' } } };
    const made = await stack.create(attachedVolume(), outputs);
    expect(made.status, made.reasons.join()).toBe('CREATE_COMPLETE');
    const { VolumeId = '', InstanceId = '' } = made.outputs;
    const devices = () => on(InstanceId, 'lsblk --raw --noheadings --output NAME,SIZE; readlink /dev/sdb /dev/sdf');
    await expect.poll(devices, { timeout: 15_000 }).toBe('nvme1n1 3G\nnvme2n1 1G\nnvme1n1\nnvme2n1');
    await asService(InstanceId, 'mkfs.ext4 -q -L data /dev/sdf && mount LABEL=data /mnt && echo saved > /mnt/file');
    await on(InstanceId, 'umount /mnt');
    expect((await stack.delete()).status).toBe('DELETE_COMPLETE');
    const OfVolume = [{ Name: 'volume-id', Values: [VolumeId] }];
    const seen = async () => (await ec2.send(new DescribeSnapshotsCommand({ Filters: OfVolume }))).Snapshots ?? [];
    await expect.poll(seen, { timeout: 10_000 }).toMatchObject([{ State: 'completed', VolumeSize: 1 }]);
    const content = readFileSync(`${STATE_DIRECTORY}/volumes/${(await seen())[0]!.SnapshotId}`);
    expect(content.includes('saved')).toBe(true);
  });
});

function attachedVolume(): Resources {
  return {
    Host: {
      Type: 'AWS::EC2::Instance',
      Properties: {
        ImageId: 'ami-0c2023a1b2c3d4e5f',
        InstanceType: 't3.small',
        BlockDeviceMappings: [{ DeviceName: '/dev/sdb', Ebs: { VolumeSize: 3 } }],
      },
    },
    Volume: {
      Type: 'AWS::EC2::Volume',
      Properties: { AvailabilityZone: ZONE, Size: 1 },
      DeletionPolicy: 'Snapshot',
    },
    Attachment: {
      Type: 'AWS::EC2::VolumeAttachment',
      Properties: { VolumeId: { Ref: 'Volume' }, InstanceId: { Ref: 'Host' }, Device: DEVICE },
    },
  };
}

async function create(more: { AvailabilityZone?: string; SnapshotId?: string }): Promise<string> {
  const size = more.SnapshotId === undefined ? { Size: 1 } : {};
  const { VolumeId } = await ec2.send(new CreateVolumeCommand({ AvailabilityZone: ZONE, ...size, ...more }));
  await becomes(VolumeId!, ({ State }) => State === 'available');
  return VolumeId!;
}

function attach(VolumeId: string, InstanceId: string, Device = DEVICE) {
  return ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device }));
}

async function detach(VolumeId: string): Promise<void> {
  const { State } = await ec2.send(new DetachVolumeCommand({ VolumeId }));
  expect(State).toBe('detaching');
}

function grow(VolumeId: string, Size: number) {
  return ec2.send(new ModifyVolumeCommand({ VolumeId, Size }));
}

async function modification(id: string) {
  const answer = await ec2.send(new DescribeVolumesModificationsCommand({ VolumeIds: [id] }));
  return answer.VolumesModifications?.[0];
}

async function volume(id: string): Promise<Volume | undefined> {
  return (await ec2.send(new DescribeVolumesCommand({ VolumeIds: [id] }))).Volumes?.[0];
}

function isAttached({ Attachments }: Volume): boolean {
  return Attachments?.[0]?.State === 'attached';
}

async function becomes(id: string, is: (volume: Volume) => boolean): Promise<void> {
  await expect.poll(async () => is((await volume(id))!), { timeout: 15_000, interval: 100 }).toBe(true);
}

/** Runs a script with the rights of the machine's own services, which are less than those of `run`. */
async function asService(id: string, script: string): Promise<void> {
  const command = `systemd-run --quiet --pipe --wait sh -ec '${script}'`;
  const { status, stdout, stderr } = await account.machines!.run(id, command);
  expect(status, stdout + stderr).toBe(0);
}

function on(id: string, script: string): Promise<string> {
  return instances.run(id, script);
}
