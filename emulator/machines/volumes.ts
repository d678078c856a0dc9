import { LoopDevice } from '../machine/loop-device';
import { type InternalApi, Refusal } from '../internal-api';
import type { Snapshot, Volume, Work } from './instance';
import type { KeptMachine } from './kept-machine';
import { VolumeFiles } from './volume-files';

export interface VolumesOptions {
  readonly api: InternalApi;
  /** A folder for what they hold. Emptied first. */
  readonly folder: string;
  /** Told what went wrong with a volume, in a line of text. */
  readonly onTrouble: (line: string) => void;
}

interface Held {
  readonly instanceId: string;
  readonly device: LoopDevice;
}

interface Busy {
  readonly instanceId: string;
  readonly done: Promise<void>;
}

/**
 * Keeps what the account's volumes hold, and attaches them to machines: brings each volume to where its state says, and
 * reports when it is there.
 */
export class Volumes {
  private readonly files: VolumeFiles;
  private readonly held = new Map<string, Held>();
  private readonly busy = new Map<string, Busy>();

  constructor(private readonly options: VolumesOptions) {
    this.files = new VolumeFiles(options.folder);
  }

  /** Begins what is to be done. `machineOf` gives an instance's machine, if it may be given and deprived of devices now. */
  seeTo(work: Work, machineOf: (instanceId: string) => KeptMachine | undefined): void {
    for (const volume of work.Volumes) {
      const task = this.busy.has(volume.VolumeId) ? undefined : this.task(volume, machineOf);
      if (task !== undefined) this.begin(volume.VolumeId, volume.InstanceId, task);
    }
    for (const snapshot of work.Snapshots) {
      const isNew = snapshot.State === 'pending' && !this.busy.has(snapshot.SnapshotId);
      if (isNew) this.begin(snapshot.SnapshotId, '', () => this.save(snapshot));
    }
    if (this.busy.size === 0) this.files.keep(wantedFiles(work));
  }

  /** Whether a device is being given to the machine of an instance, or taken away from it. */
  isBusyWith(instanceId: string): boolean {
    return [...this.busy.values()].some((busy) => busy.instanceId === instanceId);
  }

  /** Gives a machine that is off the volumes that its instance was launched with. */
  async attachAll(work: Work, instanceId: string, machine: KeptMachine): Promise<void> {
    const launchedWith = work.Volumes.filter((one) => one.InstanceId === instanceId && !this.held.has(one.VolumeId));
    for (const volume of launchedWith) await this.hold(volume, machine);
  }

  /** Takes back what an instance that is gone had. */
  async release(instanceId: string): Promise<void> {
    for (const [volumeId, held] of this.held) {
      if (held.instanceId !== instanceId) continue;
      await held.device.detach();
      this.held.delete(volumeId);
    }
  }

  /** Takes everything back, once the machines are gone, and forgets what the volumes hold. */
  async stop(): Promise<void> {
    await Promise.allSettled([...this.busy.values()].map(({ done }) => done));
    for (const { device } of this.held.values()) await device.detach();
    this.held.clear();
    this.files.remove();
  }

  private task(volume: Volume, machineOf: (id: string) => KeptMachine | undefined): (() => Promise<void>) | undefined {
    if (volume.State === 'creating') return () => this.create(volume);
    if (volume.State === 'modifying') return () => this.grow(volume);
    const machine = machineOf(volume.InstanceId);
    if (machine === undefined) return undefined;
    if (volume.Attachment === 'attaching') return () => this.attach(volume, machine);
    const device = this.held.get(volume.VolumeId)?.device;
    // As on AWS, a volume that is mounted goes on detaching until it is unmounted.
    if (volume.Attachment === 'detaching' && !device?.isMounted()) return () => this.detach(volume, machine);
    return undefined;
  }

  private begin(id: string, instanceId: string, task: () => Promise<void>): void {
    const done = task()
      .catch((error: Error) => this.fail(id, error))
      .finally(() => this.busy.delete(id));
    this.busy.set(id, { instanceId, done });
  }

  private async create(volume: Volume): Promise<void> {
    await this.files.open(volume);
    await this.report(volume.VolumeId, { State: 'available' });
  }

  private async grow(volume: Volume): Promise<void> {
    await this.files.open(volume);
    await this.held.get(volume.VolumeId)?.device.grow();
    await this.report(volume.VolumeId, { SizeGiB: volume.SizeGiB });
  }

  private async attach(volume: Volume, machine: KeptMachine): Promise<void> {
    if (!this.held.has(volume.VolumeId)) await this.hold(volume, machine);
    await this.report(volume.VolumeId, { State: 'attached' });
  }

  private async detach(volume: Volume, machine: KeptMachine): Promise<void> {
    await machine.detach(volume.VolumeId);
    await this.held.get(volume.VolumeId)?.device.detach();
    this.held.delete(volume.VolumeId);
    await this.report(volume.VolumeId, { State: 'detached' });
  }

  private async hold(volume: Volume, machine: KeptMachine): Promise<void> {
    const device = await LoopDevice.attach(await this.files.open(volume));
    this.held.set(volume.VolumeId, { instanceId: volume.InstanceId, device });
    await machine.attach({ volumeId: volume.VolumeId, device, askedName: volume.Device });
  }

  private async save(snapshot: Snapshot): Promise<void> {
    await this.files.save(snapshot);
    await this.report(snapshot.SnapshotId, { State: 'completed' });
  }

  /** The account says what becomes of it; a volume that could not be attached is available again. */
  private async fail(id: string, error: Error): Promise<void> {
    this.options.onTrouble(`${id}: ${error.message}`);
    await this.held.get(id)?.device.detach();
    this.held.delete(id);
    await this.report(id, { State: 'failed' }).catch(() => undefined);
  }

  private async report(id: string, body: object): Promise<void> {
    const kind = id.startsWith('snap-') ? 'snapshots' : 'volumes';
    await this.options.api.call('POST', `${kind}/${id}`, body).catch((error: unknown) => {
      // Meanwhile something else was asked of it; the next look says what.
      if (!(error instanceof Refusal)) throw error;
    });
  }
}

/** A snapshot that is being made needs its volume, even one that was deleted meanwhile. */
function wantedFiles(work: Work): Set<string> {
  const pending = work.Snapshots.filter(({ State }) => State === 'pending').map(({ VolumeId }) => VolumeId);
  const contents = [...work.Snapshots, ...work.Volumes.filter(({ State }) => State === 'creating')];
  return new Set([
    ...work.Volumes.map(({ VolumeId }) => VolumeId),
    ...pending,
    ...contents.map(({ Content }) => Content),
  ]);
}
