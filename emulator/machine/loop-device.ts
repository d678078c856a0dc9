import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const FREE_WITHIN_MS = 10_000;

/**
 * A file that is a block device of this computer. A small process holds it, which ends with this process, however this
 * process ends; the kernel frees the device then, once nothing has it mounted or open.
 */
export class LoopDevice {
  static async attach(file: string): Promise<LoopDevice> {
    const program = join(__dirname, 'loop_device.py');
    const holder = spawn('setpriv', ['--pdeathsig', 'KILL', 'python3', program, file]);
    holder.stdin.on('error', () => undefined);
    let problem = '';
    holder.stderr.on('data', (data: Buffer) => (problem += data.toString()));
    const lines: AsyncIterator<string, undefined> = createInterface({ input: holder.stdout })[Symbol.asyncIterator]();
    const { value: path } = await lines.next();
    if (path === undefined) {
      throw new Error(`this computer gives no block device: ${problem.trim().split('\n').pop()}`);
    }
    return new LoopDevice(path, realpathSync(file), holder, lines);
  }

  private constructor(
    /** Such as /dev/loop0. */
    readonly path: string,
    private readonly file: string,
    private readonly holder: ChildProcessWithoutNullStreams,
    private readonly answers: AsyncIterator<string>,
  ) {}

  /** The kernel's name of it, such as loop0. */
  get kernelName(): string {
    return basename(this.path);
  }

  /** Major and minor number, such as 7:0. */
  get number(): string {
    return readFileSync(`/sys/block/${this.kernelName}/dev`, 'utf8').trim();
  }

  /** Makes the device as big as its file is now, in use or not. */
  async grow(): Promise<void> {
    this.holder.stdin.write('\n');
    const { done } = await this.answers.next();
    if (done) throw new Error(`${this.path} did not grow`);
  }

  /** Whether it is mounted anywhere. */
  isMounted(): boolean {
    try {
      closeSync(openSync(this.path, constants.O_RDONLY | constants.O_EXCL));
      return false;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EBUSY') return true;
      throw error;
    }
  }

  /** Gives the device back, and waits until the kernel has written everything and freed it. */
  async detach(): Promise<void> {
    this.holder.kill('SIGKILL');
    const deadline = Date.now() + FREE_WITHIN_MS;
    while (this.hasFile()) {
      if (Date.now() > deadline) throw new Error(`something goes on using ${this.path}`);
      await sleep(20);
    }
  }

  private hasFile(): boolean {
    try {
      return readFileSync(`/sys/block/${this.kernelName}/loop/backing_file`, 'utf8').startsWith(this.file);
    } catch {
      return false; // It has none, or is gone itself.
    }
  }
}
