import { part, wholeNumber } from '../vocabulary';

/** Whether a host that nobody uses is stopped. */
export const idleStop = part({
  afterMinutes: wholeNumber(5, 1440).optional().meta({
    defaultText: '`60`',
    description:
      'The minutes without a session, a connection to GizmoSQL and a request to the web interface after which the host stops. A query that runs is a connection.',
  }),
});
