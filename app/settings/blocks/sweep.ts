import { listOf, part, text, wholeNumber, yesOrNo } from '../vocabulary';

const TABLE =
  /^(glue:[a-z0-9_-]+|[a-z0-9_-]+\.[\w-]+|s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/\S*)?|arn:aws[a-z-]*:s3tables:[a-z0-9-]+:\d{12}:bucket\/[a-z0-9-]{3,63}(\/table\/\w+\.\w+)?)$/;
const TABLES =
  'glue:DATABASE, DATABASE.TABLE, the ARN of an S3 table bucket or of one of its tables, or s3://BUCKET/PREFIX';

/** The inspection of all tables on a schedule. */
export const sweep = part({
  schedule: text(
    /^(cron\(\S+( \S+){5}\)|rate\([1-9]\d* (minutes?|hours?|days?)\))$/,
    'a schedule of EventBridge Scheduler, in UTC, such as cron(0 4 * * ? *) or rate(12 hours)',
  )
    .optional()
    .meta({
      description: 'When a sweep begins, in UTC.',
      defaultText: '`cron(0 4 * * ? *)`: every day at 04:00',
    }),
  tables: listOf(text(TABLE, TABLES), `a list of ${TABLES}`)
    .min(1, { error: `a list of ${TABLES}` })
    .optional()
    .meta({
      description:
        'What is swept: `glue:DATABASE`, `DATABASE.TABLE`, the ARN of a table bucket or of one of its tables, or `s3://BUCKET/PREFIX`. Each has to be among what `data` names.',
      defaultText: "`data`'s Glue databases and table buckets; where it names none, its buckets",
    }),
  spot: yesOrNo().optional().meta({
    description:
      'Whether the jobs run on spare capacity, for about 70 % less. An interrupted one goes on where it was.',
    defaultText: '`true`',
  }),
  maxVcpus: wholeNumber(1, 256).optional().meta({
    description: 'How many vCPUs run at a time, one for each worker. Nothing runs between sweeps.',
    defaultText: '`16`',
  }),
});
