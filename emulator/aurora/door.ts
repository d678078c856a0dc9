import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';

import { ASKED, fatal, isLetIn, message, type Opening, opening, parametersOf, PASSWORD_WANTED } from './messages';

export interface DoorOptions {
  /** @default a free one */
  readonly port?: number;
  /** PEM text. */
  readonly certificate: string;
  /** PEM text. */
  readonly key: string;
  /** Whether nobody gets in without encryption: the engine's parameter `rds.force_ssl`. */
  readonly onlyEncrypted: boolean;
  /** The unix socket of the PostgreSQL behind it, which lets users in who sign in with IAM, and asks others for a password. */
  readonly socket: string;
  /** Refuses a token that is not good for a user, by an error. */
  readonly verify: (user: string, token: string) => Promise<void>;
}

/** The users of Amazon RDS itself, and PostgreSQL's own superuser: nobody signs in as one from outside. */
const NOBODYS = ['postgres', 'rdsadmin'];
const [NOT_ALLOWED, WRONG_PASSWORD] = ['28000', '28P01'];
const SIGN_IN_WITHIN_MS = 60_000;

/**
 * The way to a PostgreSQL as Amazon RDS makes it: encrypted, and with a token of IAM for whoever PostgreSQL lets in without a
 * password, which it does for the members of `rds_iam`. Everybody else's password is PostgreSQL's own affair.
 */
export class Door {
  static async open(options: DoorOptions): Promise<Door> {
    const door = new Door(options);
    await new Promise<void>((fulfil, reject) => {
      door.server.once('error', reject).listen(options.port ?? 0, '127.0.0.1', fulfil);
    });
    return door;
  }

  private readonly server: Server;
  private readonly context: SecureContext;
  private readonly open = new Set<Socket>();

  private constructor(private readonly options: DoorOptions) {
    this.context = createSecureContext({ cert: options.certificate, key: options.key });
    this.server = createServer((socket) => {
      this.open.add(socket);
      socket.once('close', () => this.open.delete(socket)).on('error', () => undefined);
      void this.answer(socket).catch((error: unknown) => {
        // Whoever was refused reads why, and then goes.
        if (!(error instanceof Refused)) socket.destroy();
      });
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    for (const socket of this.open) socket.destroy();
    return new Promise((fulfil) => this.server.close(() => fulfil()));
  }

  private async answer(socket: Socket): Promise<void> {
    const late = setTimeout(() => socket.destroy(), SIGN_IN_WITHIN_MS);
    socket.once('close', () => clearTimeout(late));
    let client = socket;
    let first = await opening(client);
    while (first.asked === ASKED.tls || first.asked === ASKED.gssapi) {
      const isWanted = first.asked === ASKED.tls && client === socket;
      client.write(isWanted ? 'S' : 'N');
      if (isWanted) client = this.encrypted(socket);
      first = await opening(client);
    }
    const server = await reached(this.options.socket);
    client.once('close', () => server.destroy());
    server.once('close', () => client.end()).on('error', () => client.destroy());
    server.write(first.bytes);
    if (first.asked === ASKED.session) await this.signIn(client, server, first);
    clearTimeout(late);
    client.pipe(server);
    server.pipe(client);
  }

  private encrypted(socket: Socket): Socket {
    const { certificate: cert, key } = this.options;
    const client = new TLSSocket(socket, { isServer: true, secureContext: this.context, cert, key });
    return client.on('error', () => socket.destroy());
  }

  private async signIn(client: Socket, server: Socket, first: Opening): Promise<void> {
    const { user = '', database = user } = parametersOf(first);
    if (this.options.onlyEncrypted && !(client instanceof TLSSocket)) {
      const whom = `host "127.0.0.1", user "${user}", database "${database}"`;
      refuse(client, server, fatal(NOT_ALLOWED, `no pg_hba.conf entry for ${whom}, no encryption`));
    }
    if (NOBODYS.includes(user)) refuse(client, server, fatal(WRONG_PASSWORD, wrongPassword('password', user)));
    const answer = await message(server);
    if (isLetIn(answer)) {
      client.write(PASSWORD_WANTED);
      const { type, body } = await message(client);
      const token = type === 'p' ? body.toString('utf8').replace(/\0$/, '') : '';
      await this.options.verify(user, token).catch(() => {
        refuse(client, server, fatal(WRONG_PASSWORD, wrongPassword('PAM', user)));
      });
    }
    client.write(answer.bytes);
  }
}

function wrongPassword(method: string, user: string): string {
  return `${method} authentication failed for user "${user}"`;
}

function refuse(client: Socket, server: Socket, error: Buffer): never {
  client.end(error);
  server.destroy();
  throw new Refused();
}

class Refused extends Error {}

function reached(path: string): Promise<Socket> {
  return new Promise((fulfil, reject) => {
    const socket = connect(path, () => fulfil(socket));
    socket.once('error', reject);
  });
}
