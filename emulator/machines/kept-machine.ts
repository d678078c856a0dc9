import { existsSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { AttachedVolume } from '../machine/block-devices';
import { TRUST_OF_THE_MACHINE } from '../machine/instance-files';
import { Machine } from '../machine/machine';
import type { Outcome } from '../machine/process';
import { type MachineFile, USER_DATA_LOG, USER_DATA_UNIT, userDataFiles } from './cloud-init';
import { type FrontDoor, PACKAGE_INDEX } from './front-door';
import type { Instance } from './instance';
import type { InstanceMetadata } from './instance-metadata';
import { MachineNetwork, networkFiles } from './machine-network';

const SHUT_DOWN_MS = 20_000;
const PORT_MS = 5_000;

export interface KeptMachineOptions {
  readonly instance: Instance;
  readonly metadata: InstanceMetadata;
  readonly door: FrontDoor;
  /** A folder for the machine's sockets; its path has to be short. */
  readonly sockets: string;
  /** A folder of this computer with what the account's file systems hold. */
  readonly fileSystems: string;
  readonly diskMiB: number;
  /** What the instance's image holds, beside the root file system that all machines have. */
  readonly layers: readonly string[];
  /** A file of this computer that the machine's boot log is written to whenever it goes off. */
  readonly log: string;
}

/** The machine that an instance is: made at its first start, gone at its end. */
export class KeptMachine {
  static async create(options: KeptMachineOptions): Promise<KeptMachine> {
    const { instance, door } = options;
    const network = await MachineNetwork.open(options.sockets, door, options.metadata);
    try {
      const account = {
        sockets: network.folder,
        hostNames: door.hasSlowPackages ? [PACKAGE_INDEX] : [],
        authority: door.authority,
        environment: TRUST_OF_THE_MACHINE,
      };
      const { diskMiB, fileSystems, layers } = options;
      const machine = await Machine.create({ name: instance.InstanceId, account, diskMiB, fileSystems, layers });
      for (const [path, file] of Object.entries(filesOf(options))) {
        machine.write(path, file.content, file.mode);
      }
      return new KeptMachine(machine, network, options);
    } catch (error) {
      network.close();
      throw error;
    }
  }

  private isNew = true;

  private constructor(
    private readonly machine: Machine,
    private readonly network: MachineNetwork,
    private readonly options: KeptMachineOptions,
  ) {}

  get metadata(): InstanceMetadata {
    return this.options.metadata;
  }

  /**
   * Boots the machine. The first time, until systemd has started everything but user data; later only until services begin
   * to start: as on AWS, one of them may wait for something that comes to a running instance alone.
   */
  async start(): Promise<void> {
    await (this.isNew ? this.machine.start() : this.machine.switchOn());
    this.isNew = false;
  }

  /** Begins to run user data, unless it has run before. Does not wait for it. */
  async runUserData(): Promise<void> {
    await this.machine.run(['systemctl', 'start', '--no-block', USER_DATA_UNIT]);
  }

  /** Shuts the machine down in order and boots it again. */
  async reboot(): Promise<void> {
    await this.machine.powerOff();
    await this.start();
  }

  /** What the machine did by itself since it was started. */
  get byItself(): Machine['byItself'] {
    return this.machine.byItself;
  }

  /** The processor time that the machine's programs used or waited for, in seconds since some moment. */
  processorSeconds(): number {
    return this.machine.processorSeconds();
  }

  /** Gives the machine a volume, on or off. */
  attach(volume: AttachedVolume): Promise<void> {
    return this.machine.attach(volume);
  }

  /** Takes a volume away that is not mounted, on or off. */
  detach(volumeId: string): Promise<void> {
    return this.machine.detach(volumeId);
  }

  /** Shuts the machine down in order; its disk stays. */
  async powerOff(): Promise<void> {
    await this.machine.powerOff();
    this.saveLog();
  }

  /** Saves what was written on the disk of the machine, which is off. */
  saveDisk(folder: string): Promise<void> {
    return this.machine.saveDisk(folder);
  }

  /** Shuts the machine down, in order if that is quick, and forgets its disk. */
  async destroy(): Promise<void> {
    await Promise.race([this.machine.powerOff(), sleep(SHUT_DOWN_MS, undefined, { ref: false })]);
    this.saveLog();
    await this.kill();
  }

  /** Ends the machine as a power cut would, and forgets its disk. */
  async kill(): Promise<void> {
    await this.machine.terminate();
    this.network.close();
  }

  /** Runs a script as root, as Run Command does. */
  shell(script: string): Promise<Outcome> {
    return this.machine.run(['sh', '-c', script], { timeoutMs: 3_600_000 });
  }

  /**
   * A connection to a port of the machine's own 127.0.0.1, or, for a `target`, of its address in its network. Throws when
   * the machine is off, or not up yet.
   */
  async connect(port: number, way: 'port' | 'target' = 'port'): Promise<Socket> {
    const path = join(this.network.folder, `${way}-${port}.sock`);
    const first = await connected(path).catch(() => undefined);
    if (first !== undefined) return first;
    const { status } = await this.machine.run(['systemctl', 'start', `account-${way}@${port}`]);
    if (status !== 0) throw new Error(`${this.options.instance.InstanceId} is not up yet, or any more`);
    for (const deadline = Date.now() + PORT_MS; !existsSync(path) && Date.now() < deadline;) await sleep(20);
    return connected(path);
  }

  private saveLog(): void {
    const log = this.machine.read(USER_DATA_LOG);
    if (log !== undefined) writeFileSync(this.options.log, log);
  }
}

function filesOf({ instance, door }: KeptMachineOptions): Record<string, MachineFile> {
  const slowPackages = { '/etc/pip.conf': { content: `[global]\nindex-url = https://${PACKAGE_INDEX}/simple\n` } };
  return {
    ...networkFiles(instance.PrivateIpAddress),
    ...userDataFiles(instance),
    ...(door.hasSlowPackages && slowPackages),
  };
}

function connected(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen: true }, () => resolve(socket.off('error', reject)));
    socket.once('error', reject);
  });
}
