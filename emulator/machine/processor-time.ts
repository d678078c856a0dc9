import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const NANOSECONDS = 1e9;

/**
 * Adds up the processor time of a machine's programs: what they used, and what they had to wait for because other programs
 * of this computer had the processors. Without the waiting, a machine on a busy computer would seem to have nothing to do.
 */
export class ProcessorTime {
  private readonly known = new Map<string, number>();
  private seconds = 0;

  /**
   * Seconds since the first look. Of a program that ended between two looks the time since the last one is missing.
   *
   * @param leader the machine's first process
   */
  look(leader: number): number {
    const isFirst = this.known.size === 0;
    const machine = link(`/proc/${leader}/ns/pid`);
    const tasks = machine === '' ? new Map<string, number>() : tasksIn(machine);
    for (const [task, total] of tasks) {
      if (!isFirst) this.seconds += Math.max(0, total - (this.known.get(task) ?? 0));
    }
    this.known.clear();
    tasks.forEach((total, task) => this.known.set(task, total));
    return this.seconds;
  }
}

/** The threads of a process namespace, and the seconds that each has used or waited for. */
function tasksIn(namespace: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const pid of entries('/proc').filter((name) => /^\d+$/.test(name))) {
    if (link(`/proc/${pid}/ns/pid`) !== namespace) continue;
    for (const task of entries(`/proc/${pid}/task`)) {
      const [used = 0, waited = 0] = read(`/proc/${pid}/task/${task}/schedstat`).split(' ').map(Number);
      found.set(task, (used + waited) / NANOSECONDS);
    }
  }
  return found;
}

function entries(folder: string): string[] {
  return orNothing(() => readdirSync(folder), []);
}

function link(path: string): string {
  return orNothing(() => readlinkSync(path), '');
}

function read(path: string): string {
  return orNothing(() => readFileSync(path, 'utf8'), '');
}

/** A process may end at any moment, and its files with it. */
function orNothing<Found>(look: () => Found, nothing: Found): Found {
  try {
    return look();
  } catch {
    return nothing;
  }
}
