import { type Client, DatabaseError } from 'pg';

/** What answers SQL. */
export interface Queries {
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** Nobody answers, or not in time; nothing is wrong with what was asked. */
export class DatabaseAway extends Error {
  /** @param isLost whether the connection went with it */
  constructor(
    cause: Error,
    readonly isLost: boolean,
  ) {
    super(`the database is away: ${cause.message}`, { cause });
  }
}

/**
 * Classes of SQLSTATE that say nothing about a statement: connections, authentication, resources, operators who intervene
 * (a shutdown, an idle session that was ended, a statement that took too long), the system.
 */
const NOT_OF_THE_STATEMENT = /^(08|28|3D|53|57|58)/;
/** Those that end a connection that was there. A statement that took too long, or found no room, would do so again. */
const OF_THE_CONNECTION = /^(08|57P)/;

/** One connection that is kept, and made anew when it broke: with a new password, as tokens of IAM end. */
export class Database implements Queries {
  private client: Promise<Client> | undefined;

  /** @param connect gives a client that is connected */
  constructor(private readonly connect: () => Promise<Client>) {}

  /**
   * The rows of a statement, which must be one that may run twice: it is asked again, once, when the connection was lost.
   *
   * @throws DatabaseAway when there is nobody to ask
   */
  async query<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const isKept = this.client !== undefined;
    try {
      return await this.ask<Row>(text, values);
    } catch (error) {
      // It may have broken long ago, while a function slept.
      if (isKept && error instanceof DatabaseAway && error.isLost) return this.ask(text, values);
      throw error;
    }
  }

  /** All of the work, or nothing of it. */
  async transaction<T>(work: (queries: Queries) => Promise<T>): Promise<T> {
    await this.query('begin');
    try {
      const done = await work({ query: (text, values = []) => this.ask(text, values) });
      await this.ask('commit', []);
      return done;
    } catch (error) {
      // On a connection that is lost the database does so by itself.
      if (this.client !== undefined) await this.ask('rollback', []).catch(() => undefined);
      throw error;
    }
  }

  /** Ends the connection. The next statement makes another one. */
  async close(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    await (await client?.catch(() => undefined))?.end();
  }

  private async ask<Row extends object>(text: string, values: readonly unknown[]): Promise<Row[]> {
    const kept = (this.client ??= this.connected());
    const client = await kept.catch((error: Error) => {
      this.forget(kept);
      throw new DatabaseAway(error, true);
    });
    try {
      return (await client.query<Row>(text, [...values])).rows;
    } catch (error) {
      const code = error instanceof DatabaseError ? (error.code ?? '') : undefined;
      if (code !== undefined && !NOT_OF_THE_STATEMENT.test(code)) throw error;
      const isLost = code === undefined || OF_THE_CONNECTION.test(code);
      if (isLost) this.forget(kept);
      throw new DatabaseAway(error as Error, isLost);
    }
  }

  private async connected(): Promise<Client> {
    const client = await this.connect();
    const kept = this.client;
    // Without a listener a connection that breaks while nobody asks ends the process.
    client.on('error', () => this.forget(kept));
    return client;
  }

  private forget(broken: Promise<Client> | undefined): void {
    if (this.client === broken) this.client = undefined;
    broken?.then((client) => client.end()).catch(() => undefined);
  }
}
