import type { Finding } from '../../handlers/findings/finding';

type Figures = NonNullable<Finding['figures']>;

/** What differs from a table in good order. */
export interface Differences {
  readonly id?: string;
  readonly inspectedAt?: string;
  readonly files?: Partial<Figures['files']>;
  readonly deletes?: Partial<Figures['deletes']>;
  readonly waste?: Partial<NonNullable<Figures['waste']>>;
  readonly advice?: Finding['advice'];
}

const GOOD_FILES: Figures['files'] = {
  count: 10,
  bytes: 5_000_000_000,
  rows: 1_000_000,
  smallCount: 0,
  smallRatio: 0,
  smallBelowBytes: 100_663_296,
  medianBytes: 500_000_000,
  largestBytes: 600_000_000,
  countIfCompacted: 10,
  missing: 0,
  wrongSize: 0,
  unreadable: 0,
  examples: [],
};
const NO_DELETES: Figures['deletes'] = {
  files: 0,
  bytes: 0,
  positionFiles: 0,
  equalityFiles: 0,
  vectors: 0,
  positionRows: 0,
  equalityRows: 0,
  danglingFiles: 0,
  deletedRatio: 0,
  readAmplification: 1,
};
const NO_WASTE: NonNullable<Figures['waste']> = {
  heldBytes: 0,
  heldFiles: 0,
  reclaimableBytes: 0,
  reclaimableFiles: 0,
  orphanBytes: null,
  orphanFiles: null,
  retentionHours: 120,
};

/** The finding of a table in good order, but for what is said. */
export function findingOf(differences: Differences = {}): Finding {
  const { id = 'glue:sales.orders', inspectedAt = '2026-11-01T00:00:00Z', advice = [] } = differences;
  return {
    schemaVersion: 1,
    table: { id, name: id.replace(/^.*:/, ''), format: 'iceberg', location: `s3://lake/${id}` },
    inspectedAt,
    seconds: 1.5,
    status: 'ok',
    failure: null,
    figures: {
      files: { ...GOOD_FILES, ...differences.files },
      deletes: { ...NO_DELETES, ...differences.deletes },
      history: {
        count: 1,
        oldestAt: '2026-10-01T00:00:00Z',
        newestAt: '2026-10-31T00:00:00Z',
        oldestAgeDays: 31,
        newestAgeDays: 1,
        expirable: 0,
        references: 0,
      },
      waste: { ...NO_WASTE, ...differences.waste },
      schema: { columns: 5, changes: [], distinct: 1, partitionColumns: [], partitionChanges: 0 },
      metadata: {
        files: 1,
        bytes: 8_000,
        checkpointVersion: null,
        commitsSinceCheckpoint: null,
        checkpointInterval: null,
        checkpointProblems: [],
        rowGroups: null,
        filesWithoutStatistics: null,
        codecs: [],
      },
      notes: [],
    },
    advice,
    tableSleuth: null,
  };
}

/** The finding of a table that could not be read. */
export function failedFindingOf({ id, inspectedAt }: Pick<Differences, 'id' | 'inspectedAt'> = {}): Finding {
  const failure = { kind: 'access-denied' as const, message: 'AccessDenied', action: 'Grant it' };
  return { ...findingOf({ id, inspectedAt }), status: 'failed', failure, figures: null };
}

/** The bytes of a finding, as a sweep writes them. */
export function bytesOf(finding: Finding): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(finding, undefined, 1)}\n`);
}
