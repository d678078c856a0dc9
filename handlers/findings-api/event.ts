/** What API Gateway calls the function of a REST API with (proxy integration), as far as it is read here. */
export interface ProxyEvent {
  readonly httpMethod: string;
  /** Without the stage. */
  readonly path: string;
  readonly multiValueQueryStringParameters?: Readonly<Record<string, readonly string[] | undefined>> | null;
  readonly requestContext: {
    readonly requestId: string;
    readonly identity?: { readonly userArn?: string | null };
    readonly authorizer?: { readonly claims?: { readonly sub?: string } } | null;
  };
}

/** What the function answers with. */
export interface ProxyAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Who asks: the ARN of an IAM identity, or the subject of a Cognito user. Undefined when API Gateway asked nobody. */
export function callerOf({ requestContext: { identity, authorizer } }: ProxyEvent): string | undefined {
  return identity?.userArn || authorizer?.claims?.sub || undefined;
}
