import { setTimeout } from 'node:timers/promises';
import type { InternalApi } from './internal-api';

const POLL_MS = 50;

/** A call that a schedule made. */
export interface ScheduledCall {
  readonly Schedule: string;
  /** The time that it was due at, in UTC. */
  readonly Time: string;
  readonly Target: string;
  /** What the target answered, when it refused. */
  readonly Error?: string;
}

interface Clock {
  readonly Passing: boolean;
  readonly Called: readonly ScheduledCall[];
}

/** Sets the scheduler's clock, waits until it is there, and returns what was called meanwhile. */
export async function passTime(api: InternalApi, until: Date): Promise<readonly ScheduledCall[]> {
  let clock = await api.call<Clock>('PUT', 'clock', { time: until.toISOString() });
  const before = clock.Called.length;
  while (clock.Passing) {
    await setTimeout(POLL_MS);
    clock = await api.call<Clock>('GET', 'clock');
  }
  return clock.Called.slice(before);
}
