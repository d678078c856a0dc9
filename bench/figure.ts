type Unit = 's' | 'ms' | 'MB' | 'MiB';

/** One measured figure, and what it may be. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  /** @default s */
  readonly unit?: Unit;
  /** What it is compared with, measured in the same run. */
  readonly peer?: { readonly name: string; readonly value: number };
  /** The most that the value may be. */
  readonly most?: number;
  /** The most that the ratio to the peer may be. */
  readonly mostRatio?: number;
}

/** A figure as it is judged and printed. */
export interface Judged {
  readonly name: string;
  readonly figure: string;
  readonly peer: string;
  readonly ratio: string;
  readonly bound: string;
  readonly ok: boolean;
}

/** Why something cannot be measured on this computer. */
export class NotMeasurable extends Error {}

/** Holds a figure against its bounds. */
export function judge({ name, value, unit = 's', peer, most, mostRatio }: Figure): Judged {
  const ratio = peer === undefined ? undefined : value / peer.value;
  const bounds = [most === undefined ? [] : `≤ ${most} ${unit}`, mostRatio === undefined ? [] : `≤ ${mostRatio} ×`];
  return {
    name,
    figure: written(value, unit),
    peer: peer === undefined ? '' : `${written(peer.value, unit)} ${peer.name}`,
    ratio: ratio === undefined ? '' : written(ratio, '×'),
    bound: bounds.flat().join(', '),
    ok: within(value, most) && within(ratio, mostRatio),
  };
}

/** A bound that there is nothing to hold against is not kept. */
function within(value: number | undefined, most: number | undefined): boolean {
  return most === undefined || (value !== undefined && value <= most);
}

/** What could not be measured. */
export function failed(name: string): Judged {
  return { name, figure: 'failed', peer: '', ratio: '', bound: '', ok: false };
}

/** What this computer cannot measure: that is well, except in CI, where everything has to be. */
export function leftOut(name: string, reason: string, isCi: boolean): Judged {
  return { name, figure: 'left out', peer: reason, ratio: '', bound: '', ok: !isCi };
}

/** The middle of the measurements, which one slow run does not move. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  if (low === undefined || high === undefined) throw new Error('there is no median of no measurement');
  return (low + high) / 2;
}

/** The figures as a table for a terminal. */
export function table(figures: readonly Judged[]): string {
  const heads = ['name', 'figure', 'peer', 'ratio', 'bound', 'ok'];
  const rows = figures.map(({ name, figure, peer, ratio, bound, ok }) => [
    name,
    figure,
    peer,
    ratio,
    bound,
    ok ? 'yes' : 'NO',
  ]);
  const widths = heads.map((head, column) => Math.max(...[heads, ...rows].map((row) => (row[column] ?? head).length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [heads, widths.map((width) => '-'.repeat(width)), ...rows].map(line).join('\n');
}

function written(value: number, unit: string): string {
  return `${value.toFixed(unit === 'MiB' ? 0 : 2)} ${unit}`;
}
