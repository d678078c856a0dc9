import type { Migration } from './migration';

/** `told` holds the finding of each table that people were told about last. */
export const notifications: Migration = {
  version: 2,
  name: 'notifications',
  up: `
create table notification (
  id bigint generated always as identity primary key,
  message_id text not null unique,
  topic text not null,
  subject text,
  message text not null,
  sent_at timestamptz not null,
  recorded_at timestamptz not null default now()
);
create index notification_sent_at on notification (sent_at desc);
create table told (
  table_key text primary key,
  finding_id bigint not null
);
`,
  down: 'drop table told; drop table notification;',
};
