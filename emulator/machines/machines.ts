import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Outcome } from '../machine/process';
import { KeptLoadBalancers, type LoadBalancers } from '../balancer/load-balancers';
import { machineRoot } from '../machine/root';
import { type FrontDoor, openFrontDoor } from './front-door';
import { gizmoSqlArchive } from './gizmosql-archive';
import { ImageFiles } from './image-files';
import type { Instance } from './instance';
import { InstanceMetadata, type RoleCredentials, type SpotNotice } from './instance-metadata';
import type { InternalApi } from '../internal-api';
import { Keeper } from './keeper';
import { KeptMachine } from './kept-machine';
import { openLoopbackPort, type LoopbackPort } from './loopback-port';
import { ProcessorUse } from './processor-use';
import { Volumes } from './volumes';

/** The machines of an emulated account: one for each instance that is pending, running, stopping or stopped. */
export interface Machines {
  /**
   * The settings of an environment whose hosts install the stand-in for GizmoSQL, as `-c` takes them. GizmoSQL's own
   * releases cannot be had without the internet.
   */
  readonly gizmosqlSettings: readonly string[];
  /**
   * Opens a port on 127.0.0.1 that leads to a port of an instance's own 127.0.0.1: what a port forwarding of Session
   * Manager's does on AWS. It outlives a stop and start of the instance. `localPort` is a free one unless it is given.
   */
  forward(instanceId: string, port: number, localPort?: number): Promise<LoopbackPort>;
  /** Runs a script as root on a running instance. A failing script is an outcome, not an exception. */
  run(instanceId: string, script: string): Promise<Outcome>;
  /** Has the instance's metadata tell of an interruption, as EC2 does two minutes before; undefined takes it back. */
  setSpotNotice(instanceId: string, notice: SpotNotice | undefined): void;
  /** Has the instance's metadata recommend a rebalance, as EC2 does when an interruption is likely. */
  setRebalanceNotice(instanceId: string, time: Date | undefined): void;
  /**
   * Whether instances launched from now on get Python packages from an index that gives a byte a second, and so never all
   * of one. Others have the packages on their disk.
   */
  setSlowPackages(slow: boolean): void;
  /**
   * How much of its processors an instance's machine used in the last two seconds, in percent, or would have used had the
   * computer not been busy with others. Undefined where no scaling policy of its group goes by it.
   */
  processorUse(instanceId: string): number | undefined;
  /** Ends the credentials that an instance's role has given so far, as after some hours; its metadata has new ones. */
  expireCredentials(instanceId: string): Promise<void>;
  /** The account's load balancers, which lead to machines. */
  readonly loadBalancers: LoadBalancers;
  /** Ends every machine at once. */
  stop(): Promise<void>;
}

export interface MachinesOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly api: InternalApi;
  /** Where the boot logs of machines that are gone are kept, as `<instance id>.log`. */
  readonly logDirectory: string;
  /** Where what volumes and snapshots hold is kept until the account ends. Emptied first. */
  readonly volumeDirectory: string;
  /** The same for what images hold that were made of machines. */
  readonly imageDirectory: string;
  /** Where what file systems hold is kept until the account ends. Emptied first. */
  readonly fileSystemDirectory: string;
  /**
   * The most that a machine's disk can hold; what is written there is in memory.
   * @default 4096
   */
  readonly diskMiB?: number;
  /**
   * Folders whose content every machine finds on its disk, beside the root file system; the lowest first.
   * @default none
   */
  readonly layers?: readonly string[];
  readonly onProgress: (line: string) => void;
}

const DISK_MIB = 4096;
const FOLDER = 'tablesleuth-machines-';

/**
 * Begins to keep a machine for each instance of an account. Takes a second; on a computer's first time it makes the
 * machines' root file system, which takes one to two minutes.
 */
