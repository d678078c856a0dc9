/** An answer of the API, or of API Gateway before it. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** What an answer means to the person who asked, and what to do. */
export interface Explanation {
  readonly title: string;
  readonly detail: string;
}

interface Rule extends Explanation {
  readonly statuses: readonly number[];
  readonly says: RegExp;
}

/** API Gateway's own words, from the most special to the least. */
const RULES: readonly Rule[] = [
  {
    statuses: [403],
    says: /token .*expired|ExpiredToken/i,
    title: 'Your AWS credentials have expired',
    detail:
      'sign in to AWS again (with IAM Identity Center: `aws sso login`) and try again; if they are environment variables, start `npm run findings` anew with the new ones',
  },
  {
    statuses: [403],
    says: /Signature expired|Signature not yet current/i,
    title: 'The time of this computer is wrong',
    detail: 'AWS takes a signature for a few minutes alone: set the clock, and try again',
  },
  {
    statuses: [403],
    says: /signature we calculated|token .*invalid|security token|InvalidSignature|UnrecognizedClient/i,
    title: 'AWS does not know your credentials',
    detail: 'see who you are with `aws sts get-caller-identity`; they must be whole, and of the account of the API',
  },
  {
    statuses: [403],
    says: /not authorized|Forbidden|Missing Authentication Token/i,
    title: 'You have no permission to read findings',
    detail:
      'somebody who may must allow you `execute-api:Invoke` on the API; a web ACL or a policy of your organization may forbid it as well',
  },
  {
    statuses: [401],
    says: /Unauthorized/i,
    title: 'This API lets in people of a user pool',
    detail:
      'AWS credentials are not asked for where `service.api.userPoolArn` is set: send it a token of the user pool instead',
  },
  {
    statuses: [429],
    says: /.*/,
    title: 'Too many requests',
    detail: 'the API answers no more of them now: try again in a few seconds',
  },
];
const MOST_QUOTED = 500;

/** Of what API Gateway refuses, why and what to do; undefined of what the API itself answers, which says so. */
export function explained({ status, type, body }: Answer): Explanation | undefined {
  if (status < 400 || type.startsWith('application/problem+json')) return undefined;
  const rule = RULES.find(({ statuses, says }) => statuses.includes(status) && says.test(body));
  if (rule === undefined) return undefined;
  const said = messageIn(body);
  return { title: rule.title, detail: said === '' ? rule.detail : `${rule.detail}. AWS says: ${said}` };
}

function messageIn(body: string): string {
  try {
    const { message, Message } = Object(JSON.parse(body)) as { message?: unknown; Message?: unknown };
    return [message, Message]
      .filter((each) => typeof each === 'string')
      .join(' ')
      .slice(0, MOST_QUOTED);
  } catch {
    return '';
  }
}
