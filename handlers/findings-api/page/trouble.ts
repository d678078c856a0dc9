/** Why there is nothing to show. */
export interface Trouble {
  readonly title: string;
  readonly detail: string;
  /** Each parameter that was wrong. */
  readonly wrong: readonly string[];
  readonly requestId?: string | undefined;
}

/** An answer that is none of 200. */
export interface Refusal {
  readonly status: number;
  readonly body: string;
}

/** What an answer says of itself: a problem of the API (RFC 9457), a message of API Gateway, or neither. */
export function troubleOf({ status, body }: Refusal): Trouble {
  const said = json(body);
  const title = text(said['title']) ?? `The API answered ${status}`;
  const detail = text(said['detail']) ?? text(said['message']) ?? text(said['Message']) ?? 'It does not say why.';
  const errors = Array.isArray(said['errors']) ? (said['errors'] as unknown[]) : [];
  return { title, detail, wrong: errors.map(errorText), requestId: text(said['requestId']) };
}

/** Nobody answered. */
export const UNREACHABLE: Trouble = {
  title: 'Nobody answers',
  detail: 'The way to the API has ended: start `npm run findings` again, and open the address that it tells.',
  wrong: [],
};

/** A fault of the page itself. */
export const FAULT: Trouble = {
  title: 'The page failed',
  detail: 'What the API answered is not what this page knows: load the page anew.',
  wrong: [],
};

function errorText(error: unknown): string {
  const { parameter, message } = Object(error) as { parameter?: unknown; message?: unknown };
  return [text(parameter), text(message)].filter((part) => part !== undefined).join(': ');
}

function json(body: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(body)) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
