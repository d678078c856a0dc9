import { availableParallelism } from 'node:os';

import type { InternalApi } from '../internal-api';
import type { Instance } from './instance';
import type { KeptMachine } from './kept-machine';

const EVERY_MS = 2_000;

interface Look {
  readonly at: number;
  readonly seconds: number;
}

/** Measures how much of its processors each machine uses whose group goes by it, and tells the account every two seconds. */
export class ProcessorUse {
  private readonly looks = new Map<string, Look>();
  private readonly percents = new Map<string, number>();
  private due = 0;

  constructor(private readonly api: InternalApi) {}

  /** The last figure of an instance's machine, in percent; undefined when nobody measures it. */
  percentOf(instanceId: string): number | undefined {
    return this.percents.get(instanceId);
  }

  /** To be called often: measures when it is time to. */
  async seeTo(
    instances: readonly Instance[],
    machineOf: (id: string) => KeptMachine | undefined,
    now = performance.now(),
  ): Promise<void> {
    if (now < this.due) return;
    this.due = now + EVERY_MS;
    const measured = instances.filter(({ IsMeasured, State }) => IsMeasured && State === 'running');
    for (const { InstanceId } of measured) this.measure(InstanceId, machineOf(InstanceId), now);
    // What is measured anew next time; an account that is ending needs no figures.
    if (measured.length > 0) {
      await this.api.call('POST', 'processor-use', Object.fromEntries(this.percents)).catch(() => undefined);
    }
  }

  private measure(instanceId: string, machine: KeptMachine | undefined, at: number): void {
    if (machine === undefined) return;
    const seconds = machine.processorSeconds();
    const last = this.looks.get(instanceId);
    this.looks.set(instanceId, { at, seconds });
    if (last === undefined) return;
    const share = (seconds - last.seconds) / (((at - last.at) / 1000) * availableParallelism());
    this.percents.set(instanceId, Math.min(100, 100 * share));
  }
}
