import { z } from 'zod';
import { block, orSwitch } from '../vocabulary';

const ABOVE_ZERO = 'a price above 0 in USD per hour';

/** The dashboard of the hosts. */
export const dashboard = orSwitch(
  block({
    hourlyPrice: z.number({ error: ABOVE_ZERO }).positive({ error: ABOVE_ZERO }).optional().meta({
      description:
        "What a host costs, in USD per hour: it turns the hours that hosts ran today into money. The computer alone; the rest of AWS's bill comes on top.",
      defaultText: 'hours are shown, without money',
    }),
  }),
)
  .default(false)
  .meta({
    description:
      'The CloudWatch dashboard `tablesleuth-<environment>`: health, people, disk, cost, load, errors; with `service` another one, `tablesleuth-<environment>_findings`. Each 3 USD a month after the first three of an account, so it is off by default.',
  });
