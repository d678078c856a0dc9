import { setTimeout as sleep } from 'node:timers/promises';

import type { ImageFiles } from './image-files';
import type { Command, Instance, PendingImage, Work } from './instance';
import { type InternalApi, Refusal } from '../internal-api';
import type { KeptMachine } from './kept-machine';
import type { ProcessorUse } from './processor-use';
import type { Volumes } from './volumes';

const POLL_MS = 250;
const PAUSE_AFTER_LOSS_MS = 5_000;

export interface KeeperOptions {
  readonly api: InternalApi;
  readonly create: (instance: Instance) => Promise<KeptMachine>;
  readonly volumes: Volumes;
  readonly images: ImageFiles;
  readonly processorUse: ProcessorUse;
  /** Told what went wrong with a machine, in a line of text. */
  readonly onTrouble: (line: string) => void;
}

/**
 * Keeps a machine for each instance: asks the account every quarter of a second which instances there are, brings each
 * machine to where its instance's state says, and reports when it is there.
 */
export class Keeper {
  private readonly machines = new Map<string, KeptMachine>();
  private readonly busy = new Map<string, Promise<void>>();
  private readonly begun = new Set<number>();
  private readonly reboots = new Map<string, number>();
  private readonly stopping = new AbortController();
  private polling: Promise<void> | undefined;

  constructor(private readonly options: KeeperOptions) {}

  start(): void {
    this.polling = this.poll();
  }

  /** Ends every machine at once. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.polling;
    // First those that are here: what is busy with one may wait for it to shut down, which can take minutes.
    await this.killAll();
    await Promise.allSettled(this.busy.values());
    await this.killAll();
    this.machines.clear();
    await this.options.volumes.stop();
    this.options.images.remove();
  }

  private async killAll(): Promise<void> {
    await Promise.all([...this.machines.values()].map((machine) => machine.kill()));
  }

  /** The machine of an instance, or undefined when it has none. */
  machine(instanceId: string): KeptMachine | undefined {
    return this.machines.get(instanceId);
  }

