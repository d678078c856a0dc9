import { z } from 'zod';
import { block, text } from '../vocabulary';

const KINDS = 'amazonLinux, pipeline or parameter';

const imageKind = <Kind extends 'amazonLinux' | 'pipeline' | 'parameter'>(kind: Kind) =>
  z.literal(kind, { error: KINDS }).meta({
    description:
      'Where the image comes from. `amazonLinux`: the current Amazon Linux 2023 of the right architecture, on which each host installs everything. `pipeline`: one with everything installed, built and tested when its content changes and every week; no deployment waits for it. `parameter`: one of your own.',
    defaultText: '`amazonLinux`',
  });

/** What hosts boot from. */
export const image = z
  .discriminatedUnion(
    'kind',
    [
      block({ kind: imageKind('amazonLinux') }),
      block({
        kind: imageKind('pipeline'),
        schedule: text(
          /^cron\(\S+( \S+){5}\)$/,
          'a schedule of EC2 Image Builder with six fields, in UTC, such as cron(0 3 ? * sun *)',
        )
          .optional()
          .meta({
            description:
              'When an image is built beside the builds of new content, in UTC: that is how the newest packages reach hosts. Only with kind `pipeline`.',
            defaultText: '`cron(0 3 ? * sun *)`: Sundays at 03:00',
          }),
      }),
      block({
        kind: imageKind('parameter'),
        name: text(/^(\/[A-Za-z0-9_.-]+)+$/, 'the full name of an SSM parameter such as /images/workbench').meta({
          description: 'The SSM parameter that holds the id of the image. Only with kind `parameter`.',
          defaultText: 'none: kind `parameter` needs it',
        }),
      }),
    ],
    {
      error: (issue) =>
        issue.code === 'invalid_union'
          ? KINDS
          : 'a block of settings: kind, with kind pipeline schedule, and with kind parameter name',
    },
  )
  .default({ kind: 'amazonLinux' })
  .meta({ description: 'The image that hosts boot from.' });
