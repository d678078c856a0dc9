import { request as httpsRequest } from 'node:https';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InternalApi } from '../internal-api';
import { makeCertificates } from '../machine/certificates';
import type { FrontDoor } from '../machines/front-door';
import type { LoadBalancer } from './description';
import { OpenListener } from './open-listener';
import { type Answer, type Ask, SignIn } from './sign-in';
import { type Connect, Targets } from './targets';

const POLL_MS = 250;

/** The load balancers of an account, each listener a port of this computer's 127.0.0.1. */
export interface LoadBalancers {
  /** The port of 127.0.0.1 that stands for a port of a load balancer; undefined while there is none. */
  port(loadBalancerArn: string, port: number): number | undefined;
  /** The port of 127.0.0.1 where, over TLS, every identity provider answers: the sign-in page of the account's user pools. */
  readonly signInPort: number;
}

export interface LoadBalancersOptions {
  readonly api: InternalApi;
  readonly door: FrontDoor;
  /** A folder for certificates. */
  readonly folder: string;
  readonly connect: Connect;
  readonly onTrouble: (line: string) => void;
}

interface Open {
  balancer: LoadBalancer;
  readonly signIn: SignIn;
  readonly listeners: Map<string, OpenListener>;
  readonly targets: Map<string, Targets>;
}

/** Keeps the listeners of load balancers open, and asks their targets how they are. */
export class KeptLoadBalancers implements LoadBalancers {
  static async start(options: LoadBalancersOptions): Promise<KeptLoadBalancers> {
    const signInPages = createServer((socket) => options.door.server.emit('connection', socket));
    await new Promise<void>((resolve, reject) => {
      signInPages.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    signInPages.unref();
    const kept = new KeptLoadBalancers(options, signInPages);
    kept.polling = kept.poll();
    return kept;
  }

  private readonly open = new Map<string, Open>();
  private readonly stopping = new AbortController();
  private polling: Promise<void> | undefined;

  private constructor(
    private readonly options: LoadBalancersOptions,
    private readonly signInPages: Server,
  ) {}

  get signInPort(): number {
    return (this.signInPages.address() as AddressInfo).port;
  }

  port(loadBalancerArn: string, port: number): number | undefined {
    return this.open.get(loadBalancerArn)?.listeners.get(String(port))?.port;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.polling;
    for (const arn of [...this.open.keys()]) this.close(arn);
    this.signInPages.close();
  }

  private async poll(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const answer = await this.options.api
        .call<{ LoadBalancers: LoadBalancer[] }>('GET', 'load-balancers')
        .catch(() => undefined);
      if (answer !== undefined) await this.seeTo(answer.LoadBalancers);
      await sleep(POLL_MS, undefined, { ref: false, signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  private async seeTo(balancers: readonly LoadBalancer[]): Promise<void> {
    const there = new Set(balancers.map(({ LoadBalancerArn }) => LoadBalancerArn));
    for (const arn of this.open.keys()) if (!there.has(arn)) this.close(arn);
    for (const balancer of balancers) {
      await this.seeToOne(balancer).catch((error: Error) => {
        this.options.onTrouble(`the load balancer ${balancer.LoadBalancerArn} does not listen: ${error.message}`);
      });
    }
  }

  private async seeToOne(balancer: LoadBalancer): Promise<void> {
    const open = this.open.get(balancer.LoadBalancerArn) ?? this.add(balancer);
    open.balancer = balancer;
    for (const group of balancer.TargetGroups) {
      const targets = open.targets.get(group.TargetGroupArn) ?? this.addTargets(open, group.TargetGroupArn);
      targets.seeTo(group);
    }
    const ports = new Set(balancer.Listeners.map(({ Port }) => String(Port)));
    for (const [port, listener] of open.listeners) {
      if (ports.has(port)) continue;
      listener.close();
      open.listeners.delete(port);
    }
    for (const listener of balancer.Listeners) {
      const known = open.listeners.get(String(listener.Port));
      if (known !== undefined) known.update(listener);
      else open.listeners.set(String(listener.Port), await this.listen(open, listener));
    }
  }

  private add(balancer: LoadBalancer): Open {
    const { LoadBalancerArn: loadBalancerArn } = balancer;
    const signIn = new SignIn({ loadBalancerArn, key: this.options.door.signingKey, ask: this.ask() });
    const open = { balancer, signIn, listeners: new Map(), targets: new Map() };
    this.open.set(loadBalancerArn, open);
    return open;
  }

  private addTargets({ targets }: Open, targetGroupArn: string): Targets {
    const { api, connect } = this.options;
    // One after the other, so that the account ends with what was said last.
    let told: Promise<unknown> = Promise.resolve();
    const report = (health: unknown): void => {
      told = told.then(() => api.call('POST', 'target-health', health)).catch(() => undefined);
    };
    const made = new Targets({ connect, report });
    targets.set(targetGroupArn, made);
    return made;
  }

  private async listen(open: Open, listener: LoadBalancer['Listeners'][number]): Promise<OpenListener> {
    const name = listener.HostName || 'load-balancer.example.com';
    return OpenListener.open({
      listener,
      certificates: await makeCertificates(join(this.options.folder, `certificates-${name}`), [name]),
      signIn: open.signIn,
      targets: (arn) => open.targets.get(arn),
      balancer: () => open.balancer,
    });
  }

  private close(arn: string): void {
    const open = this.open.get(arn);
    for (const listener of open?.listeners.values() ?? []) listener.close();
    for (const targets of open?.targets.values() ?? []) targets.close();
    this.open.delete(arn);
  }

  /** Every identity provider is the account: its sign-in page answers whatever the name. */
  private ask(): Ask {
    const { door } = this.options;
    return (url, { form, token }) =>
      new Promise<Answer>((resolve, reject) => {
        const { hostname, pathname } = new URL(url);
        const body = form?.toString() ?? '';
        const request = httpsRequest({
          host: '127.0.0.1',
          port: this.signInPort,
          servername: hostname,
          ca: door.authority,
          method: form === undefined ? 'GET' : 'POST',
          path: pathname,
          headers: {
            host: hostname,
            ...(form && { 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length }),
            ...(token && { authorization: `Bearer ${token}` }),
          },
        });
        request.once('error', reject).once('response', (answer) => {
          text(answer)
            .then((content) => resolve({ status: answer.statusCode ?? 0, body: JSON.parse(content) as Answer['body'] }))
            .catch(reject);
        });
        request.end(body);
      });
  }
}
