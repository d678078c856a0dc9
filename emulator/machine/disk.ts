import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { must } from './process';

export interface DiskOptions {
  /** The folders the disk shows, the lowest first: a root file system, then what was saved on top of it. Never written. */
  readonly layers: readonly string[];
  /** How much can be written before the disk is full. */
  readonly sizeMiB: number;
}

const HOLD_NAMESPACES = [
  ...['--pdeathsig', 'KILL', 'unshare', '--mount', '--propagation', 'private'],
  ...['--pid', '--fork', '--kill-child', '--mount-proc'],
];

/**
 * A machine's disk: layers that are only read, and memory for what is written.
 *
 * Its mounts live in a mount namespace, and the machine's processes in a process namespace, that one small process holds.
 * The kernel ends it when this process ends, however it ends, and with it all of them. So nothing is left behind by a crash
 * but an empty folder.
 */
export class Disk {
  static async mount(options: DiskOptions): Promise<Disk> {
    const folder = mkdtempSync(join(tmpdir(), `tablesleuth-machine-${process.pid}-`));
    mkdirSync(join(folder, 'disk'));
    mkdirSync(join(folder, 'merged'));
    const lower = [...options.layers].reverse().join(':');
    const script = `
      mount -t tmpfs -o size=${options.sizeMiB}m,mode=0755 tmpfs "$1/disk"
      mkdir "$1/disk/upper" "$1/disk/work"
      mount -t overlay -o "lowerdir=$2,upperdir=$1/disk/upper,workdir=$1/disk/work" overlay "$1/merged"
      mkdir -p /run/systemd/nspawn && mount -t tmpfs tmpfs /run/systemd/nspawn
      echo mounted
      exec sleep infinity`;
    const command = ['sh', '-ec', script, 'sh', folder, lower];
    const holder = spawn('setpriv', [...HOLD_NAMESPACES, ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
    const disk = new Disk(folder, holder);
    process.once('exit', disk.removeFolder);
    await mounted(holder).catch(async (error: unknown) => {
      await disk.unmount();
      throw error;
    });
    disk.firstInNamespace = Number(readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8').trim());
    return disk;
  }

  private firstInNamespace = 0;

  private constructor(
    private readonly folder: string,
    private readonly holder: ChildProcess,
  ) {}

  /** The disk's root folder as programs inside the namespace see it. */
  get mountPoint(): string {
    return join(this.folder, 'merged');
  }

  /** The process that holds the namespaces: the first one in them. */
  get holderPid(): number {
    return this.firstInNamespace;
  }

  /** A folder beside the disk's files that lives as long as the disk does, as programs inside the namespace see it. */
  get besideIt(): string {
    return join(this.folder, 'disk');
  }

  /** A path on the disk, as this process can open it. */
  path(pathInMachine: string): string {
    return this.outside(join(this.mountPoint, pathInMachine));
  }

  /** A path inside the namespace, as this process can open it. */
  outside(path: string): string {
    return join(`/proc/${this.holderPid}/root`, path);
  }

  /** Copies everything that was written into a folder, which can be a layer of other disks. The machine must be off. */
  async save(folder: string): Promise<void> {
    await must(['cp', '--archive', `${this.outside(join(this.besideIt, 'upper'))}/.`, folder]);
  }

  /** Ends every process that runs on the disk, and forgets what was written. */
  async unmount(): Promise<void> {
    if (this.holder.exitCode === null && this.holder.signalCode === null) {
      const ended = new Promise((resolve) => this.holder.once('exit', resolve));
      this.holder.kill('SIGKILL');
      await ended;
    }
    process.off('exit', this.removeFolder);
    this.removeFolder();
  }

  private readonly removeFolder = (): void => {
    rmSync(this.folder, { recursive: true, force: true });
  };
}

function mounted(holder: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let problem = '';
    holder.stderr?.on('data', (data: Buffer) => (problem += data.toString()));
    holder.stdout?.once('data', () => resolve());
    holder.once('error', reject);
    holder.once('exit', () => reject(new Error(`could not mount a machine's disk: ${problem}`)));
  });
}
