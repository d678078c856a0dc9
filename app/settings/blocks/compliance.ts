import { z } from 'zod';
import { part } from '../vocabulary';

/** Rules of AWS Config. */
export const compliance = part({
  recorder: z.enum(['create', 'existing'], { error: 'create or existing' }).meta({
    description:
      'The recorder of AWS Config, of which a region has one. `create`: make it, to record instances, VPCs and buckets. `existing`: the account has one that records these.',
    defaultText: 'none: `compliance` needs it',
  }),
});
