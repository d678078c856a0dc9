import type { Socket } from 'node:net';

/** What a client asks for in the first message of a connection. */
export const ASKED = { session: 196608, cancelling: 80877102, tls: 80877103, gssapi: 80877104 } as const;

const LONGEST = 100_000;

/** The first message of a connection. */
export interface Opening {
  readonly asked: number;
  /** The whole message, to pass on. */
  readonly bytes: Buffer;
}

/** A message of PostgreSQL's protocol after the first one. */
export interface Message {
  readonly type: string;
  readonly body: Buffer;
  /** The whole message, to pass on. */
  readonly bytes: Buffer;
}

/** The first message, which has no type; after a request for encryption comes another one. */
export async function opening(socket: Socket): Promise<Opening> {
  const length = await exactly(socket, 4);
  const rest = await exactly(socket, lengthOf(length) - 4);
  return { asked: rest.readUInt32BE(0), bytes: Buffer.concat([length, rest]) };
}

/** The next message. */
export async function message(socket: Socket): Promise<Message> {
  const head = await exactly(socket, 5);
  const body = await exactly(socket, lengthOf(head.subarray(1)) - 4);
  return { type: String.fromCharCode(head[0]!), body, bytes: Buffer.concat([head, body]) };
}

/** The parameters of a session that a client asks for, such as `user` and `database`. */
export function parametersOf({ bytes }: Opening): Record<string, string> {
  const words = bytes.subarray(8).toString('utf8').split('\0');
  const pairs = words.flatMap((name, index) =>
    index % 2 === 0 && name !== '' ? [[name, words[index + 1] ?? '']] : [],
  );
  return Object.fromEntries(pairs) as Record<string, string>;
}

/** Asks a client for a password as it is. */
export const PASSWORD_WANTED = framed('R', Buffer.from([0, 0, 0, 3]));

/** Whether a server has let somebody in, without asking for anything. */
export function isLetIn({ type, body }: Message): boolean {
  return type === 'R' && body.readUInt32BE(0) === 0;
}

/** An error that ends the connection. */
export function fatal(code: string, text: string): Buffer {
  return framed('E', Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${text}\0\0`));
}

function framed(type: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
}

function lengthOf(bytes: Buffer): number {
  const length = bytes.readUInt32BE(0);
  if (length < 4 || length > LONGEST) throw new Error(`a message of ${length} bytes is none of PostgreSQL's`);
  return length;
}

/** As many bytes and no more: what comes after them is for whoever reads next. */
async function exactly(socket: Socket, count: number): Promise<Buffer> {
  if (count === 0) return Buffer.alloc(0);
  for (;;) {
    const bytes = socket.read(count) as Buffer | null;
    if (bytes !== null) {
      if (bytes.length < count) throw new Error('the connection ended in the middle of a message');
      return bytes;
    }
    if (socket.readableEnded || socket.destroyed) throw new Error('the connection ended');
    await readable(socket);
  }
}

function readable(socket: Socket): Promise<void> {
  return new Promise((fulfil) => {
    const events = ['readable', 'end', 'close', 'error'];
    const done = (): void => {
      for (const event of events) socket.removeListener(event, done);
      fulfil();
    };
    for (const event of events) socket.once(event, done);
  });
}
