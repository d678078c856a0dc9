import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { type AttachedVolume, BlockDevices, blockDeviceFiles } from './block-devices';
import { Disk } from './disk';
import { instanceFiles, type Account } from './instance-files';
import { ProcessorTime } from './processor-time';
import { must, run, type Outcome, type RunOptions } from './process';
import { machineRoot, WHEELS_IN_MACHINE } from './root';
import { wheels } from './wheels';

export interface MachineOptions {
  /** The machine's host name: letters, digits and hyphens. */
  readonly name: string;
  /** What answers when the machine calls AWS, GitHub or its instance metadata. */
  readonly account: Account;
  /**
   * Folders that `Machine.saveDisk` wrote, the lowest first.
   * @default - none: a machine on which nothing was installed
   */
  readonly layers?: readonly string[];
  /** @default 4096 */
  readonly diskMiB?: number | undefined;
  /**
   * A folder of this computer that the machine's mount helper binds from: what file systems hold.
   * @default - none: nothing can be mounted with `mount -t efs`
   */
  readonly fileSystems?: string;
}

const BOOT_MS = 60_000;
const POWER_OFF_MS = 150_000;
/** systemd-nspawn's exit code when its machine reboots, and somebody else is to start it again. */
const REBOOTS = 133;

/** Root's environment in the machine: none of this process's own variables go in. */
const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
};

/**
 * Runs the words after it in the root folder. The shell itself stays outside of the machine's process namespace, and waits.
 * nsenter's own parent would not do: it stops when its child is stopped, as everything is in a machine that shuts down,
 * never learns that the child was killed then, and so keeps the machine from ending.
 */
const IN_ITS_ROOT = ['sh', '-c', 'cd / && "$@"; exit $?', 'sh'];

/**
 * A computer with its own systemd, disk and network, which stands where an EC2 instance would. systemd-nspawn runs it.
 *
 * It has no network at all: the host names of `account` lead to that account's unix sockets, everything else fails.
 * Booting takes about a second. It ends with this process, however this process ends.
 */
export class Machine {
  /** Makes a machine that is switched off. The first one on a computer also builds the root file system (1 to 2 minutes). */
  static async create(options: MachineOptions): Promise<Machine> {
    const [root, wheelFolder] = await Promise.all([machineRoot(), wheels()]);
    const disk = await Disk.mount({ layers: [root, ...(options.layers ?? [])], sizeMiB: options.diskMiB ?? 4096 });
    const machine = new Machine(options, disk, wheelFolder);
    const files = { ...instanceFiles(options.name, options.account), ...blockDeviceFiles() };
    for (const [path, content] of Object.entries(files)) {
      machine.write(path, content);
    }
    machine.write('/etc/machine-id', `${randomBytes(16).toString('hex')}\n`);
    const bundle = '/etc/ssl/certs/ca-certificates.crt';
    machine.write(bundle, readFileSync(disk.path(bundle), 'utf8') + options.account.authority);
    return machine;
  }

  private readonly blockDevices: BlockDevices;
  private readonly processorTime = new ProcessorTime();
  private container: ChildProcess | undefined;
  private leader = 0;
  private consoleText = '';

  private constructor(
    private readonly options: MachineOptions,
    private readonly disk: Disk,
    private readonly wheelFolder: string,
  ) {
    const folder = join(disk.besideIt, 'block-devices');
    this.blockDevices = new BlockDevices(disk.outside(folder), folder);
  }

  /** Switches the machine on and waits until systemd has started everything that is enabled, whether that worked or not. */
  async start(): Promise<void> {
    await this.switchOn();
    await this.run(['systemctl', 'is-system-running', '--wait']);
  }

