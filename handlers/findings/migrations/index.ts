import { findings } from './0001-findings';
import { notifications } from './0002-notifications';
import { search } from './0003-search';
import type { Migration } from './migration';

export type { Migration } from './migration';

/** In the order in which they are applied. */
export const MIGRATIONS: readonly Migration[] = [findings, notifications, search];
