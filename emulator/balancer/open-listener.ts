import { createServer as createPlainServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificates } from '../machine/certificates';
import type { Action, Listener, LoadBalancer } from './description';
import { forward } from './forwarding';
import { cookieOf, type SignIn, type SignedHeaders } from './sign-in';
import type { Targets } from './targets';

/** The cookie that keeps somebody on one target. */
const STICKY = 'AWSALB';

export interface OpenListenerOptions {
  readonly listener: Listener;
  readonly certificates: Certificates;
  readonly signIn: SignIn;
  /** What the listener leads to now. */
  readonly targets: (targetGroupArn: string) => Targets | undefined;
  readonly balancer: () => LoadBalancer;
}

/** A listener of a load balancer as a port of 127.0.0.1. */
export class OpenListener {
  static async open(options: OpenListenerOptions): Promise<OpenListener> {
    const opened = new OpenListener(options);
    await new Promise<void>((resolve, reject) => {
      opened.server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    opened.server.unref();
    return opened;
  }

  private readonly server: Server;
  private actions: readonly Action[];

  private constructor(private readonly options: OpenListenerOptions) {
    const { listener, certificates, balancer } = options;
    const { certificate: cert, key } = certificates;
    this.actions = listener.Actions;
    const answer = (request: IncomingMessage, response: ServerResponse): void => void this.answer(request, response);
    this.server = listener.Protocol === 'HTTPS' ? createTlsServer({ cert, key }, answer) : createPlainServer(answer);
    this.server.keepAliveTimeout = balancer().IdleSeconds * 1000;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Takes up what the listener does now. */
  update({ Actions }: Listener): void {
    this.actions = Actions;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let headers: SignedHeaders = {};
    for (const action of this.actions) {
      if (action.AuthenticateOidcConfig !== undefined) {
        const signed = await this.options.signIn.pass(action.AuthenticateOidcConfig, request, response);
        if (signed === undefined) return;
        headers = signed;
      } else if (action.RedirectConfig !== undefined) {
        return redirect(request, response, action.RedirectConfig);
      } else if (action.TargetGroupArn !== undefined) {
        return this.forward(request, response, action.TargetGroupArn, headers);
      }
    }
    response.writeHead(503, { server: 'awselb/2.0' }).end();
  }

  private forward(
    request: IncomingMessage,
    response: ServerResponse,
    targetGroupArn: string,
    headers: SignedHeaders,
  ): void {
    const { listener, balancer, targets } = this.options;
    const group = balancer().TargetGroups.find(({ TargetGroupArn }) => TargetGroupArn === targetGroupArn);
    const sticky = group?.IsSticky ? cookieOf(request, STICKY) : undefined;
    const chosen = targets(targetGroupArn)?.choose(sticky);
    if (group === undefined || chosen === undefined) {
      response.writeHead(503, { server: 'awselb/2.0' }).end();
      return;
    }
    response.once('close', chosen.done);
    const { InstanceId } = chosen.target;
    const cookie =
      group.IsSticky && sticky !== InstanceId
        ? `${STICKY}=${InstanceId}; Max-Age=${group.StickySeconds}; Path=/`
        : undefined;
    const protocol = listener.Protocol === 'HTTPS' ? 'https' : 'http';
    forward(request, response, chosen, { headers, port: listener.Port, protocol, cookie });
  }
}

function redirect(
  request: IncomingMessage,
  response: ServerResponse,
  config: NonNullable<Action['RedirectConfig']>,
): void {
  const { Protocol = 'HTTP', Port = '80', StatusCode } = config;
  const host = (request.headers.host ?? '').replace(/:\d+$/, '');
  const location = `${Protocol.toLowerCase()}://${host}:${Port}${request.url}`;
  response.writeHead(Number(StatusCode.replace('HTTP_', '')), { location, server: 'awselb/2.0' }).end();
}
