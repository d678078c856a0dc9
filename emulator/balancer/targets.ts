import { Agent, request, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Target, TargetGroup, TargetHealth } from './description';

/** Opens a connection to an address and port of an instance's machine. */
export type Connect = (target: Target) => Promise<Duplex>;

interface Known {
  readonly target: Target;
  readonly agent: Agent;
  state: TargetHealth['State'];
  /** Answers of the same kind, one after the other. */
  streak: number;
  nextCheck: number;
  requests: number;
  /** When a deregistered target is cut off, in milliseconds since 1970. */
  drainsUntil: number;
}

/** Who gets a request. */
export interface Chosen {
  readonly target: Target;
  readonly agent: Agent;
  /** Says that the request is over. */
  readonly done: () => void;
}

export interface TargetsOptions {
  readonly connect: Connect;
  readonly report: (health: TargetHealth) => void;
}

/** The targets of one target group: which of them are well, and who of them gets a request. */
export class Targets {
  private readonly known = new Map<string, Known>();
  private turn = 0;

  constructor(private readonly options: TargetsOptions) {}

  /** Takes up who is registered now, and asks those for their health whose time it is. */
  seeTo(group: TargetGroup, now = Date.now()): void {
    const registered = new Set(group.Targets.map(({ InstanceId }) => InstanceId));
    for (const known of this.known.values())
      if (!registered.has(known.target.InstanceId)) this.drain(known, group, now);
    for (const target of group.Targets) {
      const known = this.known.get(target.InstanceId) ?? this.add(target, group);
      if (known.state === 'draining') this.enter(known, group, 'initial');
      if (known.nextCheck > now) continue;
      known.nextCheck = now + group.HealthCheckIntervalSeconds * 1000;
      void this.check(known, group);
    }
  }

  /** Who gets a request: the target of its cookie, else the next one that is well, else any; undefined: there is none. */
  choose(sticky: string | undefined): Chosen | undefined {
    const all = [...this.known.values()];
    const well = all.filter(({ state }) => state === 'healthy');
    // As on AWS: where nobody is well, everybody gets requests, but for those that have not been asked yet.
    const able = well.length > 0 ? well : all.filter(({ state }) => state === 'unhealthy');
    const known =
      able.find(({ target }) => target.InstanceId === sticky) ?? able[this.turn++ % Math.max(able.length, 1)];
    if (known === undefined) return undefined;
    known.requests++;
    return { target: known.target, agent: known.agent, done: () => void known.requests-- };
  }

  close(): void {
    for (const { agent } of this.known.values()) agent.destroy();
    this.known.clear();
  }

  /** A deregistered target gets nothing new, and time for what it has begun. */
  private drain(known: Known, group: TargetGroup, now: number): void {
    if (known.state !== 'draining') {
      known.drainsUntil = now + group.DrainSeconds * 1000;
      this.enter(known, group, 'draining');
    }
    if (known.requests > 0 && now < known.drainsUntil) return;
    known.agent.destroy();
    this.known.delete(known.target.InstanceId);
    this.enter(known, group, 'unused');
  }

  private add(target: Target, group: TargetGroup): Known {
    const agent = new Agent({ keepAlive: true, maxSockets: 128 });
    agent.createConnection = (_options, callback) => {
      this.options.connect(target).then(
        (socket) => callback?.(null, socket),
        (error: Error) => callback?.(error, undefined as unknown as Duplex),
      );
      return undefined;
    };
    const known: Known = { target, agent, state: 'initial', streak: 0, nextCheck: 0, requests: 0, drainsUntil: 0 };
    this.known.set(target.InstanceId, known);
    this.enter(known, group, 'initial');
    return known;
  }

  private async check(known: Known, group: TargetGroup): Promise<void> {
    const outcome = await healthOf(known, group);
    // Meanwhile it may have been deregistered.
    if (this.known.get(known.target.InstanceId) !== known || known.state === 'draining') return;
    const isWell = outcome === '200';
    if (isWell === (known.state === 'healthy') && known.state !== 'initial') {
      known.streak = 0;
      return;
    }
    known.streak++;
    // A new target needs one good answer, as on AWS.
    const needed = isWell && known.state === 'initial' ? 1 : thresholdOf(group, isWell);
    if (known.streak < needed) return;
    this.enter(known, group, isWell ? 'healthy' : 'unhealthy', isWell ? '' : `Health checks failed: ${outcome}`);
  }

  private enter(known: Known, group: TargetGroup, state: TargetHealth['State'], description = ''): void {
    known.state = state;
    known.streak = 0;
    const { TargetGroupArn } = group;
    const { InstanceId } = known.target;
    this.options.report({ TargetGroupArn, InstanceId, State: state, Description: description });
  }
}

function thresholdOf(group: TargetGroup, isWell: boolean): number {
  return isWell ? group.HealthyThresholdCount : group.UnhealthyThresholdCount;
}

function healthOf({ agent, target }: Known, group: TargetGroup): Promise<string> {
  const headers = { host: `${target.Address}:${target.Port}`, 'user-agent': 'ELB-HealthChecker/2.0' };
  const timeout = AbortSignal.timeout(group.HealthCheckTimeoutSeconds * 1000);
  return send(agent, { method: 'GET', path: group.HealthCheckPath, headers, signal: timeout }).then(
    (answer) => {
      answer.resume();
      return String(answer.statusCode);
    },
    (error: Error) => error.message,
  );
}

/** A request without a body; resolves when the head of the answer is there. */
function send(
  agent: Agent,
  options: { method: string; path: string; headers: OutgoingHttpHeaders; signal: AbortSignal },
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ ...options, agent })
      .once('response', resolve)
      .once('error', reject)
      .end();
  });
}
