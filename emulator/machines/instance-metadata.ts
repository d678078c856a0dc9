import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';

import type { Instance } from './instance';

/** The credentials document of the account's own endpoint. */
export interface RoleCredentials {
  readonly RoleName: string;
  readonly Expiration: string;
  readonly [member: string]: string;
}

/** What EC2 says shortly before it takes a spot instance away. */
export interface SpotNotice {
  readonly action: 'terminate' | 'stop';
  readonly time: Date;
}

const LONGEST_TOKEN_SECONDS = 21_600;
const FRESH_MS = 20 * 60_000;
const ROOT = '/latest/';
/** No path of AWS's: what stands where the mount helper of EFS is asks here. */
const MOUNTS = '/emulated/mounts';
const CREDENTIALS = 'meta-data/iam/security-credentials';

/**
 * The instance metadata service of one instance, version 2 alone: every request needs a token, which only a PUT gives.
 */
export class InstanceMetadata {
  /** A spot notice from now on; undefined: there is none. */
  spotNotice: SpotNotice | undefined;
  /** When EC2 said that the instance is at an elevated risk of interruption. */
  rebalanceNotice: Date | undefined;
  /** What the instance's group has in mind for it; empty: it is in no group. */
  targetLifecycleState = '';

  private readonly tokens = new Map<string, number>();
  private credentials: RoleCredentials | undefined;

  constructor(
    private readonly instance: Instance,
    private readonly fetchCredentials: () => Promise<RoleCredentials>,
    /** Asks whether this instance may mount a file system; the real one is asked by a connection to it. */
    private readonly mount: (question: unknown) => Promise<unknown>,
  ) {}

  /** Answers one request. */
  answer(request: IncomingMessage, response: ServerResponse): void {
    const url = (request.url ?? '').replace(/\/+$/, (slashes) => slashes.slice(0, 1));
    if (request.method === 'PUT') {
      this.giveToken(url, request, response);
      return;
    }
    const token = String(request.headers['x-aws-ec2-metadata-token'] ?? '');
    if ((this.tokens.get(token) ?? 0) < Date.now()) {
      response.writeHead(401).end();
      return;
    }
    if (request.method === 'POST' && url === MOUNTS) {
      this.answerMount(request, response);
      return;
    }
    this.read(url).then(
      (found) => (found === undefined ? response.writeHead(404).end() : response.end(found)),
      (error: Error) => response.writeHead(500).end(error.message),
    );
  }

  /** Gives new credentials from now on, as EC2 does before the old ones end. */
  forgetCredentials(): void {
    this.credentials = undefined;
  }

  private answerMount(request: IncomingMessage, response: ServerResponse): void {
    json(request)
      .then((question) => this.mount(question))
      .then(
        (answer) => response.end(JSON.stringify(answer)),
        (refusal: Error) => response.writeHead(403).end(`${refusal.message}\n`),
      );
  }

  private giveToken(url: string, request: IncomingMessage, response: ServerResponse): void {
    const seconds = Number(request.headers['x-aws-ec2-metadata-token-ttl-seconds']);
    const allowed = url === `${ROOT}api/token` && request.headers['x-forwarded-for'] === undefined;
    if (!allowed || !(seconds >= 1 && seconds <= LONGEST_TOKEN_SECONDS)) {
      response.writeHead(allowed ? 400 : 403).end();
      return;
    }
    const token = randomBytes(30).toString('base64url');
    this.tokens.set(token, Date.now() + seconds * 1000);
    response.writeHead(200, { 'x-aws-ec2-metadata-token-ttl-seconds': String(seconds) }).end(token);
  }

  private async read(url: string): Promise<string | undefined> {
    if (!url.startsWith(ROOT)) return undefined;
    const path = url.slice(ROOT.length);
    const credentials = path.startsWith(CREDENTIALS) ? await this.ofRole() : {};
    const values = { ...this.ofInstance(), ...credentials, ...this.ofSpot() };
    return values[path] ?? listing(Object.keys(values), path);
  }

