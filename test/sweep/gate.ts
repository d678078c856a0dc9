import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A way to an endpoint that somebody watches. */
export interface Gate {
  readonly endpoint: string;
  close(): void;
}

/** What becomes of a request: it goes on, it is answered and whoever sent it never hears, or it stays here. */
export type Passage = 'pass' | 'withhold the answer' | 'hold';

export interface Watch {
  /** Asked of every request before it is sent on. */
  readonly judge: (method: string, url: string) => Passage;
  /** Called when a request that does not simply pass is where it stays. */
  readonly onKept: () => void;
}

/** Opens a gate on 127.0.0.1. */
export async function openGate(endpoint: string, { judge, onKept }: Watch): Promise<Gate> {
  const server = createServer((incoming, answer) => {
    const passage = judge(incoming.method ?? '', incoming.url ?? '');
    if (passage === 'hold') onKept();
    else forward(endpoint, incoming, passage === 'pass' ? deliver(answer) : onKept);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function deliver(answer: ServerResponse): (response: IncomingMessage) => void {
  return (response) => {
    answer.writeHead(response.statusCode!, response.headers);
    response.pipe(answer);
  };
}

function forward(endpoint: string, incoming: IncomingMessage, take: (response: IncomingMessage) => void): void {
  const { method, headers, url } = incoming;
  const outgoing = request(`${endpoint}${url}`, { method, headers }, take);
  outgoing.on('error', () => incoming.destroy());
  incoming.pipe(outgoing);
}
