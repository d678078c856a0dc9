import { block, orFalse, text, wholeNumber } from '../vocabulary';

/** The alarms of the hosts. */
export const alarms = orFalse(
  block({
    email: text(/^[^@\s]+@[^@\s]+\.[^@\s]+$/, 'an e-mail address such as data-team@example.com').meta({
      description: 'Who is told, by e-mail. AWS asks the address once to confirm, and sends nothing before.',
      defaultText: 'none: a block of alarms needs it',
    }),
    cpuPercent: wholeNumber(1, 99).default(80).meta({
      description: 'The processor time in percent above which, for ten minutes, the host counts as overloaded.',
    }),
    diskPercent: wholeNumber(1, 99).default(85).meta({
      description: 'How full in percent the disk may be for ten minutes.',
    }),
  }),
)
  .default(false)
  .meta({
    description:
      'Alarms about the hosts, and spot notices, to an encrypted topic with e-mail; about 1.30 USD a month, less within the ten alarms that AWS gives each account. With `service` five more, and what sweeps found to be worse. Off until somebody to tell is named.',
  });
