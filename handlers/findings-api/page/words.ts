import type { FigureName } from '../../findings/figures';

type Unit = 'bytes' | 'count' | 'share' | 'times';

/** How people read each figure. */
export const LABELS: Readonly<Record<FigureName, { readonly text: string; readonly unit: Unit }>> = {
  reclaimableBytes: { text: 'Reclaimable bytes', unit: 'bytes' },
  heldBytes: { text: 'Held bytes', unit: 'bytes' },
  orphanBytes: { text: 'Orphan bytes', unit: 'bytes' },
  bytes: { text: 'Bytes of data', unit: 'bytes' },
  files: { text: 'Data files', unit: 'count' },
  smallFiles: { text: 'Small files', unit: 'count' },
  smallRatio: { text: 'Share of small files', unit: 'share' },
  damagedFiles: { text: 'Damaged files', unit: 'count' },
  deleteFiles: { text: 'Delete files', unit: 'count' },
  deletedRatio: { text: 'Share of deleted rows', unit: 'share' },
  readAmplification: { text: 'Read amplification', unit: 'times' },
  snapshots: { text: 'Snapshots', unit: 'count' },
  expirableSnapshots: { text: 'Expirable snapshots', unit: 'count' },
  metadataFiles: { text: 'Metadata files', unit: 'count' },
};

const UNKNOWN = 'unknown';
const BYTE_UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB', 'EB'];
const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const SHORT = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });

/** A value of a figure with its unit; a thousand bytes are a kilobyte. */
export function valueText(by: FigureName, value: number | null): string {
  if (value === null) return UNKNOWN;
  const { unit } = LABELS[by];
  if (unit === 'bytes') return bytesText(value);
  if (unit === 'share') return `${SHORT.format(value * 100)} %`;
  return unit === 'times' ? `${SHORT.format(value)} ×` : WHOLE.format(value);
}

function bytesText(bytes: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), BYTE_UNITS.length - 1);
  return `${SHORT.format(bytes / 1000 ** power)} ${BYTE_UNITS[power]}`;
}

/** A time to the minute, in UTC, wherever its reader is. */
export function timeText(moment: string): string {
  const iso = new Date(moment).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}
