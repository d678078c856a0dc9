import { createServer as createPlainServer } from 'node:http';
import { mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

import type { MachineFile } from './cloud-init';
import { isBehindTheDoor, type FrontDoor } from './front-door';
import type { InstanceMetadata } from './instance-metadata';
import { answerQuery } from './name-server';

/**
 * Everything that one machine reaches, as unix sockets in a folder that the machine sees as /run/account: AWS and GitHub
 * (`https.sock`), its instance metadata (`metadata.sock`) and names (`dns.sock`).
 */
export class MachineNetwork {
  static async open(folder: string, door: FrontDoor, metadata: InstanceMetadata): Promise<MachineNetwork> {
    mkdirSync(folder, { recursive: true });
    const network = new MachineNetwork(folder);
    const metadataServer = createPlainServer((request, response) => metadata.answer(request, response));
    await Promise.all([
      network.listen(
        'https.sock',
        createServer((socket) => door.server.emit('connection', socket)),
      ),
      network.listen('metadata.sock', metadataServer),
      network.listen('dns.sock', createServer(answerName)),
    ]);
    return network;
  }

  private readonly servers: Server[] = [];
  private readonly connections = new Set<Socket>();

  private constructor(readonly folder: string) {}

  close(): void {
    for (const server of this.servers) server.close();
    for (const socket of this.connections) socket.destroy();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private listen(name: string, server: Server): Promise<void> {
    this.servers.push(server);
    server.on('connection', (socket: Socket) => {
      this.connections.add(socket);
      socket.on('close', () => this.connections.delete(socket)).on('error', () => undefined);
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject).listen(join(this.folder, name), resolve);
    });
  }
}

function answerName(socket: Socket): void {
  // A socket for each query: the machine's end sends one datagram and waits for one.
  socket.once('data', (query) => socket.end(answerQuery(query, isBehindTheDoor) ?? Buffer.alloc(0)));
}

const UNITS = '/etc/systemd/system';

/**
 * The machine's own ends: its address, a name server on port 53, and for each port that somebody wants, of its address or of
 * 127.0.0.1, a socket that leads to it.
 */
export function networkFiles(address: string): Record<string, MachineFile> {
  const names = 'UDP-RECVFROM:53,bind=127.0.0.1,fork UNIX-CONNECT:/run/account/dns.sock';
  const wayIn = (name: string, to: string) =>
    unit(`Way in to port %i of ${to}`, `UNIX-LISTEN:/run/account/${name}-%i.sock,fork,unlink-early TCP:${to}:%i`);
  return {
    '/etc/resolv.conf': { content: 'nameserver 127.0.0.1\n' },
    [`${UNITS}/account-names.service`]: {
      content: unit(
        'Names of AWS and GitHub',
        names,
        'DefaultDependencies=no\nBefore=network-online.target\n',
        address,
      ),
    },
    [`${UNITS}/network-online.target.d/names.conf`]: { content: '[Unit]\nWants=account-names.service\n' },
    [`${UNITS}/account-port@.service`]: { content: wayIn('port', '127.0.0.1') },
    [`${UNITS}/account-target@.service`]: { content: wayIn('target', address) },
  };
}

function unit(description: string, sockets: string, more = '', address?: string): string {
  const before = address === undefined ? '' : `ExecStartPre=ip address replace ${address}/32 dev lo\n`;
  return `[Unit]\nDescription=${description}\n${more}[Service]\n${before}ExecStart=socat ${sockets}\nRestart=always\nRestartSec=100ms\n`;
}
