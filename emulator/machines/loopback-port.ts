import { createServer, type AddressInfo, type Socket } from 'node:net';

/** A port of this computer's 127.0.0.1 that leads somewhere else. */
export interface LoopbackPort {
  readonly port: number;
  close(): void;
}

/**
 * Opens a free port on 127.0.0.1 (or the given one) and joins each connection to one that `connect` makes. A connection
 * that cannot be made is closed, as a port forwarding of Session Manager's does.
 */
export function openLoopbackPort(connect: () => Promise<Socket>, port = 0): Promise<LoopbackPort> {
  const connections = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (near) => {
    connections.add(near);
    near.on('close', () => connections.delete(near)).on('error', () => undefined);
    connect().then(
      (far) => {
        far.on('error', () => near.destroy()).on('close', () => near.destroy());
        near.on('close', () => far.destroy());
        near.pipe(far).pipe(near);
      },
      () => near.destroy(),
    );
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', () => {
      server.unref();
      resolve({
        port: (server.address() as AddressInfo).port,
        close: () => {
          server.close();
          for (const socket of connections) socket.destroy();
        },
      });
    });
  });
}
