import type * as z from 'zod';

import type { Queries } from '../findings/database';
import * as queries from '../findings/queries';
import * as answers from './answers';
import * as asked from './parameters';
import { Problem } from './problem';

/** What the API can be asked for. */
export interface Route {
  /** A part in braces is a parameter. */
  readonly path: string;
  readonly operation: string;
  readonly summary: string;
  /** Those of the path and of the query. */
  readonly parameters: z.ZodObject;
  readonly answer: z.ZodType;
  /** Gives what is answered, as JSON will have it. */
  run(parameters: unknown, database: Queries): Promise<unknown>;
}

interface TypedRoute<Parameters extends z.ZodObject, Answer extends z.ZodType> extends Omit<Route, 'run'> {
  readonly parameters: Parameters;
  readonly answer: Answer;
  readonly run: (parameters: z.output<Parameters>, database: Queries) => Promise<z.input<Answer>>;
}

/** A route whose parameters and answer are those of its schemas. */
function route<P extends z.ZodObject, A extends z.ZodType>(typed: TypedRoute<P, A>): Route {
  return { ...typed, run: (parameters, database) => typed.run(parameters as z.output<P>, database) };
}

export const ROUTES: readonly Route[] = [
  route({
    path: '/tables',
    operation: 'listTables',
    summary: 'Tables by their names, each with the figures of its latest finding',
    parameters: asked.tablesParameters,
    answer: answers.tablesAnswer,
    run: async ({ name, cursor, limit }, database) => {
      const ask = { after: cursor, limit: limit + 1, search: name };
      return answers.tablesOf(await rowsOf<queries.TableRow>(database, queries.tables(ask)), limit);
    },
  }),
  route({
    path: '/tables/{table}',
    operation: 'getTable',
    summary: 'A table with the whole document of its latest finding',
    parameters: asked.tableParameters,
    answer: answers.tableAnswer,
    run: async ({ table }, database) => {
      type Row = queries.TableRow & { readonly document: z.input<typeof answers.tableAnswer>['finding'] };
      const [row] = await rowsOf<Row>(database, queries.latestFinding(table));
      if (row === undefined) throw noTable();
      return { table: answers.tableOf(row), finding: row.document };
    },
  }),
  route({
    path: '/tables/{table}/findings',
    operation: 'listFindings',
    summary: 'What was found of a table, the newest first',
    parameters: asked.historyParameters,
    answer: answers.historyAnswer,
    run: async ({ table, cursor, limit }, database) => {
      const ask = { table, after: cursor, limit: limit + 1 };
      const rows = await rowsOf<queries.HistoryRow>(database, queries.history(ask));
      // A history may end with a page, but none is empty from its start.
      if (rows.length === 0 && cursor === undefined) throw noTable();
      return answers.historyOf(rows, limit);
    },
  }),
  route({
    path: '/worst',
    operation: 'listWorst',
    summary: 'The tables that are worst by a figure; those in good order are left out',
    parameters: asked.worstParameters,
    answer: answers.worstAnswer,
    run: async ({ by, limit }, database) => {
      const rows = await rowsOf<queries.TableRow>(database, queries.worst({ by, limit }));
      return { by, tables: rows.map(answers.tableOf) };
    },
  }),
  route({
    path: '/changes',
    operation: 'listChanges',
    summary:
      'The tables that got worse by a figure, against the last finding up to a time; by how much, the most first',
    parameters: asked.changesParameters,
    answer: answers.changesAnswer,
    run: async ({ since, by, limit }, database) => {
      const rows = await rowsOf<queries.ChangeRow>(database, queries.changes({ since, by, limit }));
      return { by, since, changes: rows.map(answers.changeOf) };
    },
  }),
];

function rowsOf<Row extends object>(database: Queries, { text, values }: queries.Statement): Promise<Row[]> {
  return database.query<Row>(text, values);
}

function noTable(): Problem {
  return new Problem(404, 'no finding is known of a table with this key; GET /tables lists those that are known');
}
