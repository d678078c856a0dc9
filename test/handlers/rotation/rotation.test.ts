import { beforeEach, describe, expect, test } from 'vitest';
import { newPassword } from '../../../handlers/rotation/password';
import { type Hosts, rotate, type RotatedSecret } from '../../../handlers/rotation/rotation';

const OLD = 'version-old';
const NEW = 'version-new';
const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

/** A secret in memory, with Secrets Manager's rules. */
class MemorySecret implements RotatedSecret {
  readonly values = new Map([[OLD, 'old password']]);
  readonly stages = new Map([
    [OLD, ['AWSCURRENT']],
    [NEW, ['AWSPENDING']],
  ]);

  get current(): string {
    return [...this.stages].find(([, stages]) => stages.includes('AWSCURRENT'))![0];
  }

  stagesOf(version: string): Promise<readonly string[] | undefined> {
    return Promise.resolve(this.stages.get(version));
  }

  propose(version: string, password: string): Promise<void> {
    if (!this.values.has(version)) this.values.set(version, password);
    return Promise.resolve();
  }

  makeCurrent(version: string): Promise<void> {
    this.stages.set(this.current, ['AWSPREVIOUS']).set(version, ['AWSCURRENT', 'AWSPENDING']);
    return Promise.resolve();
  }

  dropPending(version: string): Promise<void> {
    this.stages.set(
      version,
      this.stages.get(version)!.filter((stage) => stage !== 'AWSPENDING'),
    );
    return Promise.resolve();
  }
}

/** Hosts in memory: each uses a version, and may be broken for a version, or lost while it takes one. */
class MemoryHosts implements Hosts {
  readonly uses = new Map<string, string>();
  readonly taken: string[] = [];
  broken: (host: string, version: string) => boolean = () => false;
  lost: string | undefined;

  constructor(private readonly secret: MemorySecret) {}

  boot(...hosts: string[]): void {
    for (const host of hosts) this.uses.set(host, this.secret.current);
  }

  running(): Promise<readonly string[]> {
    return Promise.resolve([...this.uses.keys()]);
  }

  take(host: string, label: string): Promise<void> {
    this.taken.push(`${host} ${label}`);
    const version = label === 'AWSCURRENT' ? this.secret.current : label;
    if (host === this.lost) this.uses.delete(host);
    if (host === this.lost || this.broken(host, version)) return Promise.reject(new Error(`${host} cannot`));
    this.uses.set(host, version);
    return Promise.resolve();
  }
}

let secret: MemorySecret;
let hosts: MemoryHosts;
let said: string;

beforeEach(() => {
  secret = new MemorySecret();
  hosts = new MemoryHosts(secret);
  said = '';
});

const step = (name: string) =>
  rotate(
    { Step: name, SecretId: 'arn', ClientRequestToken: NEW },
    { secret, hosts, newPassword: () => 'new password', log: (line) => (said += JSON.stringify(line)) },
  );

/** What Secrets Manager does: one step after the other, until one fails. */
async function rotation(between: (done: string) => void = () => undefined): Promise<void> {
  for (const name of STEPS) {
    await step(name);
    between(name);
  }
}

