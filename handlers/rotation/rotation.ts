/** What Secrets Manager calls a rotation function with. */
export interface RotationEvent {
  readonly Step: string;
  readonly SecretId: string;
  /** The id of the version that is to become the current one. */
  readonly ClientRequestToken: string;
}

/** The secret, as a rotation needs it. Nothing here reads a password. */
export interface RotatedSecret {
  /** The labels of a version; undefined when there is no such version. */
  stagesOf(version: string): Promise<readonly string[] | undefined>;
  /** Gives the pending version its value, unless it has one. */
  propose(version: string, password: string): Promise<void>;
  makeCurrent(version: string): Promise<void>;
  /** Takes the pending label away, or Secrets Manager refuses the next rotation. */
  dropPending(version: string): Promise<void>;
}

/** The hosts that use the secret. */
export interface Hosts {
  /** The ids of those that run, or are about to. */
  running(): Promise<readonly string[]>;
  /**
   * Has one host use a version of the secret: an id, or the label AWSCURRENT. The host restarts its programs only when the
   * password differs, proves the login, and is back on the password that it had when it cannot.
   */
  take(host: string, version: string): Promise<void>;
}

export interface RotationPorts {
  readonly secret: RotatedSecret;
  readonly hosts: Hosts;
  readonly newPassword: () => string;
  readonly log: (line: Readonly<Record<string, string>>) => void;
}

/** Secrets Manager's label of the version that everybody uses. */
export const CURRENT = 'AWSCURRENT';
const PENDING = 'AWSPENDING';

/**
 * One of the four steps of a rotation. Each can be repeated. A step that fails leaves every host on the current password and
 * no pending version, and throws.
 */
export async function rotate(event: RotationEvent, ports: RotationPorts): Promise<void> {
  const { Step: step, ClientRequestToken: version } = event;
  const stages = await ports.secret.stagesOf(version);
  ports.log({ step, version });
  if (stages?.includes(CURRENT)) {
    // An earlier attempt got this far; hosts may still be behind.
    if (step === 'finishSecret') await everyHostTakes(CURRENT, ports);
    return;
  }
  if (!stages?.includes(PENDING)) {
    throw new Error(`version ${version} is not pending: its rotation failed and was undone; rotate again`);
  }
  await runStep(step, version, ports);
}

async function runStep(step: string, version: string, ports: RotationPorts): Promise<void> {
  switch (step) {
    case 'createSecret':
      return ports.secret.propose(version, ports.newPassword());
    // The same again: a host that came up meanwhile takes the version, the others only prove it.
    case 'setSecret':
    case 'testSecret':
      return orUndo(version, ports, () => everyHostTakes(version, ports));
    case 'finishSecret':
      await ports.secret.makeCurrent(version);
      // Whoever came up since the test read the password before it.
      return everyHostTakes(CURRENT, ports);
    default:
      throw new Error(`step is ${JSON.stringify(step)}, expected createSecret, setSecret, testSecret or finishSecret`);
  }
}

/** One host after the other: a group is never down as a whole, and the first host finds out what does not work. */
async function everyHostTakes(version: string, { hosts, log }: RotationPorts): Promise<void> {
  for (const host of await hosts.running()) {
    try {
      await hosts.take(host, version);
      log({ host, outcome: `proved version ${version}` });
    } catch (error) {
      if ((await hosts.running()).includes(host)) throw error;
      log({ host, outcome: 'is gone' });
    }
  }
}

async function orUndo(version: string, ports: RotationPorts, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    const failures = [message(error), ...(await undo(version, ports))];
    throw new Error(`the rotation failed and was undone: ${failures.join('; ')}`);
  }
}

/** Goes on whatever fails, and tells all of it. */
async function undo(version: string, ports: RotationPorts): Promise<string[]> {
  const failures: string[] = [];
  const attempt = (doing: string, promise: Promise<void>) =>
    promise.catch((error: unknown) => void failures.push(`${doing}: ${message(error)}`));
  const running = await ports.hosts.running().catch(() => []);
  await Promise.all(running.map((host) => attempt(`going back on ${host}`, ports.hosts.take(host, CURRENT))));
  await attempt('removing the pending version', ports.secret.dropPending(version));
  return failures;
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
