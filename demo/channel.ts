import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Page } from './booted-account';
import type { ReadBack } from './read-back';

/** What a demo command asks of the demo's background process. */
export type Request =
  | {
      readonly type: 'deploy';
      /** Of the command's own sources, which have to be the background's as well. */
      readonly sources: string;
      readonly environment: string;
      /** Settings as `-c` takes them. */
      readonly context: readonly string[];
      readonly verbose: boolean;
      /** How long the page stays open afterwards; undefined: until it is told to stop. */
      readonly minutes: number | undefined;
    }
  /** The command has shown everything. A channel that closes without it ends the background. */
  | { readonly type: 'goodbye' }
  | { readonly type: 'stop' };

export type DeployRequest = Extract<Request, { type: 'deploy' }>;

/** What the background process answers. */
export type Answer =
  /** At once, so that a background that hangs is told from one that works. */
  | { readonly type: 'heard' }
  /** From now on the background works for this command, and ends with it. */
  | { readonly type: 'begun' }
  /** The command needs a background of its own. */
  | { readonly type: 'unfit'; readonly reason: string }
  | { readonly type: 'progress'; readonly line: string }
  | { readonly type: 'open'; readonly found: ReadBack & Page }
  /** `goesOn`: what an earlier command deployed stays open. */
  | { readonly type: 'failed'; readonly message: string; readonly goesOn: boolean };

/** Messages over a socket, a line of JSON each. Either end notices when the other one is gone, however it went. */
export class Channel<Sent, Received> {
  /** Resolves when the channel is closed, by either end. */
  readonly closed: Promise<void>;
  private isOver = false;
  private readonly lines: AsyncIterator<string>;

  constructor(private readonly socket: Socket) {
    // What goes wrong with a socket closes it.
    socket.on('error', () => undefined);
    this.closed = new Promise<void>((resolve) => socket.once('close', resolve).once('end', resolve)).then(() => {
      this.isOver = true;
    });
    this.lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  }

  get isClosed(): boolean {
    return this.isOver;
  }

  send(message: Sent): void {
    this.socket.write(`${JSON.stringify(message)}\n`);
  }

  /** The next message, or undefined when there is none any more. */
  async receive(): Promise<Received | undefined> {
    const next = await Promise.race([this.lines.next(), this.closed.then(() => undefined)]);
    if (next === undefined || next.done) return undefined;
    try {
      return JSON.parse(next.value) as Received;
    } catch {
      // Whoever wrote this died over it.
      return undefined;
    }
  }

  /** Sends what is still to be sent, and closes. */
  async close(): Promise<void> {
    this.socket.end();
    await this.closed;
    this.socket.destroy();
  }
}

/** A demo command's end, and the background's. */
export type CommandChannel = Channel<Request, Answer>;
export type BackgroundChannel = Channel<Answer, Request>;
