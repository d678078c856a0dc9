import { join } from 'node:path';
import { Client } from 'pg';

import { makeCertificates } from '../../emulator/machine/certificates';
import { type Postgres, startPostgres } from '../../emulator/postgres/postgres';
import { connect, type Place } from '../../handlers/findings/connection';
import { Database } from '../../handlers/findings/database';
import { MIGRATIONS } from '../../handlers/findings/migrations';
import { applyMigrations } from '../../handlers/findings/migrations/apply';
import { makeUsers } from '../../handlers/findings/users';

export type User = 'findings_owner' | 'findings_api' | 'findings_ingest' | 'findings_notifications';

const PASSWORD = 'of-the-tests';
/** The certificate is of this address. */
const HOST = 'localhost';

/** A database of findings as Aurora has it, but that nobody looks at the tokens of IAM that users of programs bring. */
export class FindingsDatabase {
  private constructor(
    private postgres: Postgres,
    private readonly folder: string,
  ) {}

  /** @param folder a new one */
  static async start(folder: string): Promise<FindingsDatabase> {
    await makeCertificates(join(folder, 'certificates'), [HOST]);
    const database = new FindingsDatabase(await startPostgres(optionsOf(folder)), folder);
    // What Amazon RDS makes: an owner who is no superuser, and the role of those who sign in with IAM.
    await database.administer(
      `create role findings_owner login createrole password '${PASSWORD}'`,
      'create role rds_iam',
      'grant rds_iam to findings_owner with admin option, inherit false, set false',
      'create database findings owner findings_owner',
    );
    return database;
  }

  /** The same with its tables and users. */
  static async migrated(folder: string): Promise<FindingsDatabase> {
    const database = await FindingsDatabase.start(folder);
    await database.migrate();
    return database;
  }

  async migrate(): Promise<void> {
    const owner = await this.client('findings_owner');
    try {
      await applyMigrations(owner, MIGRATIONS);
      await makeUsers(owner);
    } finally {
      await owner.end();
    }
  }

  /** What a program's environment says about it. */
  environment(user: User): NodeJS.ProcessEnv {
    const { host, port, database, authorityFile } = this.place(user);
    return { DB_HOST: host, DB_PORT: `${port}`, DB_NAME: database, DB_USER: user, DB_CA_FILE: authorityFile };
  }

  place(user: User): Place {
    return {
      host: HOST,
      port: this.postgres.port,
      database: 'findings',
      user,
      authorityFile: join(this.folder, 'certificates', 'authority.pem'),
    };
  }

  /** A connection, as the programs make it. */
  client(user: User): Promise<Client> {
    return connect(this.place(user), PASSWORD);
  }

  /** What programs ask. Close it. */
  as(user: User): Database {
    return new Database(() => this.client(user));
  }

  /** The rows of a statement, to the superuser. */
  async ask<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    const client = new Client({ ...this.administrator(), database: 'findings' });
    await client.connect();
    try {
      return (await client.query<Row>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** Ends it as a failing machine would. */
  kill(): Promise<void> {
    return this.postgres.kill();
  }

  /** Starts it again on the same port with all that was committed. */
  async startAgain(): Promise<void> {
    const { port } = this.postgres;
    this.postgres = await startPostgres({ ...optionsOf(this.folder), port });
  }

  stop(): Promise<void> {
    return this.postgres.stop();
  }

  private administrator() {
    const { socketFolder, port, superuser } = this.postgres;
    return { host: socketFolder, port, user: superuser.user };
  }

  private async administer(...statements: string[]): Promise<void> {
    const client = new Client({ ...this.administrator(), database: 'postgres' });
    await client.connect();
    try {
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.end();
    }
  }
}

function optionsOf(folder: string) {
  const certificates = join(folder, 'certificates');
  return {
    folder: join(folder, 'postgres'),
    letIn: 'rds_iam',
    tls: { certificateFile: join(certificates, 'certificate.pem'), keyFile: join(certificates, 'key.pem') },
  };
}
