import { awsRegion, part, text, wholeNumber } from '../vocabulary';

/** The daily backup of the workspace. */
export const backup = part({
  hour: wholeNumber(0, 23).optional().meta({
    description: 'The hour of the day in UTC at which the backup begins, or up to an hour later.',
    defaultText: '`2`',
  }),
  keepDays: wholeNumber(1, 3650).optional().meta({
    description:
      'The days that each backup is kept. Nobody deletes it earlier without taking the lock off its vault. About 0.05 USD a month for each GiB that changed in them.',
    defaultText: '`7`',
  }),
  copyToRegion: awsRegion().optional().meta({
    description:
      'Another region, to which every backup is copied, into a locked vault with a key of its own (1 USD a month). It has to be bootstrapped as well.',
    defaultText: 'backups are in `region` alone',
  }),
  copyVaultName: text(/^[\w-]{2,50}$/, 'a name of 2 to 50 letters, digits and hyphens')
    .optional()
    .meta({
      description:
        'The name of the vault in that region. Another name makes another vault: where one stayed when its stack was destroyed, its name is taken.',
      defaultText: '`tablesleuth-<environment>-copies`',
    }),
});
