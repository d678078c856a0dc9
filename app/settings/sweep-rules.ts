import type { Problem } from './problem';
import { show } from './problem';
import type { Rule } from './rules';
import type { CompletedSettings } from './schema';

type Data = CompletedSettings['data'];

/** The sweep has the permissions of `data` and no more: what it is told to read has to be among it. */
export const sweepReadsWhatDataNames: Rule = ({ completed: { data, sweep }, isWrong }) => {
  if (sweep === undefined || isWrong('data') || isWrong('sweep.tables')) return [];
  if (sweep.tables === undefined) return namesNothing(data) ? [nothingToSweep()] : [];
  return sweep.tables.flatMap((table, index): Problem[] => {
    const { key, value, entries } = sourceOf(table, data);
    if (entries.includes(value)) return [];
    const wants = `wants ${value} in data.${key} as well: the sweep may read what data names, and nothing else`;
    return [{ path: ['sweep', 'tables', index], says: `got ${show(table)}, ${wants}` }];
  });
};

function namesNothing({ buckets, glueDatabases, tableBuckets }: Data): boolean {
  return [buckets, glueDatabases, tableBuckets].every(({ length }) => length === 0);
}

function nothingToSweep(): Problem {
  const wants = 'wants something in data.glueDatabases, data.tableBuckets or data.buckets, or no sweep';
  return { path: ['sweep'], says: `got a block of settings while data names nothing to read, ${wants}` };
}

/** Where `data` has to name what a table is in. */
function sourceOf(table: string, data: Data): { key: string; value: string; entries: readonly string[] } {
  if (table.startsWith('arn:')) {
    return { key: 'tableBuckets', value: table.split('/table/')[0]!, entries: data.tableBuckets };
  }
  if (table.startsWith('s3://')) {
    const bucket = table.split('/')[2]!;
    const entries = data.buckets.map((arn) => arn.split(':').at(-1)!);
    return { key: 'buckets', value: bucket, entries };
  }
  const database = table.startsWith('glue:') ? table.slice('glue:'.length) : table.split('.')[0]!;
  return { key: 'glueDatabases', value: database, entries: data.glueDatabases };
}
