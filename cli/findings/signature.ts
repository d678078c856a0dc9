import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';

type Options = ConstructorParameters<typeof SignatureV4>[0];

/** Credentials of AWS, or what gives them, anew when they have ended. */
export type Credentials = Options['credentials'];

/** SHA-256 as the package wants it; that of Node.js needs no other package. */
class Sha256 {
  private hash: Hash | Hmac;

  constructor(private readonly secret?: ConstructorParameters<Options['sha256']>[0]) {
    this.hash = this.begun();
  }

  update(data: Uint8Array): void {
    this.hash.update(data);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.hash.digest());
  }

  reset(): void {
    this.hash = this.begun();
  }

  private begun(): Hash | Hmac {
    if (this.secret === undefined) return createHash('sha256');
    return createHmac('sha256', typeof this.secret === 'string' ? this.secret : bytesOf(this.secret));
  }
}

/** The headers of a signed GET (or HEAD) of a URL, for API Gateway. */
export async function signedHeaders(
  { url, method, headers }: { readonly url: URL; readonly method: string; readonly headers: Record<string, string> },
  { region, credentials }: { readonly region: string; readonly credentials: Credentials },
): Promise<Record<string, string>> {
  const signer = new SignatureV4({ service: 'execute-api', region, credentials, sha256: Sha256 });
  const signed = await signer.sign({
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: queryOf(url),
    headers: { host: url.host, ...headers },
  });
  // The same host is sent by whoever sends the request.
  const { host: _, ...rest } = signed.headers;
  return rest;
}

function queryOf({ searchParams }: URL): Record<string, string[]> {
  return Object.fromEntries([...new Set(searchParams.keys())].map((name) => [name, searchParams.getAll(name)]));
}

function bytesOf(source: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
}
