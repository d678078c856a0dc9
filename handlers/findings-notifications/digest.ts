import type { Queries } from '../findings/database';

/** Advice that a table did not need when people were told last, or did not need so urgently. */
export interface Worsening {
  readonly tableName: string;
  readonly severity: 'high' | 'medium' | 'low' | 'failed';
  /** What is wrong, and what to do about it. */
  readonly reason: string;
  readonly action: string;
}

export interface Digest {
  readonly subject: string;
  readonly message: string;
}

const MOST_LINES = 20;
/** No order of magnitude of tables makes a digest too large for a function's memory. */
const MOST_ROWS = 2_000;

/** The newest findings beside those that people were told about. A severity's place: the lower the more urgent. */
const WORSE = `with severity (name, place) as (values ('failed', 0), ('high', 1), ('medium', 2), ('low', 3)),
  pair as (
    select latest.table_name, now.document as now, before.document as before
    from latest
    join finding as now on now.id = latest.finding_id
    left join told on told.table_key = latest.table_key
    left join finding as before on before.id = told.finding_id
    where told.finding_id is distinct from latest.finding_id
  ),
  problem as (
    select table_name, before, advice ->> 'code' as code, advice ->> 'severity' as severity,
      advice ->> 'reason' as reason, advice ->> 'action' as action
    from pair cross join lateral jsonb_array_elements(now -> 'advice') as advice
    union all
    select table_name, before, 'failed', 'failed', now #>> '{failure,message}', now #>> '{failure,action}'
    from pair where now ->> 'status' = 'failed' and (before is null or before ->> 'status' <> 'failed')
  )
  select table_name as "tableName", severity, reason, action, count(*) over ()::integer as total
  from problem join severity on severity.name = problem.severity
  where not exists (
    select from jsonb_array_elements(before -> 'advice') as earlier
    join severity as was on was.name = earlier ->> 'severity'
    where earlier ->> 'code' = problem.code and was.place <= severity.place
  )
  order by severity.place, table_name, code limit ${MOST_ROWS}`;

const TELL = `insert into told (table_key, finding_id) select table_key, finding_id from latest order by table_key
  on conflict (table_key) do update set finding_id = excluded.finding_id
  where told.finding_id <> excluded.finding_id`;

/** What got worse since people were told last, most urgent first, and how many of that there are in all. */
export async function worsenings(queries: Queries): Promise<{ readonly rows: Worsening[]; readonly total: number }> {
  const rows = await queries.query<Worsening & { total: number }>(WORSE);
  return { rows, total: rows[0]?.total ?? 0 };
}

/** Notes that people know the newest findings. */
export async function noteTold(queries: Queries): Promise<void> {
  await queries.query(TELL);
}

/** What people read; undefined when there is nothing to say. */
export function digestOf(rows: readonly Worsening[], total: number): Digest | undefined {
  if (total === 0) return undefined;
  const lines = rows
    .slice(0, MOST_LINES)
    .map(({ tableName, severity, reason, action }) => `${severity}: ${tableName}: ${reason} ${action}`);
  const more = total > MOST_LINES ? [`and ${total - MOST_LINES} more`] : [];
  return {
    subject: `TableSleuth: ${total} ${total === 1 ? 'problem' : 'problems'} that tables did not have before`,
    message: [...lines, ...more].join('\n'),
  };
}
