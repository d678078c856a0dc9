// The demo's background process, which owns the emulated account. `startBackground` starts it in namespaces of its own,
// with a channel to the command that wanted it as its file 3.
import { rmSync, truncateSync } from 'node:fs';
import { createServer, Socket } from 'node:net';
import path from 'node:path';
import { LOG, SOCKET, STATE_DIRECTORY } from './background-process';
import { BootedAccount, type Page } from './booted-account';
import { type BackgroundChannel, Channel, type DeployRequest } from './channel';
import { landmarks } from './deployment';
import { readBack, type ReadBack } from './read-back';
import { digestOfSources } from './sources';

const OUTPUT = path.join(STATE_DIRECTORY, 'cdk.out');

/** Serves one command after the other, and ends with the one it works for, or when its time is over. */
class Background {
  private readonly sources = digestOfSources();
  private booted: BootedAccount | undefined;
  /** The one that is deployed, once it is. */
  private environment: string | undefined;
  private client: BackgroundChannel | undefined;
  private turns: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;

  /** Whether there is nobody to work for, and nothing to keep open. */
  get isIdle(): boolean {
    return this.client === undefined && this.environment === undefined;
  }

  async serve(channel: BackgroundChannel): Promise<void> {
    const request = await channel.receive();
    if (request?.type === 'stop') end('it was told to stop');
    if (request?.type !== 'deploy') return;
    channel.send({ type: 'heard' });
    if (this.client !== undefined) {
      channel.send({ type: 'progress', line: 'Another `npm run demo` is at work in this checkout: waiting for it' });
    }
    this.turns = this.turns.then(() => this.takeTurn(channel, request));
    await this.turns;
  }

  private async takeTurn(channel: BackgroundChannel, request: DeployRequest): Promise<void> {
    if (channel.isClosed) return;
    const reason = this.whyUnfit(request);
    if (reason !== undefined) {
      channel.send({ type: 'unfit', reason });
      return channel.close();
    }
    clearTimeout(this.timer);
    this.client = channel;
    channel.send({ type: 'begun' });
    void channel.closed.then(() => {
      if (this.client === channel) end('the command that it worked for is gone');
    });
    await this.answer(channel, request);
    // A command that is gone instead ends this process.
    if ((await channel.receive())?.type !== 'goodbye') return;
    this.client = undefined;
    if (request.minutes !== undefined) {
      this.timer = setTimeout(() => end('its time is over'), request.minutes * 60_000);
    }
    await channel.close();
  }

  private whyUnfit({ sources, environment }: DeployRequest): string | undefined {
    if (sources !== this.sources) return 'The running demo is of other sources';
    if (environment === (this.environment ?? environment)) return undefined;
    return `The running demo is of the environment ${this.environment}`;
  }

  private async answer(channel: BackgroundChannel, request: DeployRequest): Promise<void> {
    try {
      const found = await this.open(request);
      this.environment = request.environment;
      channel.send({ type: 'open', found });
    } catch (error) {
      console.error(error);
      const message = error instanceof Error ? error.message : String(error);
      channel.send({ type: 'failed', message, goesOn: this.environment !== undefined });
    }
  }

  private async open({ environment, context, verbose }: DeployRequest): Promise<ReadBack & Page> {
    const progress = (line: string): void => this.progress(line);
    this.booted ??= await BootedAccount.start(STATE_DIRECTORY, progress);
    progress(`Deploying environment ${environment} with the CDK CLI`);
    const started = Date.now();
    const page = await this.booted.deploy({
      environment,
      context,
      output: OUTPUT,
      onLine: verbose ? progress : landmarks(progress),
    });
    progress(`The page is healthy, ${((Date.now() - started) / 1000).toFixed(1)} s after the deployment began`);
    const lakeFindings = await this.booted.sweep(environment);
    progress('Reading back what is in the account');
    return { ...(await readBack(this.booted.account, environment)), ...page, lakeFindings };
  }

  private progress(line: string): void {
    log(line);
    this.client?.send({ type: 'progress', line });
  }
}

/** This is the first process of its namespaces: the kernel takes all others along, and their mounts. */
function end(reason: string): never {
  log(`The end: ${reason}`);
  rmSync(SOCKET, { force: true });
  process.exit(0);
}

function log(line: string): void {
  console.log(new Date().toISOString(), line);
}

truncateSync(LOG);
// The lock of a CLI that was killed names a process; in these namespaces another one may have its number.
rmSync(OUTPUT, { recursive: true, force: true });
const background = new Background();
const starter: BackgroundChannel = new Channel(new Socket({ fd: 3, readable: true, writable: true }));
void starter.closed.then(() => background.isIdle && end('the command that started it is gone'));
void background.serve(starter);
rmSync(SOCKET, { force: true });
createServer((socket) => void background.serve(new Channel(socket))).listen(SOCKET);
