import { always, type Charge, unknown } from '../charge';
import { blockOf, numberOf, referenceOf, textOf } from '../template';
import { HOURS_PER_MONTH, type Rule } from './rule';

const MILLION = 1_000_000;
const MIB_PER_GB = 1024;
const CPU_UNITS_PER_VCPU = 1024;

/** What all instances of a cluster share; capacity is priced where the instances are. */
export const databaseCluster: Rule = (
  { ManageMasterUserPassword },
  { assumptions: { databaseGb, databaseRequests } },
) => [
  always(`${databaseGb} GB of the database`, 'auroraGb', databaseGb),
  always(`${databaseRequests} pages read and written`, 'auroraRequests', databaseRequests / MILLION),
  ...(ManageMasterUserPassword === true ? [always("password of the database's owner", 'secret', 1)] : []),
];

/** Serverless ones alone: their cluster says how little they come down to. */
export const databaseInstance: Rule = (properties, { assumptions: { databaseUnitHours }, resource }) => {
  if (textOf(properties.DBInstanceClass) !== 'db.serverless') {
    return [unknown('database instance', 'of a class that no rate is known of here')];
  }
  const cluster = resource(referenceOf(properties.DBClusterIdentifier))?.Properties ?? {};
  const least = numberOf(blockOf(cluster.ServerlessV2ScalingConfiguration).MinCapacity);
  if (least === undefined) return [unknown('database instance', 'its cluster is not in the template')];
  return [
    ...(least === 0 ? [] : [always(`capacity units, ${least} at least`, 'auroraUnit', least * HOURS_PER_MONTH)]),
    always(`${databaseUnitHours} unit hours above that`, 'auroraUnit', databaseUnitHours),
  ];
};

/** Workers that always run, and the hours of others that come and go with what there is to do. */
export const containerService: Rule = (
  { DesiredCount, TaskDefinition },
  { assumptions: { workerHours }, resource },
) => {
  const { Cpu, Memory, RuntimePlatform } = resource(referenceOf(TaskDefinition))?.Properties ?? {};
  const [vcpus, gigabytes] = [(numberOf(Cpu) ?? NaN) / CPU_UNITS_PER_VCPU, (numberOf(Memory) ?? NaN) / MIB_PER_GB];
  if (textOf(blockOf(RuntimePlatform).CpuArchitecture) !== 'ARM64' || Number.isNaN(vcpus + gigabytes)) {
    return [unknown('containers', 'no rate is known here of this architecture')];
  }
  const least = (numberOf(DesiredCount) ?? 0) * HOURS_PER_MONTH;
  const charges = (what: string, hours: number): Charge[] => [
    always(what, 'fargateVcpu', hours * vcpus),
    always(what, 'fargateGb', hours * gigabytes),
  ];
  return [
    ...(least === 0 ? [] : charges('workers that always run', least)),
    ...charges(`${workerHours} hours of workers`, workerHours),
  ];
};

export const restApi: Rule = (_properties, { assumptions: { apiRequests } }) => [
  always(`${apiRequests} requests`, 'apiRequests', apiRequests / MILLION),
];
