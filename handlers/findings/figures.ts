import type { Finding } from './finding';

type Figures = NonNullable<Finding['figures']>;

interface Figure {
  /** Its column in both tables. */
  readonly column: string;
  readonly of: (figures: Figures) => number | null | undefined;
  /** What a table in good order has: not worth a place among the worst, nor in the index. */
  readonly good: number;
  readonly description: string;
}

/** The figures that tables are compared by. The greater one is the worse one. */
export const FIGURES = {
  reclaimableBytes: {
    column: 'reclaimable_bytes',
    of: ({ waste }) => waste?.reclaimableBytes,
    good: 0,
    description: 'Bytes that may be deleted today',
  },
  heldBytes: {
    column: 'held_bytes',
    of: ({ waste }) => waste?.heldBytes,
    good: 0,
    description: 'Bytes in storage that the newest state does not need',
  },
  orphanBytes: {
    column: 'orphan_bytes',
    of: ({ waste }) => waste?.orphanBytes,
    good: 0,
    description: 'Bytes that no state refers to',
  },
  bytes: { column: 'bytes', of: ({ files }) => files.bytes, good: 0, description: 'Bytes of live data files' },
  files: { column: 'files', of: ({ files }) => files.count, good: 0, description: 'Live data files' },
  smallFiles: { column: 'small_files', of: ({ files }) => files.smallCount, good: 0, description: 'Small data files' },
  smallRatio: {
    column: 'small_ratio',
    of: ({ files }) => files.smallRatio,
    good: 0,
    description: 'Share of data files that are small',
  },
  damagedFiles: {
    column: 'damaged_files',
    of: ({ files }) => (files.missing ?? 0) + (files.wrongSize ?? 0) + files.unreadable,
    good: 0,
    description: 'Data files that are missing, of the wrong size or unreadable',
  },
  deleteFiles: {
    column: 'delete_files',
    of: ({ deletes }) => deletes.files,
    good: 0,
    description: 'Delete files',
  },
  deletedRatio: {
    column: 'deleted_ratio',
    of: ({ deletes }) => deletes.deletedRatio,
    good: 0,
    description: 'Share of stored rows that are deleted',
  },
  readAmplification: {
    column: 'read_amplification',
    of: ({ deletes }) => deletes.readAmplification,
    good: 1,
    description: 'Files that a scan opens for each data file',
  },
  snapshots: {
    column: 'snapshots',
    of: ({ history }) => history?.count,
    good: 1,
    description: 'Snapshots or versions that are kept',
  },
  expirableSnapshots: {
    column: 'expirable_snapshots',
    of: ({ history }) => history?.expirable,
    good: 0,
    description: 'Snapshots that the table’s own retention lets go',
  },
  metadataFiles: {
    column: 'metadata_files',
    of: ({ metadata }) => metadata.files,
    good: 0,
    description: 'Metadata files that a reader opens before data',
  },
} as const satisfies Readonly<Record<string, Figure>>;

export type FigureName = keyof typeof FIGURES;

/** In the order of their columns in every statement. */
export const FIGURE_NAMES = Object.keys(FIGURES) as [FigureName, ...FigureName[]];

/** The value of a figure: null when it is not known. */
export function figureOf(name: FigureName, { figures }: Finding): number | null {
  const of: Figure['of'] = FIGURES[name].of;
  return figures === null ? null : (of(figures) ?? null);
}
