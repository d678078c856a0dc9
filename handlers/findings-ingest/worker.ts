import { DatabaseAway } from '../findings/database';
import { type Arrived, arrivedIn } from '../findings/ingestion';
import { type Arrival, arrivalIn } from './arrival';

/** A message that this worker has for some minutes. */
export interface Message {
  readonly id: string;
  readonly body: string;
  /** What it is removed by. */
  readonly receipt: string;
}

/** The queue of arrivals. */
export interface Arrivals {
  /** Waits some seconds for messages. */
  receive(): Promise<readonly Message[]>;
  remove(messages: readonly Message[]): Promise<void>;
  /** Gives this worker more time for them. */
  keep(messages: readonly Message[]): Promise<void>;
  /** Lets another worker have them at once. */
  giveBack(messages: readonly Message[]): Promise<void>;
}

export interface WorkerPorts {
  readonly bucket: string;
  readonly arrivals: Arrivals;
  readonly read: (arrival: Arrival) => Promise<Uint8Array>;
  /** Records what is not recorded yet, and returns how many that were. */
  readonly record: (arrived: readonly Arrived[]) => Promise<number>;
  readonly log: (line: Readonly<Record<string, string | number>>) => void;
  /** Waits, at most until the signal is given. */
  readonly pause: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

interface Read extends Arrived {
  readonly message: Message;
}

const AGAIN_AFTER_MS = 2_000;

/** Takes findings in until the signal is given, and then ends what it has in hand. */
export async function work(ports: WorkerPorts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const messages = await ports.arrivals.receive();
    if (messages.length > 0) await takeIn(messages, ports, signal);
  }
}

/**
 * A message is removed when its finding is recorded, never before: whatever happens between, it comes again, and a finding
 * that is recorded already is not recorded again. One that cannot be taken in stays, and holds up no other.
 */
async function takeIn(messages: readonly Message[], ports: WorkerPorts, signal: AbortSignal): Promise<void> {
  const read = (await Promise.all(messages.map((message) => readOrLeave(message, ports)))).flat();
  const taken = await recordWhenever(read, ports, signal);
  if (taken.length > 0) await ports.arrivals.remove(taken.map(({ message }) => message));
}

async function readOrLeave(message: Message, ports: WorkerPorts): Promise<Read[]> {
  try {
    const bytes = await ports.read(arrivalIn(message.body, ports.bucket));
    return [{ message, ...arrivedIn(bytes) }];
  } catch (error) {
    leave(message, error, ports);
    return [];
  }
}

/** A database that is away is waited for with the messages in hand: an attempt is for what is wrong with a message. */
async function recordWhenever(read: readonly Read[], ports: WorkerPorts, signal: AbortSignal): Promise<Read[]> {
  for (;;) {
    try {
      return await recordAll(read, ports);
    } catch (error) {
      if (!(error instanceof DatabaseAway)) throw error;
      ports.log({ event: 'waiting', reason: error.message });
    }
    const messages = read.map(({ message }) => message);
    if (signal.aborted) {
      await ports.arrivals.giveBack(messages);
      return [];
    }
    await ports.arrivals.keep(messages);
    await ports.pause(AGAIN_AFTER_MS, signal);
  }
}

/** All at once, and one by one when the database refuses something that is in them. */
async function recordAll(read: readonly Read[], ports: WorkerPorts): Promise<Read[]> {
  if (read.length === 0) return [];
  try {
    ports.log({ event: 'recorded', new: await ports.record(read), of: read.length });
    return [...read];
  } catch (error) {
    if (error instanceof DatabaseAway) throw error;
    const [only] = read;
    if (read.length === 1 && only !== undefined) {
      leave(only.message, error, ports);
      return [];
    }
  }
  const taken: Read[] = [];
  for (const one of read) taken.push(...(await recordAll([one], ports)));
  return taken;
}

/** It comes again some minutes later, and after five times goes to the queue of what could not be taken in. */
function leave(message: Message, error: unknown, ports: WorkerPorts): void {
  ports.log({ event: 'left', message: message.id, reason: error instanceof Error ? error.message : String(error) });
}