  private async poll(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      // An account that is busy, or ending, is asked again.
      const work = await this.options.api.call<Work>('GET', 'machines').catch(() => undefined);
      if (work !== undefined && !this.stopping.signal.aborted) this.seeTo(work);
      await this.pause(POLL_MS);
    }
  }

  /** Keeps no process alive, and ends early when all of this does. */
  private async pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { ref: false, signal: this.stopping.signal }).catch(() => undefined);
  }

  private seeTo(work: Work): void {
    for (const instance of work.Instances) {
      const task = this.isFree(instance.InstanceId) ? this.task(instance, work) : undefined;
      if (task !== undefined) this.begin(instance.InstanceId, task);
    }
    for (const image of work.Images.filter(({ InstanceId }) => this.isFree(InstanceId))) {
      this.begin(image.InstanceId, () => this.save(image));
    }
    const known = new Set(work.Instances.map(({ InstanceId }) => InstanceId));
    for (const instanceId of this.machines.keys()) {
      if (!known.has(instanceId) && this.isFree(instanceId)) this.begin(instanceId, () => this.end(instanceId));
    }
    this.options.volumes.seeTo(work, (instanceId) =>
      this.busy.has(instanceId) ? undefined : this.machines.get(instanceId),
    );
    this.tellOfGroups(work.Instances);
    void this.options.processorUse.seeTo(work.Instances, (instanceId) => this.machines.get(instanceId));
    for (const command of work.Commands) if (!this.begun.has(command.Id)) void this.run(command);
  }

  private tellOfGroups(instances: readonly Instance[]): void {
    for (const { InstanceId, TargetLifecycleState } of instances) {
      const machine = this.machines.get(InstanceId);
      if (machine !== undefined) machine.metadata.targetLifecycleState = TargetLifecycleState;
    }
  }

  private isFree(instanceId: string): boolean {
    return !this.busy.has(instanceId) && !this.options.volumes.isBusyWith(instanceId);
  }

  private task(instance: Instance, work: Work): (() => Promise<void>) | undefined {
    const { InstanceId } = instance;
    switch (instance.State) {
      case 'pending':
        return () => this.boot(instance, work);
      case 'running':
        return this.taskOfRunning(instance);
      case 'stopping':
        return () => this.powerOff(InstanceId);
      case 'shutting-down':
        return () => this.end(InstanceId).then(() => this.report(InstanceId, 'terminated'));
      default:
        return undefined;
    }
  }

  private taskOfRunning({ InstanceId, Reboots }: Instance): (() => Promise<void>) | undefined {
    const machine = this.machines.get(InstanceId);
    if (machine === undefined) return undefined;
    if (machine.byItself === 'went off') return () => this.powerOff(InstanceId);
    if (machine.byItself === 'reboots') return () => machine.start();
    if (Reboots === (this.reboots.get(InstanceId) ?? 0)) return undefined;
    this.reboots.set(InstanceId, Reboots);
    return () => machine.reboot();
  }

  private begin(instanceId: string, task: () => Promise<void>): void {
    const done = task()
      .catch((error: Error) => this.lose(instanceId, error))
      .finally(() => this.busy.delete(instanceId));
    this.busy.set(instanceId, done);
  }

  private async boot(instance: Instance, work: Work): Promise<void> {
    const { InstanceId } = instance;
    const machine = this.machines.get(InstanceId) ?? (await this.options.create(instance));
    this.machines.set(InstanceId, machine);
    await this.options.volumes.attachAll(work, InstanceId, machine);
    await machine.start();
    await this.report(InstanceId, 'running');
    await machine.runUserData();
  }

  private async powerOff(instanceId: string): Promise<void> {
    await this.machines.get(instanceId)?.powerOff();
    await this.report(instanceId, 'stopped');
  }

  /** The account says what becomes of an image that cannot be made; the machine is as good as before. */
  private async save({ ImageId, InstanceId }: PendingImage): Promise<void> {
    const machine = this.machines.get(InstanceId);
    const State = await this.options.images
      .save(ImageId, (folder) => machine?.saveDisk(folder) ?? Promise.reject(new Error('its machine is gone')))
      .then(
        () => 'available',
        (error: Error) => {
          this.options.onTrouble(`the image ${ImageId} of ${InstanceId} could not be made: ${error.message}`);
          return 'failed';
        },
      );
    await this.options.api.call('POST', `images/${ImageId}`, { State });
  }

  private async end(instanceId: string): Promise<void> {
    await this.machines.get(instanceId)?.destroy();
    await this.forget(instanceId);
  }

  private async forget(instanceId: string): Promise<void> {
    await this.options.volumes.release(instanceId);
    this.machines.delete(instanceId);
    this.reboots.delete(instanceId);
  }

  /** A machine that cannot go on is terminated, as AWS does with an instance of its own that fails. */
  private async lose(instanceId: string, error: Error): Promise<void> {
    this.options.onTrouble(`the machine of ${instanceId} is lost: ${error.message}`);
    await this.machines.get(instanceId)?.kill();
    await this.forget(instanceId);
    // A group launches another one at once: without a pause, a computer that can boot none would do nothing else.
    await this.pause(PAUSE_AFTER_LOSS_MS);
    await this.report(instanceId, 'terminated').catch(() => undefined);
  }

  private async report(instanceId: string, State: string): Promise<void> {
    await this.options.api.call('POST', `machines/${instanceId}`, { State }).catch((error: unknown) => {
      // Meanwhile the instance was told to do something else; the next look says what.
      if (!(error instanceof Refusal)) throw error;
    });
  }

  private async run(command: Command): Promise<void> {
    this.begun.add(command.Id);
    const machine = this.machines.get(command.InstanceId);
    const outcome = (await machine?.shell(command.Script)) ?? { status: 255, stdout: '', stderr: 'no machine' };
    const report = { ExitCode: outcome.status, StandardOutput: outcome.stdout, StandardError: outcome.stderr };
    await this.options.api.call('POST', `commands/${command.Id}`, report).catch(() => undefined);
  }
}