export async function keepMachines(options: MachinesOptions): Promise<Machines> {
  removeLeftovers();
  rmSync(options.logDirectory, { recursive: true, force: true });
  mkdirSync(options.logDirectory, { recursive: true });
  rmSync(options.fileSystemDirectory, { recursive: true, force: true });
  mkdirSync(options.fileSystemDirectory, { recursive: true, mode: 0o755 });
  const [archive] = await Promise.all([gizmoSqlArchive(), prepared(options)]);
  // Short, because the path of a unix socket has to be.
  const folder = mkdtempSync(join(tmpdir(), `${FOLDER}${process.pid}-`));
  const { endpoint, region, api } = options;
  const door = await openFrontDoor({ endpoint, region, folder, release: archive.content });
  const processorUse = new ProcessorUse(api);
  const keeper = keeperOf({ ...options, processorUse }, door, folder);
  keeper.start();
  const ports = new Set<LoopbackPort>();
  const machine = (instanceId: string): KeptMachine => {
    const found = keeper.machine(instanceId);
    if (found === undefined) throw new Error(`the instance ${instanceId} has no machine: it ended, or never was`);
    return found;
  };
  const loadBalancers = await KeptLoadBalancers.start({
    ...{ api, door, folder, onTrouble: options.onProgress },
    connect: async ({ InstanceId, Port }) => machine(InstanceId).connect(Port, 'target'),
  });
  return {
    loadBalancers,
    gizmosqlSettings: [`gizmosql.version=${STAND_IN_VERSION}`, `gizmosql.sha256=${archive.sha256}`],
    forward: async (instanceId, port, localPort) => {
      const opened = await openLoopbackPort(async () => machine(instanceId).connect(port), localPort);
      ports.add(opened);
      return opened;
    },
    run: (instanceId, script) => machine(instanceId).shell(script),
    setSpotNotice: (instanceId, notice) => (machine(instanceId).metadata.spotNotice = notice),
    setRebalanceNotice: (instanceId, time) => (machine(instanceId).metadata.rebalanceNotice = time),
    setSlowPackages: (slow) => (door.hasSlowPackages = slow),
    processorUse: (instanceId) => processorUse.percentOf(instanceId),
    expireCredentials: async (instanceId) => {
      machine(instanceId).metadata.forgetCredentials();
      await api.call('DELETE', `instances/${instanceId}/credentials`);
    },
    stop: async () => {
      for (const port of ports) port.close();
      await loadBalancers.stop();
      await keeper.stop();
      door.close();
      rmSync(options.fileSystemDirectory, { recursive: true, force: true });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** No release of GizmoSQL's has this number, so that nobody takes the stand-in for one. */
const STAND_IN_VERSION = '1.40.999';

function keeperOf(
  options: MachinesOptions & { readonly processorUse: ProcessorUse },
  door: FrontDoor,
  folder: string,
): Keeper {
  const { api, processorUse, onProgress: onTrouble } = options;
  const images = new ImageFiles(options.imageDirectory);
  return new Keeper({
    api,
    processorUse,
    onTrouble,
    images,
    volumes: new Volumes({ api, folder: options.volumeDirectory, onTrouble }),
    create: (instance) =>
      KeptMachine.create({
        instance,
        door,
        metadata: metadataOf(instance, api),
        sockets: join(folder, instance.InstanceId),
        fileSystems: options.fileSystemDirectory,
        diskMiB: Math.min(instance.DiskGiB * 1024, options.diskMiB ?? DISK_MIB),
        layers: [...(options.layers ?? []), ...images.layers(instance.ImageLayers)],
        log: join(options.logDirectory, `${instance.InstanceId}.log`),
      }),
  });
}

async function prepared(options: MachinesOptions): Promise<void> {
  const began = setTimeout(
    () => options.onProgress('Machines: making their root file system (once; one to two minutes)'),
    1_000,
  );
  await machineRoot().finally(() => clearTimeout(began));
}

function metadataOf(instance: Instance, api: InternalApi): InstanceMetadata {
  const path = `instances/${instance.InstanceId}`;
  return new InstanceMetadata(
    instance,
    () => api.call<RoleCredentials>('GET', `${path}/credentials`),
    (question) => api.call('POST', `${path}/mounts`, question),
  );
}

/** Folders with sockets, and empty ones of disks, of programs that were killed. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const [, pid] = /^tablesleuth-machines?-(\d+)-/.exec(name) ?? [];
    if (pid !== undefined && !existsSync(`/proc/${pid}`))
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}
