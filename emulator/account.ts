import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { cleanEnvironment, type KeyPair } from './environment';
import { InternalApi } from './internal-api';
import { authorityOf, databaseSettings, databasesEnded } from './aurora/account';
import { whyNoMachine } from './machine/requirements';
import { keepMachines, type Machines, type MachinesOptions } from './machines/machines';
import { startProcess } from './process';
import { passTime, type ScheduledCall } from './schedule-clock';

export { whyNoMachine };

/** The account number of the emulated account: no account of AWS has it. */
export const EMULATED_ACCOUNT_ID = '000000000000';

/** Credentials as the AWS SDK takes them. */
export interface Credentials extends KeyPair {
  readonly sessionToken?: string;
}

/** A scheduled action that was done, and the moment that it was done for. */
export interface DoneAction {
  readonly ScheduledActionName: string;
  readonly Time: string;
}

/** An AWS account that exists on this machine, in memory, until it is stopped. */
export interface EmulatedAccount {
  /** The one endpoint of all services, on 127.0.0.1. */
  readonly endpoint: string;
  readonly region: string;
  readonly accountId: string;
  /**
   * Environment for the CDK CLI and SDKs: the endpoint, a key pair of its own, an empty home folder. Holds nothing of
   * the person's AWS settings; pass it instead of `process.env`, never beside it.
   */
  readonly environment: NodeJS.ProcessEnv;
  /** What an AWS SDK client needs to reach the account as its root user: `new S3Client(account.client)`. */
  readonly client: { readonly endpoint: string; readonly region: string; readonly credentials: KeyPair };
  /** Credentials of the role of a running instance, as its metadata service would give them; valid for an hour. */
  instanceCredentials(instanceId: string): Promise<Required<Credentials>>;
  /** From now on spot launches work, or fail for want of capacity. Instances that run are left alone. */
  setSpotCapacity(available: boolean): Promise<void>;
  /** Sends an event of AWS's own to the default bus, such as EC2's warning that it takes a spot instance back. */
  sendAwsEvent(event: AwsEvent): Promise<void>;
  /** Does at once what the scheduled actions of Auto Scaling groups would do between two moments, and says what it did. */
  runScheduledActions(after: Date, until: Date): Promise<readonly DoneAction[]>;
  /**
   * Lets the clock of EventBridge Scheduler pass until a time, and returns what was called on the way. Nothing else in
   * the account goes by that clock. A time before its own is jumped back to, with nothing called.
   */
  passTime(until: Date): Promise<readonly ScheduledCall[]>;
  /**
   * Lets minutes pass at once for the scaling policies of groups, each with the processor time that their machines use now.
   * Nothing else in the account goes by that clock.
   */
  passMinutes(count: number): Promise<void>;
  /** Takes the machine of a running job of AWS Batch back, as Fargate Spot does, or loses it without a word. */
  takeJobsMachine(jobId: string, how: 'interruption' | 'loss'): Promise<void>;
  /** Loses the machine of a running task of Amazon ECS without a word. */
  loseTask(taskId: string): Promise<void>;
  /** PEM file of what vouches for the endpoints of databases, as `DB_CA_FILE` names it to functions and containers. */
  readonly databaseAuthority: string;
  /** The machines that instances are; undefined when they were not asked for, or the computer can run none. */
  readonly machines: Machines | undefined;
  /** Ends the account and all it started. Everything in it is gone. May be called more than once. */
  stop(): Promise<void>;
}