describe('a rotation that fails', () => {
  test.each(['a', 'b', 'c'])('on host %s leaves all three on the old password and nothing pending', async (bad) => {
    hosts.boot('a', 'b', 'c');
    hosts.broken = (host, version) => host === bad && version === NEW;
    await expect(rotation()).rejects.toThrow(`the rotation failed and was undone: ${bad} cannot`);
    expect([...hosts.uses.values()]).toEqual([OLD, OLD, OLD]);
    expect(secret.stages.get(NEW)).toEqual([]);
    expect(secret.current).toBe(OLD);
  });

  test('leaves the hosts after the broken one alone, but for the proof that they are well', async () => {
    hosts.boot('a', 'b', 'c');
    hosts.broken = (host, version) => host === 'b' && version === NEW;
    await expect(rotation()).rejects.toThrow();
    expect(hosts.taken).toEqual([`a ${NEW}`, `b ${NEW}`, 'a AWSCURRENT', 'b AWSCURRENT', 'c AWSCURRENT']);
  });

  test('at a host that came up before the test puts the others back as well', async () => {
    hosts.boot('a');
    hosts.broken = (host, version) => host === 'late' && version === NEW;
    const comesUp = (done: string) => (done === 'setSecret' ? hosts.boot('late') : undefined);
    await expect(rotation(comesUp)).rejects.toThrow('late cannot');
    expect([...hosts.uses.values()]).toEqual([OLD, OLD]);
  });

  test('tells which hosts could not go back, and still removes the pending version', async () => {
    hosts.boot('a', 'b');
    hosts.broken = (host) => host === 'b';
    await expect(rotation()).rejects.toThrow('b cannot; going back on b: b cannot');
    expect(hosts.uses.get('a')).toBe(OLD);
    expect(secret.stages.get(NEW)).toEqual([]);
  });

  test('cannot be taken up again half way', async () => {
    hosts.boot('a');
    hosts.broken = (_host, version) => version === NEW;
    await expect(rotation()).rejects.toThrow();
    await expect(step('setSecret')).rejects.toThrow(
      `version ${NEW} is not pending: its rotation failed and was undone`,
    );
  });

  test('after the new password is the current one undoes nothing, and succeeds when it is tried again', async () => {
    hosts.boot('a');
    hosts.broken = () => secret.current === NEW;
    await expect(rotation()).rejects.toThrow('a cannot');
    expect(secret.current).toBe(NEW);
    hosts.broken = () => false;
    await step('finishSecret');
    expect(hosts.uses.get('a')).toBe(NEW);
  });

  test('for a step or version that nobody knows says so', async () => {
    await expect(step('dropSecret')).rejects.toThrow('step is "dropSecret", expected createSecret, setSecret');
    secret.stages.delete(NEW);
    await expect(step('createSecret')).rejects.toThrow(`version ${NEW} is not pending`);
  });
});

describe('a rotation', () => {
  test('gives every host the new password, one after the other, and makes it the current one', async () => {
    hosts.boot('a', 'b');
    await rotation();
    expect(secret.values.get(NEW)).toBe('new password');
    expect(secret.current).toBe(NEW);
    expect(secret.stages.get(OLD)).toEqual(['AWSPREVIOUS']);
    expect([...hosts.uses.values()]).toEqual([NEW, NEW]);
    expect(hosts.taken.slice(0, 2)).toEqual([`a ${NEW}`, `b ${NEW}`]);
  });

  test('without any host only moves the labels', async () => {
    await rotation();
    expect(secret.current).toBe(NEW);
    expect(hosts.taken).toEqual([]);
  });

  test.each(STEPS.slice(0, 3))('reaches a host that came up with the old password after %s', async (when) => {
    hosts.boot('a');
    await rotation((done) => (done === when ? hosts.boot('late') : undefined));
    expect([...hosts.uses.values()]).toEqual([NEW, NEW]);
  });

  test('goes on without a host that is lost while it takes the password up', async () => {
    hosts.boot('a', 'b');
    hosts.lost = 'a';
    await rotation();
    expect(secret.current).toBe(NEW);
    expect([...hosts.uses]).toEqual([['b', NEW]]);
  });

  test('may repeat any step: the proposed password stays the same', async () => {
    hosts.boot('a');
    for (const name of STEPS) await step(name).then(() => step(name));
    await step('createSecret');
    expect(secret.values.get(NEW)).toBe('new password');
    expect(hosts.uses.get('a')).toBe(NEW);
  });

  test('logs steps, versions and hosts, and no password', async () => {
    hosts.boot('a');
    await rotation();
    expect(said).toContain('"step":"setSecret"');
    expect(said).toContain('"host":"a"');
    expect(said).not.toMatch(/password/);
  });
});

test('a new password is 32 letters and digits, and another one each time', () => {
  const passwords = Array.from({ length: 50 }, newPassword);
  for (const password of passwords) expect(password).toMatch(/^[A-Za-z0-9]{32}$/);
  expect(new Set(passwords).size).toBe(passwords.length);
});
