import { part, wholeNumber } from '../vocabulary';

/** What findings are kept in. */
export const service = part({
  previousFindingsDays: wholeNumber(1, 3650).optional().meta({
    description:
      'The days that the findings bucket keeps a finding after a newer one of the same table took its place.',
    defaultText: '`365`',
  }),
});