/** An event as a service of AWS sends it. */
export interface AwsEvent {
  /** `aws.ec2` */
  readonly source: string;
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface StartOptions {
  /** A folder that the emulator owns: its log, home folder and temporary files. Made when it does not exist. */
  readonly stateDirectory: string;
  /** @default us-east-2 */
  readonly region?: string;
  /** @default a free one */
  readonly port?: number;
  /**
   * Whether IAM policies are enforced. Without it every signed request is allowed, as fast prototyping wants it.
   * @default false
   */
  readonly enforceIam?: boolean;
  /**
   * Who answers a creation policy or a wait condition. `automatic`: the emulated instances report success at once, as
   * no host boots in them. `wait`: CloudFormation waits for `SignalResource` until its timeout, as on AWS.
   * @default automatic; wait where instances are machines
   */
  readonly signals?: 'automatic' | 'wait';
  /**
   * Whether a launched instance is a machine: it boots systemd, runs its user data and signals by itself, so that
   * `signals` is `wait`. Each takes half a gigabyte of memory, and what it writes on its disk. Where the computer can run
   * none, `onProgress` is told why, and instances are records.
   * @default false
   */
  readonly machines?: boolean | Pick<MachinesOptions, 'diskMiB' | 'layers'>;
  /**
   * A folder with the programs that containers are started with, such as `python`. What an image's base has is not pulled
   * here, and neither are packages: a container is a process, in a folder that the CDK CLI recorded instead of an image.
   * @default those of the computer
   */
  readonly containerPrograms?: string;
  /** Told, in a line of text, what takes time. */
  readonly onProgress?: (line: string) => void;
}

/**
 * Starts an emulated AWS account on 127.0.0.1: about two seconds and 60 MB, and once about 15 seconds to set up its
 * Python environment. It ends with this process, however this process ends.
 */
export async function startEmulatedAccount(options: StartOptions): Promise<EmulatedAccount> {
  const region = options.region ?? 'us-east-2';
  const stateDirectory = path.resolve(options.stateDirectory);
  const keys = newKeyPair();
  const environment = cleanEnvironment(process.env, { stateDirectory, region, keys });
  const temporary = path.join(stateDirectory, 'tmp');
  // What an account that was killed left behind.
  rmSync(temporary, { recursive: true, force: true });
  rmSync(databasesOf(options), { recursive: true, force: true });
  for (const folder of [environment.HOME!, temporary]) mkdirSync(folder, { recursive: true });

  const { prepareEmulator, EMULATOR_PYTHON } = await import('./prepare.mjs');
  await prepareEmulator({ log: options.onProgress });
  const hasMachines = await canHaveMachines(options);
  options.onProgress?.('Emulated account: starting');
  const running = await startProcess({
    python: EMULATOR_PYTHON,
    port: options.port ?? 0,
    stateDirectory,
    environment: { ...environment, ...emulatorSettings(options, region, hasMachines) },
  });

  const endpoint = `http://127.0.0.1:${running.port}`;
  assertLoopback(endpoint);
  const api = new InternalApi(endpoint, keys.secretAccessKey);
  const end = async (): Promise<void> => {
    await running.stop();
    await databasesEnded(databasesOf(options));
    for (const folder of [temporary, databasesOf(options)]) rmSync(folder, { recursive: true, force: true });
  };
  const machines = hasMachines ? await machinesOf(options, { endpoint, region, api }).catch(endFirst(end)) : undefined;
  return {
    endpoint,
    region,
    accountId: EMULATED_ACCOUNT_ID,
    environment: { ...environment, ...settingsOfPrograms(options, endpoint) },
    client: { endpoint, region, credentials: keys },
    instanceCredentials: (instanceId) => fetchInstanceCredentials(api, instanceId),
    ...controlsOf(api),
    databaseAuthority: authorityOf(databasesOf(options)),
    machines,
    stop: async () => {
      await machines?.stop();
      await end();
    },
  };
}

/** What no API of AWS offers. */
function controlsOf(api: InternalApi) {
  return {
    setSpotCapacity: (available) => api.call('PUT', 'spot-capacity', { available }),
    sendAwsEvent: (event) => api.call('POST', 'events', event),
    runScheduledActions: async (After, Until) =>
      (await api.call<{ Done: DoneAction[] }>('POST', 'scheduled-actions', { After, Until })).Done,
    passTime: (until) => passTime(api, until),
    passMinutes: (count) => api.call('PUT', 'minutes', { count }),
    takeJobsMachine: (jobId, how) => api.call('PUT', `batch-jobs/${jobId}/${how}`),
    loseTask: (taskId) => api.call('PUT', `tasks/${taskId}/loss`),
  } satisfies Partial<EmulatedAccount>;
}

/** Refuses an endpoint that is not on this machine, so that a test or demo can never reach a real account. */
export function assertLoopback(endpoint: string): void {
  const host = URL.canParse(endpoint) ? new URL(endpoint).hostname : undefined;
  if (host === undefined || !/^(127(\.\d{1,3}){3}|\[::1\]|localhost)$/.test(host)) {
    throw new Error(
      `The endpoint of the emulated account is ${JSON.stringify(endpoint)}, which is not on this machine. ` +
        'Wanted: an http URL on 127.0.0.1, [::1] or localhost. Nothing was sent. ' +
        'Start the account with startEmulatedAccount() and use its own endpoint and environment.',
    );
  }
}

function newKeyPair(): KeyPair {
  // The CDK CLI remembers the account number for each access key, so a start must not meet the key of another.
  return {
    accessKeyId: `EMULATED${randomBytes(6).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(20).toString('hex'),
  };
}

async function canHaveMachines(options: StartOptions): Promise<boolean> {
  if (!options.machines) return false;
  const obstacle = await whyNoMachine();
  if (obstacle !== undefined) options.onProgress?.(`Instances are records, nothing boots: ${obstacle}`);
  return obstacle === undefined;
}

function machinesOf(
  options: StartOptions,
  account: { readonly endpoint: string; readonly region: string; readonly api: InternalApi },
): Promise<Machines> {
  return keepMachines({
    ...account,
    ...(typeof options.machines === 'object' && options.machines),
    logDirectory: path.join(path.resolve(options.stateDirectory), 'machines'),
    volumeDirectory: path.join(path.resolve(options.stateDirectory), 'volumes'),
    imageDirectory: path.join(path.resolve(options.stateDirectory), 'images'),
    fileSystemDirectory: fileSystemsOf(options),
    onProgress: (line) => options.onProgress?.(line),
  });
}

function fileSystemsOf({ stateDirectory }: StartOptions): string {
  return path.join(path.resolve(stateDirectory), 'file-systems');
}

/** What the CDK CLI and SDKs need beside credentials: where the account is, and what stands for a container daemon. */
function settingsOfPrograms(options: StartOptions, endpoint: string): NodeJS.ProcessEnv {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ENDPOINT_URL_S3_FOR_CLOUDFORMATION: endpoint,
    CDK_DOCKER: path.join(__dirname, 'containers', 'build-without-daemon.mjs'),
    TABLESLEUTH_CONTAINER_IMAGES: containerImagesOf(options),
  };
}

function containerImagesOf({ stateDirectory }: StartOptions): string {
  return path.join(path.resolve(stateDirectory), 'container-images');
}

/** Node is the one that runs this, wherever it was installed. */
function containerProgramsOf({ containerPrograms }: StartOptions): string {
  const own = path.dirname(process.execPath);
  return containerPrograms === undefined ? own : `${containerPrograms}:${own}`;
}

function databasesOf({ stateDirectory }: StartOptions): string {
  return path.join(path.resolve(stateDirectory), 'databases');
}

function endFirst(end: () => Promise<void>): (error: unknown) => Promise<never> {
  return async (error) => {
    await end();
    throw error;
  };
}

function emulatorSettings(options: StartOptions, region: string, hasMachines: boolean): NodeJS.ProcessEnv {
  const repository = path.dirname(__dirname);
  return {
    PYTHONPATH: __dirname,
    PYTHONDONTWRITEBYTECODE: '1',
    MINISTACK_ACCOUNT_ID: EMULATED_ACCOUNT_ID,
    MINISTACK_REGION: region,
    AUTH: options.enforceIam ? 'true' : 'false',
    TABLESLEUTH_SIGNALS: options.signals ?? (hasMachines ? 'wait' : 'automatic'),
    TABLESLEUTH_MACHINES: hasMachines ? '1' : '0',
    TABLESLEUTH_FILE_SYSTEMS: fileSystemsOf(options),
    TABLESLEUTH_CONTAINER_IMAGES: containerImagesOf(options),
    TABLESLEUTH_CONTAINER_PROGRAMS: containerProgramsOf(options),
    ...databaseSettings(databasesOf(options)),
    // Lambda's Node runtime brings the AWS SDK; here its functions find the repository's.
    NODE_PATH: path.join(repository, 'node_modules'),
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
    // A Docker daemon of the person's is not ours to talk to, and there is no state to keep.
    DOCKER_HOST: `unix://${path.join(path.resolve(options.stateDirectory), 'no-docker.sock')}`,
    STATE_DIR: path.join(path.resolve(options.stateDirectory), 'state'),
    S3_DATA_DIR: path.join(path.resolve(options.stateDirectory), 's3'),
  };
}

async function fetchInstanceCredentials(api: InternalApi, instanceId: string): Promise<Required<Credentials>> {
  const path = `instances/${encodeURIComponent(instanceId)}/credentials`;
  const answer = await api.call<Record<string, string>>('GET', path).catch((error: Error) => {
    throw new Error(`No credentials for instance ${instanceId}: ${error.message}`);
  });
  const { AccessKeyId = '', SecretAccessKey = '', Token = '' } = answer;
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token };
}
