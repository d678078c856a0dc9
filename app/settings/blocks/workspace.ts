import { z } from 'zod';
import { part, text, wholeNumber } from '../vocabulary';

/** What outlives hosts. */
export const workspace = part({
  mode: z.enum(['volume', 'shared'], { error: 'volume or shared' }).optional().meta({
    description:
      '`volume`: an EBS volume that one host at a time has, in one Availability Zone. `shared`: an EFS file system that all hosts use at once, in all zones; about 0.30 USD a GB and month, and every gigabyte that is read or written costs as well. Neither becomes the other: a change begins with an empty workspace, and the one before stays in the account.',
    defaultText: '`volume`',
  }),
  sizeGiB: wholeNumber(1, 16_384).optional().meta({
    description:
      'The size of the volume in GiB, about 0.08 USD a month each. A larger one is taken up by the running host within a minute; EBS makes no volume smaller. Only with mode `volume`: a file system has as much room as its files take.',
    defaultText: '`50`',
  }),
  volumeId: text(/^vol-([0-9a-f]{8}|[0-9a-f]{17})$/, 'a volume id such as vol-0123456789abcdef0')
    .optional()
    .meta({
      description:
        "Uses this volume instead of making one: one that was restored from a backup, or that stayed when it was no longer a stack's. It has to be in the Availability Zone of the first subnet for hosts. Only with mode `volume`; excludes `sizeGiB`.",
      defaultText: 'a volume is made',
    }),
  fileSystemId: text(/^fs-([0-9a-f]{8}|[0-9a-f]{17})$/, 'a file system id such as fs-0123456789abcdef0')
    .optional()
    .meta({
      description:
        'Uses this file system instead of making one. Only with mode `shared`, and together with `accessPointId`. It must have no mount target, and belong to this account.',
      defaultText: 'a file system is made',
    }),
  accessPointId: text(/^fsap-[0-9a-f]{17}$/, 'an access point id such as fsap-0123456789abcdef0')
    .optional()
    .meta({
      description:
        "The access point of `fileSystemId` that hosts come through: one for what was restored from a backup, or the one that stayed when it was no longer a stack's.",
      defaultText: 'an access point is made with the file system',
    }),
});
