import { part, wholeNumber } from '../vocabulary';

/** The service that keeps findings and answers questions about them. */
export const service = part({
  previousFindingsDays: wholeNumber(1, 3650).optional().meta({
    description:
      'The days that the findings bucket keeps a finding after a newer one of the same table took its place.',
    defaultText: '`365`',
  }),
});
