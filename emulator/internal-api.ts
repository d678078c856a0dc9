/** The account's own endpoints beside AWS's, for what no API of AWS offers. */
export class InternalApi {
  constructor(
    private readonly endpoint: string,
    private readonly secretAccessKey: string,
  ) {}

  /** Throws `Refusal` when the account refuses, and what `fetch` throws when it does not answer. */
  async call<Answer>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${this.endpoint}/_tablesleuth/${path}`, {
      method,
      headers: { 'x-tablesleuth-secret': this.secretAccessKey },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const answer = (await response.json()) as Answer & { Message?: string };
    if (!response.ok) throw new Refusal(response.status, answer.Message ?? `HTTP ${response.status}`);
    return answer;
  }
}

/** The account answered, and said no. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}
