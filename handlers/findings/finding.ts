import * as z from 'zod';

const whole = z.int().nonnegative();
const ratio = z.number().min(0).max(1);
const moment = z.iso.datetime({ offset: true });
const texts = z.array(z.string());

const files = z.strictObject({
  count: whole,
  bytes: whole,
  rows: whole.nullable(),
  smallCount: whole,
  smallRatio: ratio,
  smallBelowBytes: whole,
  medianBytes: whole,
  largestBytes: whole,
  countIfCompacted: whole,
  missing: whole.nullable(),
  wrongSize: whole.nullable(),
  unreadable: whole,
  examples: texts,
});

const deletes = z.strictObject({
  files: whole,
  bytes: whole,
  positionFiles: whole,
  equalityFiles: whole,
  vectors: whole,
  positionRows: whole,
  equalityRows: whole,
  danglingFiles: whole,
  deletedRatio: ratio.nullable(),
  readAmplification: z.number().min(1),
});

const history = z.strictObject({
  count: whole,
  oldestAt: moment.nullable(),
  newestAt: moment.nullable(),
  oldestAgeDays: z.number().nullable(),
  newestAgeDays: z.number().nullable(),
  expirable: whole,
  references: whole,
});

const waste = z.strictObject({
  heldBytes: whole,
  heldFiles: whole,
  reclaimableBytes: whole,
  reclaimableFiles: whole,
  orphanBytes: whole.nullable(),
  orphanFiles: whole.nullable(),
  retentionHours: z.number(),
});

const schema = z.strictObject({
  columns: whole,
  changes: z.array(
    z.strictObject({ at: moment.nullable(), added: texts, dropped: texts, renamed: texts, retyped: texts }),
  ),
  distinct: whole,
  partitionColumns: texts,
  partitionChanges: whole,
});

const metadata = z.strictObject({
  files: whole,
  bytes: whole,
  checkpointVersion: whole.nullable(),
  commitsSinceCheckpoint: whole.nullable(),
  checkpointInterval: whole.nullable(),
  checkpointProblems: texts,
  rowGroups: whole.nullable(),
  filesWithoutStatistics: whole.nullable(),
  codecs: texts,
});

const figures = z.strictObject({
  files,
  deletes,
  history: history.nullable(),
  waste: waste.nullable(),
  schema,
  metadata,
  notes: texts,
});

const advice = z.strictObject({
  code: z.string(),
  severity: z.enum(['high', 'medium', 'low']),
  reason: z.string(),
  action: z.string(),
  value: z.number(),
  threshold: z.number(),
});

const failure = z.strictObject({
  kind: z.enum(['access-denied', 'not-found', 'unreadable', 'unsupported', 'timeout', 'crashed', 'other']),
  message: z.string().max(500),
  action: z.string(),
});

const secondOpinion = z.strictObject({
  version: z.string(),
  figures: z.record(z.string(), z.unknown()),
  recommendations: texts,
  differences: z.array(
    z.strictObject({
      figure: z.string(),
      ours: z.number().nullable(),
      tableSleuth: z.number().nullable(),
      why: z.string(),
    }),
  ),
  failure: z.string().max(500).nullable(),
});

export const FORMATS = ['iceberg', 'delta', 'parquet', 'unknown'] as const;
export const STATUSES = ['ok', 'failed'] as const;

/** What a sweep found about one table: the document of `sweep/finding.schema.json`. */
export const finding = z
  .strictObject({
    schemaVersion: z.literal(1).default(1),
    table: z.strictObject({
      id: z.string(),
      name: z.string(),
      format: z.enum(FORMATS),
      location: z.string().nullable(),
    }),
    inspectedAt: moment,
    seconds: z.number().nonnegative(),
    status: z.enum(STATUSES),
    failure: failure.nullable(),
    figures: figures.nullable(),
    advice: z.array(advice),
    tableSleuth: secondOpinion.nullable(),
  })
  .meta({ id: 'Finding', description: 'What a sweep found about one table; sweep/finding.schema.json describes it.' });

export type Finding = z.infer<typeof finding>;
