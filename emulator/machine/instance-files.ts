/** What stands where AWS, and everything else a machine reaches over the network, would be. */
export interface Account {
  /** A folder of this computer with two unix sockets: `https.sock` speaks TLS, `metadata.sock` plain HTTP. */
  readonly sockets: string;
  /** The host names that lead to `https.sock`, port 443. */
  readonly hostNames: readonly string[];
  /** PEM text of the authority that signed the certificate behind `https.sock`. */
  readonly authority: string;
  /** Variables that every service and every `run` of a machine gets, such as where to find trusted certificates. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Python programs bring their own list of authorities; these variables make them use the machine's. */
export const TRUST_OF_THE_MACHINE = {
  AWS_CA_BUNDLE: '/etc/ssl/certs/ca-certificates.crt',
  REQUESTS_CA_BUNDLE: '/etc/ssl/certs/ca-certificates.crt',
  SSL_CERT_FILE: '/etc/ssl/certs/ca-certificates.crt',
} as const;

const METADATA_ADDRESS = '169.254.169.254';

/** The files that make a root file system one certain machine of an account. Pure: path to content. */
export function instanceFiles(name: string, account: Account): Record<string, string> {
  const variables = Object.entries(account.environment).map(([key, value]) => `"${key}=${value}"`);
  const metadata = door(
    'Instance metadata',
    `TCP-LISTEN:80,bind=${METADATA_ADDRESS},fork,reuseaddr UNIX-CONNECT:/run/account/metadata.sock`,
    `ExecStartPre=ip address replace ${METADATA_ADDRESS}/32 dev lo\n`,
  );
  const https = door(
    'AWS and GitHub',
    'TCP-LISTEN:443,bind=127.0.0.1,fork,reuseaddr UNIX-CONNECT:/run/account/https.sock',
  );
  const units = '/etc/systemd/system';
  return {
    '/etc/hostname': `${name}\n`,
    '/etc/hosts': `127.0.0.1 localhost ${name}\n${account.hostNames.map((host) => `127.0.0.1 ${host}\n`).join('')}`,
    [`${units}/account-metadata.service`]: metadata,
    [`${units}/account-https.service`]: https,
    [`${units}/network-online.target.d/account.conf`]: '[Unit]\nWants=account-metadata.service account-https.service\n',
    [`${units}/multi-user.target.d/account.conf`]: '[Unit]\nWants=network-online.target\n',
    '/etc/systemd/system.conf.d/account.conf': `[Manager]\nDefaultEnvironment=${variables.join(' ')}\n`,
  };
}

function door(description: string, sockets: string, before = ''): string {
  return `[Unit]
Description=${description}, as the emulated account answers
DefaultDependencies=no
After=basic.target
Before=network-online.target
[Service]
Type=simple
${before}ExecStart=socat ${sockets}
Restart=always
`;
}
