import type { Migration } from './migration';

const FIGURES = `
  reclaimable_bytes double precision,
  held_bytes double precision,
  orphan_bytes double precision,
  bytes double precision,
  files double precision,
  small_files double precision,
  small_ratio double precision,
  damaged_files double precision,
  delete_files double precision,
  deleted_ratio double precision,
  read_amplification double precision,
  snapshots double precision,
  expirable_snapshots double precision,
  metadata_files double precision`;

/** The indexes hold what is not in good order alone: of most tables that is little, so that most updates touch few. */
const WORST = [
  ['reclaimable_bytes', 0],
  ['held_bytes', 0],
  ['orphan_bytes', 0],
  ['bytes', 0],
  ['files', 0],
  ['small_files', 0],
  ['small_ratio', 0],
  ['damaged_files', 0],
  ['delete_files', 0],
  ['deleted_ratio', 0],
  ['read_amplification', 1],
  ['snapshots', 1],
  ['expirable_snapshots', 0],
  ['metadata_files', 0],
] as const;

export const findings: Migration = {
  version: 1,
  name: 'findings',
  up: `
create table finding (
  id bigint generated always as identity primary key,
  content_key text not null unique,
  table_key text not null,
  inspected_at timestamptz not null,
  recorded_at timestamptz not null default now(),
  status text not null,
  high integer not null,
  medium integer not null,
  low integer not null,${FIGURES},
  document jsonb not null
);
create index finding_history on finding (table_key, inspected_at desc, id desc);
create table latest (
  table_key text primary key,
  table_id text not null,
  table_name text not null,
  format text not null,
  location text,
  finding_id bigint not null,
  inspected_at timestamptz not null,
  status text not null,
  high integer not null,
  medium integer not null,
  low integer not null,${FIGURES}
);
create index latest_name on latest (table_name, table_key);
create index latest_inspected_at on latest (inspected_at);
${WORST.map(([column, good]) => `create index latest_${column} on latest (${column}, table_key) where ${column} > ${good};`).join('\n')}
`,
  down: 'drop table latest; drop table finding;',
};
