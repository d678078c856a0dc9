import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { must } from './process';

/** A certificate authority of one test run, and a server's certificate that it signed. */
export interface Certificates {
  /** PEM text: what a machine has to trust. */
  readonly authority: string;
  /** PEM text of the server's certificate. */
  readonly certificate: string;
  /** PEM text of the server's key. */
  readonly key: string;
}

/**
 * Makes a certificate for the given host names (`*.example.com` is allowed), valid for two days, in about 0.3 seconds.
 * The files stay in `folder` (`authority.pem`, `certificate.pem`, `key.pem`) for servers that read files.
 */
export async function makeCertificates(folder: string, hostNames: readonly string[]): Promise<Certificates> {
  mkdirSync(folder, { recursive: true });
  const file = (name: string): string => join(folder, name);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await must([
    ...['openssl', 'req', '-x509', ...newKey, '-days', '2', '-subj', '/CN=tablesleuth-cdk emulated account'],
    ...['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
    ...['-keyout', file('authority-key.pem'), '-out', file('authority.pem')],
  ]);
  await must([
    ...['openssl', 'req', ...newKey, '-subj', '/CN=emulated account'],
    ...['-keyout', file('key.pem'), '-out', file('request.pem')],
  ]);
  const names = hostNames.map((name) => `DNS:${name}`).join(',');
  writeFileSync(
    file('extensions'),
    `basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=${names}\n`,
  );
  await must([
    ...['openssl', 'x509', '-req', '-in', file('request.pem'), '-days', '2', '-extfile', file('extensions')],
    ...['-CA', file('authority.pem'), '-CAkey', file('authority-key.pem'), '-CAcreateserial'],
    ...['-out', file('certificate.pem')],
  ]);
  const text = (name: string): string => readFileSync(file(name), 'utf8');
  return { authority: text('authority.pem'), certificate: text('certificate.pem'), key: text('key.pem') };
}
