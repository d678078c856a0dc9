import type { Migration } from './migration';

/** Finds a text anywhere in a name. The extension is one that an owner of a database may make. */
export const search: Migration = {
  version: 3,
  name: 'search',
  up: `
create extension if not exists pg_trgm;
create index latest_search on latest using gin (lower(table_name) gin_trgm_ops);
`,
  down: 'drop index latest_search; drop extension pg_trgm;',
};