  private ofInstance(): Record<string, string> {
    const { instance } = this;
    const address = instance.PrivateIpAddress;
    const hostName = `ip-${address.replaceAll('.', '-')}.${instance.Region}.compute.internal`;
    const profile = { Code: 'Success', InstanceProfileArn: instance.InstanceProfileArn };
    const tags = instance.TagsInMetadata ? Object.entries(instance.Tags) : [];
    const userData = Buffer.from(instance.UserData, 'base64').toString();
    return {
      'meta-data/ami-id': instance.ImageId,
      'meta-data/hostname': hostName,
      'meta-data/instance-id': instance.InstanceId,
      'meta-data/instance-life-cycle': instance.InstanceLifeCycle,
      'meta-data/instance-type': instance.InstanceType,
      'meta-data/local-hostname': hostName,
      'meta-data/local-ipv4': address,
      'meta-data/placement/availability-zone': instance.AvailabilityZone,
      'meta-data/placement/region': instance.Region,
      'meta-data/services/domain': 'amazonaws.com',
      'meta-data/services/partition': 'aws',
      ...Object.fromEntries(tags.map(([key, tag]) => [`meta-data/tags/instance/${key}`, tag])),
      'dynamic/instance-identity/document': this.identity(),
      ...(profile.InstanceProfileArn !== '' && { 'meta-data/iam/info': JSON.stringify(profile, undefined, 2) }),
      ...(userData !== '' && { 'user-data': userData }),
      ...(this.targetLifecycleState !== '' && {
        'meta-data/autoscaling/target-lifecycle-state': this.targetLifecycleState,
      }),
    };
  }

  private identity(): string {
    const { instance } = this;
    const document = {
      accountId: instance.AccountId,
      architecture: instance.Architecture,
      availabilityZone: instance.AvailabilityZone,
      imageId: instance.ImageId,
      instanceId: instance.InstanceId,
      instanceType: instance.InstanceType,
      pendingTime: instance.LaunchTime,
      privateIp: instance.PrivateIpAddress,
      region: instance.Region,
      version: '2017-09-30',
    };
    return JSON.stringify(document, undefined, 2);
  }

  private async ofRole(): Promise<Record<string, string>> {
    if (this.instance.InstanceProfileArn === '') return {};
    const { RoleName, ...document } = await this.roleCredentials();
    return { [`${CREDENTIALS}/${RoleName}`]: JSON.stringify(document, undefined, 2) };
  }

  /** The same ones for a while, as on AWS, where new ones appear well before the old ones expire. */
  private async roleCredentials(): Promise<RoleCredentials> {
    if (this.credentials === undefined || Date.parse(this.credentials.Expiration) - Date.now() < FRESH_MS) {
      this.credentials = await this.fetchCredentials();
    }
    return this.credentials;
  }

  private ofSpot(): Record<string, string> {
    const { spotNotice: notice, rebalanceNotice } = this;
    const time = notice?.time.toISOString().replace(/\.\d+Z$/, 'Z') ?? '';
    const noticeTime = rebalanceNotice?.toISOString().replace(/\.\d+Z$/, 'Z');
    return {
      ...(notice && { 'meta-data/spot/instance-action': JSON.stringify({ action: notice.action, time }) }),
      ...(notice?.action === 'terminate' && { 'meta-data/spot/termination-time': time }),
      ...(noticeTime && { 'meta-data/events/recommendations/rebalance': JSON.stringify({ noticeTime }) }),
    };
  }
}

/** The names below a path, folders with a slash, one a line; undefined when there is nothing below it. */
function listing(paths: readonly string[], folder: string): string | undefined {
  const prefix = folder === '' || folder.endsWith('/') ? folder : `${folder}/`;
  const below = paths.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
  const names = below.map((rest) => (rest.includes('/') ? `${rest.split('/', 1)[0]}/` : rest));
  return below.length === 0 ? undefined : [...new Set(names)].sort().join('\n');
}
