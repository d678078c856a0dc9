import { createPrivateKey, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';

/** A key that load balancers sign with, and what AWS publishes of it. */
export interface SigningKey {
  readonly id: string;
  readonly privateKey: KeyObject;
  /** PEM text. */
  readonly publicKey: string;
}

/** What the head of a signed header says. */
export interface SignedHead {
  /** The ARN of the load balancer. */
  readonly signer: string;
  readonly iss: string;
  readonly client: string;
  /** Seconds since 1970. */
  readonly exp: number;
}

/** Makes a key of the kind that AWS has: ES256, with an id of its own. */
export function newSigningKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'prime256v1',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { id: randomUUID(), privateKey: createPrivateKey(privateKey), publicKey };
}

/**
 * The header `x-amzn-oidc-data` of a load balancer: a JSON web token whose head, unlike anybody else's, holds the signer and
 * the expiry, and whose three parts keep the padding of base64.
 */
export function signedHeader(key: SigningKey, head: SignedHead, claims: Readonly<Record<string, unknown>>): string {
  const { iss, exp } = head;
  const parts = [
    { typ: 'JWT', kid: key.id, alg: 'ES256', ...head },
    { ...claims, exp, iss },
  ];
  const signed = parts.map((part) => padded(Buffer.from(JSON.stringify(part)))).join('.');
  const signature = sign('sha256', Buffer.from(signed), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${padded(signature)}`;
}

function padded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}