  /** Switches the machine on and waits until its services begin to start, which some of them may take long to do. */
  async switchOn(): Promise<void> {
    const container = spawn('setpriv', ['--pdeathsig', 'KILL', ...this.bootCommand()], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.container = container;
    this.consoleText = '';
    const keep = (data: Buffer): void => {
      this.consoleText = (this.consoleText + data.toString()).slice(-10_000);
    };
    container.stdout.on('data', keep);
    container.stderr.on('data', keep);
    const deadline = Date.now() + BOOT_MS;
    while (!(await this.beginsServices())) {
      if (container.exitCode !== null || Date.now() > deadline) {
        throw new Error(`the machine ${this.options.name} did not boot. Its console said:\n${this.consoleText}`);
      }
      await sleep(30);
    }
  }

  /** Runs a program as root in the running machine. A failing program is an outcome, not an exception. */
  run(command: readonly string[], options: Omit<RunOptions, 'environment'> = {}): Promise<Outcome> {
    const enter = [
      'nsenter',
      '--target',
      String(this.leader),
      '--mount',
      '--uts',
      '--ipc',
      '--net',
      '--pid',
      '--no-fork',
    ];
    return run([...enter, '--', ...IN_ITS_ROOT, ...command], {
      ...options,
      environment: { ...ENVIRONMENT, ...this.options.account.environment },
    });
  }

  /** Runs lines of bash in the machine and gives what they print. Throws when they fail. */
  async shell(script: string, options: Omit<RunOptions, 'environment'> = {}): Promise<string> {
    const outcome = await this.run(['bash', '-euo', 'pipefail', '-c', script], options);
    if (outcome.status !== 0) {
      throw new Error(
        `in ${this.options.name}, exit code ${outcome.status}: ${script}\n${outcome.stderr}${outcome.stdout}`,
      );
    }
    return outcome.stdout.trim();
  }

  /** Writes a file on the machine's disk, on or off. Not for paths below /run, /tmp or /dev. */
  write(path: string, content: string, mode = 0o644): void {
    const target = this.disk.path(path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content, { mode });
  }

  /** Copies a folder of this computer onto the machine's disk, replacing what was there. Execute permissions are lost, as in a zip. */
  async copyIn(folder: string, path: string): Promise<void> {
    const target = this.disk.path(path);
    await must(['rm', '--recursive', '--force', target]);
    mkdirSync(dirname(target), { recursive: true });
    await must(['cp', '--recursive', '--no-preserve=all', folder, target]);
  }

  /** What a file on the machine's disk holds, on or off; undefined when there is none. */
  read(path: string): string | undefined {
    return existsSync(this.disk.path(path)) ? readFileSync(this.disk.path(path), 'utf8') : undefined;
  }

  get isOn(): boolean {
    return this.container !== undefined && this.container.exitCode === null && this.container.signalCode === null;
  }

  /** What a machine that nobody switched off did by itself: it went off, or wants to boot again. Undefined: neither. */
  get byItself(): 'went off' | 'reboots' | undefined {
    if (this.container === undefined || this.isOn) return undefined;
    return this.container.exitCode === REBOOTS ? 'reboots' : 'went off';
  }

  /** The processor time that the machine's programs used or waited for, in seconds since this was asked first. */
  processorSeconds(): number {
    return this.processorTime.look(this.leader);
  }

  /** Gives the machine a block device, on or off. Not while it boots or shuts down. */
  async attach(volume: AttachedVolume): Promise<void> {
    await this.changeDevices(this.blockDevices.add(volume));
  }

  /** Takes a block device away that is not mounted, on or off. Not while it boots or shuts down. */
  async detach(volumeId: string): Promise<void> {
    await this.changeDevices(this.blockDevices.remove(volumeId));
  }

  /** Shuts the machine down in order. Its disk stays as it is; `start` boots it again. */
  async powerOff(): Promise<void> {
    const { container } = this;
    if (container === undefined || !this.isOn) {
      this.container = undefined;
      return;
    }
    const ended = new Promise((resolve) => container.once('exit', resolve));
    const timer = setTimeout(() => process.kill(this.leader, 'SIGKILL'), POWER_OFF_MS);
    // Not waited for: the program that asks may end with the machine, or not at all.
    void this.run(['systemctl', 'poweroff'], { timeoutMs: POWER_OFF_MS });
    await ended;
    clearTimeout(timer);
    this.container = undefined;
  }

  /** Saves what was written on the disk as a layer for other machines. The machine must be off. Takes a second or two. */
  saveDisk(folder: string): Promise<void> {
    return this.disk.save(folder);
  }

  /** Ends the machine at once, as a power cut would, and forgets its disk. */
  async terminate(): Promise<void> {
    await this.disk.unmount();
    this.container = undefined;
  }

  /** The script runs with this computer's rights, which a machine's own programs lack: they may make no device. */
  private async changeDevices(script: string): Promise<void> {
    if (this.isOn) await this.shell(script);
  }

  private bootCommand(): string[] {
    return [
      ...['nsenter', '--target', String(this.disk.holderPid), '--mount', '--pid', '--'],
      ...[
        'systemd-nspawn',
        '--quiet',
        '--boot',
        '--register=no',
        '--keep-unit',
        '--private-network',
        '--link-journal=no',
      ],
      ...['--resolv-conf=off', '--timezone=off', '--console=pipe', `--machine=${this.options.name}-${process.pid}`],
      ...[`--hostname=${this.options.name}`, `--directory=${this.disk.mountPoint}`],
      ...[`--bind=${this.options.account.sockets}:/run/account`, `--bind-ro=${this.wheelFolder}:${WHEELS_IN_MACHINE}`],
      ...(this.options.fileSystems === undefined ? [] : [`--bind=${this.options.fileSystems}:/run/file-systems`]),
      ...this.blockDevices.bootOptions(),
      // Computers that still have the first version of control groups need this; others ignore it.
      'SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1',
    ];
  }

  private async beginsServices(): Promise<boolean> {
    return this.systemdListens() && (await this.run(['systemctl', 'is-active', 'basic.target'])).status === 0;
  }

  /** Whether systemd answers already. nsenter's child is systemd-nspawn, and that one's child is the machine's first process. */
  private systemdListens(): boolean {
    this.leader = firstChild(firstChild(this.container?.pid ?? 0));
    return this.leader > 0 && existsSync(`/proc/${this.leader}/root/run/systemd/private`);
  }
}

/** The first child of a process, or 0 when it has none, or when it is gone itself. */
function firstChild(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0]);
  } catch {
    return 0;
  }
}
