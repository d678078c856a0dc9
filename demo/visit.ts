import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import {
  backgroundIsGone,
  LOG,
  reachBackground,
  startBackground,
  type StartedBackground,
  stopBackground,
} from './background-process';
import type { Page } from './booted-account';
import type { Answer, CommandChannel, DeployRequest } from './channel';
import { DemoError } from './deployment';
import type { ReadBack } from './read-back';

const ANSWERS_WITHIN_MS = 10_000;
const STARTS_WITHIN_MS = 30_000;

type Found = ReadBack & Page;

/** How a conversation with the background went; `lost`: it ended, or hangs. */
type Outcome = { readonly found: Found } | { readonly lost: 'unfit' | 'deaf' | 'ended' };

export interface VisitOptions {
  readonly request: DeployRequest;
  readonly progress: (line: string) => void;
  /** Shows what was found. Whoever ends this process before it is through ends the background as well. */
  readonly show: (found: Found) => void;
}

/** Deploys in the background that runs, or in one that is started, and leaves it running. */
export class Visit {
  private channel: CommandChannel | undefined;
  private started: StartedBackground | undefined;
  /** Whether the background ends with this command. */
  private isWorkedFor = false;
  private isAbandoned = false;

  constructor(private readonly options: VisitOptions) {}

  async run(): Promise<void> {
    for (;;) {
      const running = await reachBackground();
      const outcome = running === undefined ? await this.withNew() : await this.withRunning(running);
      if (outcome !== undefined && 'found' in outcome) return this.leave(outcome.found);
    }
  }

  /** Ends the background, if it works for this command, and waits until nothing is left. */
  async abandon(): Promise<void> {
    this.isAbandoned = true;
    void this.channel?.close();
    await this.started?.gaveWay;
    if (this.isWorkedFor) await backgroundIsGone();
  }

  private async withRunning(channel: CommandChannel): Promise<Outcome> {
    const { progress } = this.options;
    const outcome = await this.converse(channel);
    if ('found' in outcome) return outcome;
    if (outcome.lost === 'ended') progress('The demo that was running has ended: starting a new one');
    else {
      if (outcome.lost === 'deaf') progress('The running demo does not answer');
      progress('Taking the running demo down, and starting a new one');
      await stopBackground();
    }
    return outcome;
  }

  private async withNew(): Promise<Outcome | undefined> {
    this.isWorkedFor = true;
    this.started = startBackground();
    const outcome = await this.converse(this.started.channel);
    if ('found' in outcome) return outcome;
    if (await this.started.gaveWay) return this.waitForOther();
    const said = readFileSync(LOG, 'utf8').trimEnd().split('\n').slice(-10).join('\n');
    throw new DemoError(`The demo’s background process has ended. Its log (${LOG}) ends:\n${said}`);
  }

  /** Another command has started one since this one looked for it. */
  private async waitForOther(): Promise<undefined> {
    this.isWorkedFor = false;
    this.started = undefined;
    this.options.progress('Another `npm run demo` is just starting in this checkout');
    for (const deadline = Date.now() + STARTS_WITHIN_MS; Date.now() < deadline; await setTimeout(200)) {
      const channel = await reachBackground();
      if (channel !== undefined) return void channel.close();
    }
    this.options.progress('It does not answer: taking it down');
    await stopBackground();
  }

  private async converse(channel: CommandChannel): Promise<Outcome> {
    this.channel = channel;
    channel.send(this.options.request);
    let answer = await Promise.race([
      channel.receive(),
      setTimeout(ANSWERS_WITHIN_MS, 'deaf' as const, { ref: false }),
    ]);
    if (answer === 'deaf') return { lost: 'deaf' };
    for (; answer !== undefined; answer = await channel.receive()) {
      const outcome = await this.hear(answer);
      if (outcome !== undefined) return outcome;
    }
    // Whoever abandons this visit ends the process.
    if (this.isAbandoned) await new Promise(() => undefined);
    return { lost: 'ended' };
  }

  private async hear(answer: Answer): Promise<Outcome | undefined> {
    switch (answer.type) {
      case 'heard':
        return undefined;
      case 'begun':
        if (!this.isWorkedFor) this.options.progress('A demo is running in this checkout: deploying into it');
        this.isWorkedFor = true;
        return undefined;
      case 'progress':
        this.options.progress(answer.line);
        return undefined;
      case 'unfit':
        this.options.progress(answer.reason);
        return { lost: 'unfit' };
      case 'open':
        return { found: answer.found };
      case 'failed':
        throw await this.failure(answer.message, answer.goesOn);
    }
  }

  private async failure(message: string, goesOn: boolean): Promise<DemoError> {
    if (!goesOn) {
      await this.abandon();
      return new DemoError(message);
    }
    await this.sayGoodbye();
    return new DemoError(`${message}\nThe demo goes on; \`npm run demo -- --stop\` ends it.`);
  }

  private async leave(found: Found): Promise<void> {
    this.options.show(found);
    await this.sayGoodbye();
  }

  private async sayGoodbye(): Promise<void> {
    this.channel?.send({ type: 'goodbye' });
    await this.channel?.closed;
    this.started?.release();
    this.isWorkedFor = false;
  }
}
