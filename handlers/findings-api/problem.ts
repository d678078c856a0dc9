import * as z from 'zod';

/** RFC 9457. The titles are those of HTTP; what is special about a problem is in its detail. */
export const problemSchema = z
  .strictObject({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string().meta({ description: 'What was wrong, and what is wanted' }),
    requestId: z.string().meta({ description: 'Names the request in the logs' }),
    errors: z
      .array(z.strictObject({ parameter: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'Each parameter that was wrong' }),
  })
  .meta({ id: 'Problem', description: 'Why there is no answer (RFC 9457)' });

export const TITLES = {
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  405: 'Method Not Allowed',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const;

type ProblemStatus = keyof typeof TITLES;
type ParameterErrors = z.infer<typeof problemSchema>['errors'];

/** An answer that is not what was asked for. It says nothing that its reader may not know. */
export class Problem extends Error {
  constructor(
    readonly status: ProblemStatus,
    readonly detail: string,
    readonly more: { readonly errors?: ParameterErrors; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(detail);
  }

  /** The body of the answer. */
  body(requestId: string): z.infer<typeof problemSchema> {
    const { errors } = this.more;
    return {
      type: 'about:blank',
      title: TITLES[this.status],
      status: this.status,
      detail: this.detail,
      requestId,
      ...(errors === undefined ? {} : { errors }),
    };
  }
}
