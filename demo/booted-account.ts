import { setTimeout } from 'node:timers/promises';
import { type FindingsProxy, startFindingsProxy } from '../cli/findings/proxy';
import { type EmulatedAccount, startEmulatedAccount } from '../emulator/account';
import { bootstrap } from '../emulator/cdk';
import { whyNoPostgres } from '../emulator/postgres/binaries';
import { deploy, DemoError, type DeployOptions } from './deployment';
import { findingsSettings, type LakeFindings, sweepLake } from './findings';
import { makeLake, type SampleLake, type SampleTable } from './lake/lake';
import { runningHosts } from './read-back';
import { settingsOf } from './settings';

const UI_PORT = 8080;
const HEALTHY_WITHIN_MS = 30_000;
/** What the CDK CLI says when CloudFormation begins to wait for a host. */
const BOOTS = /CREATE_IN_PROGRESS +\| AWS::(AutoScaling::AutoScalingGroup|EC2::Instance|EC2::EC2Fleet) [^)]*\)\s*$/;

type Machines = NonNullable<EmulatedAccount['machines']>;

/** TableSleuth on a booted host. */
export interface Page {
  /** Where it answers on this machine, behind the host's nginx. */
  readonly url: string;
  readonly tables: readonly SampleTable[];
  /** What a sweep found in them. */
  readonly lakeFindings?: LakeFindings;
}

/** An emulated account with a sample lake, in which hosts boot. */
export class BootedAccount {
  static async start(stateDirectory: string, onProgress: (line: string) => void): Promise<BootedAccount> {
    const { prepareLake } = await import('./lake/prepare.mjs');
    const { prepareSweep, SWEEP_PROGRAMS } = await import('../sweep/prepare.mjs');
    const options = {
      ...{ stateDirectory, onProgress, machines: true, enforceIam: true },
      containerPrograms: SWEEP_PROGRAMS,
    };
    // What a fresh clone has to make takes a minute or two each.
    const [account] = await Promise.all([
      startEmulatedAccount(options),
      prepareLake({ log: onProgress }),
      prepareSweep({ log: onProgress }),
    ]);
    const { machines } = account;
    if (machines === undefined) throw new DemoError('No host can boot on this computer, so there is no page to open.');
    onProgress(`Emulated account: ready at ${account.endpoint}`);
    const [lake] = await Promise.all([makeLake(account, { onProgress }), bootstrap(account)]);
    return new BootedAccount(account, machines, lake, onProgress);
  }

  private way: FindingsProxy | undefined;
  private forwarded: { readonly instanceId: string; readonly port: number; close(): void } | undefined;

  private constructor(
    readonly account: EmulatedAccount,
    private readonly machines: Machines,
    private readonly lake: SampleLake,
    private readonly onProgress: (line: string) => void,
  ) {}

  /**
   * Deploys a host that may read the sample lake, lets it boot and run its own user data, and opens a loopback port to
   * it, which stands for Session Manager's port forwarding. The port stays the same from one deployment to the next.
   */
  async deploy(options: DeployOptions): Promise<Page> {
    const settings = settingsOf(options.environment, options.context);
    const context = [
      ...(whyNoPostgres() === undefined ? findingsSettings(this.lake, settings) : []),
      ...options.context,
      ...this.machines.gizmosqlSettings,
      `data.buckets=${JSON.stringify([this.lake.bucketArn])}`,
      `data.glueDatabases=${JSON.stringify([this.lake.database])}`,
    ];
    const onLine = (line: string): void => {
      options.onLine(line);
      if (BOOTS.test(line)) this.onProgress('The host boots, and installs TableSleuth, GizmoSQL and nginx');
    };
    await deploy(this.account, { ...options, context, onLine });
    const [host] = await runningHosts(this.account);
    if (host === undefined) throw new DemoError('The deployment left no running host.');
    const url = `http://127.0.0.1:${await this.portTo(host.InstanceId!)}`;
    await healthy(url);
    return { url, tables: this.lake.tables };
  }

  /**
   * Sweeps the sample lake once, where the environment that is deployed has a sweep and keeps what it finds, and opens the
   * way to the page of findings. What an earlier deployment opened is closed.
   */
  async sweep(environment: string): Promise<LakeFindings | undefined> {
    const found = await sweepLake(this.account, { environment, lake: this.lake, onProgress: this.onProgress });
    await this.way?.close();
    this.way = undefined;
    if (found === undefined) return undefined;
    const { region, client } = this.account;
    this.way = await startFindingsProxy({ endpoint: found.endpoint, region, credentials: client.credentials });
    return { ...found, page: this.way.url };
  }

  private async portTo(instanceId: string): Promise<number> {
    if (this.forwarded?.instanceId !== instanceId) {
      this.forwarded?.close();
      const opened = await this.machines.forward(instanceId, UI_PORT, this.forwarded?.port);
      this.forwarded = { ...opened, instanceId };
    }
    return this.forwarded.port;
  }
}

async function healthy(url: string): Promise<void> {
  const deadline = Date.now() + HEALTHY_WITHIN_MS;
  for (;;) {
    const answer = await fetch(`${url}/health`).catch(() => undefined);
    if (answer?.ok) return;
    if (Date.now() > deadline) {
      const said = answer === undefined ? 'nothing' : `${answer.status}: ${await answer.text()}`;
      throw new DemoError(`The host signalled that it is healthy, but ${url}/health answers ${said}`);
    }
    await setTimeout(500);
  }
}
