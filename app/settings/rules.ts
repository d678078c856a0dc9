import { judgeAccess } from './access-rules';
import type { Path, Problem } from './problem';
import { show } from './problem';
import { architectureOf } from './instance-type';
import { REGION_RULES } from './region-rules';
import { SERVICE_RULES } from './service-rules';
import { sweepReadsWhatDataNames } from './sweep-rules';
import type { CompletedSettings, GivenSettings } from './schema';

/** What a rule judges. Values that are wrong by themselves are left out: they have been reported already. */
export interface Judged {
  readonly environment: string;
  /** What a person wrote. */
  readonly given: GivenSettings;
  /** The same, with the schema's defaults. */
  readonly completed: CompletedSettings;
  readonly region: string;
  /** All of the environment, at least one. */
  readonly regions: readonly string[];
  /** Undefined when neither the settings nor the CDK CLI know it. */
  readonly account?: string;
  /** Whether the value of a key, or one inside it, is wrong by itself, so that the default in its place says nothing. */
  readonly isWrong: (key: string) => boolean;
  readonly knownGizmoSqlVersions: readonly string[];
}

/** Each subnet that is made has 251 usable addresses. */
const SUBNET_PREFIX = 24;

/** Judges settings together. */
export type Rule = (judged: Judged) => Problem[];

/** The settings that are good one by one and impossible together. */
export function judgeTogether(judged: Judged): Problem[] {
  return RULES.flatMap((rule) => rule(judged));
}

const problem = (path: Path, says: string): Problem[] => [{ path, says }];

const spotNeedsAGroup: Rule = ({ given }) => {
  if (given.capacity?.kind !== 'instance') return [];
  const wants = 'wants autoScaling or fleet, or no spot: a single instance is always on-demand';
  if (given.useSpot === true) {
    return problem(['capacity', 'kind'], `got "instance" together with useSpot: true, ${wants}`);
  }
  if (given.capacity.spot === true) {
    return problem(['capacity', 'kind'], `got "instance" together with capacity.spot: true, ${wants}`);
  }
  return [];
};

const spotSaidTwiceAgrees: Rule = ({ given }) => {
  const spot = given.capacity?.spot;
  if (given.useSpot === undefined || spot === undefined || given.useSpot === spot) return [];
  const says = `got ${spot} together with useSpot: ${given.useSpot}, wants the two to agree: leave one of them out`;
  return problem(['capacity', 'spot'], says);
};

const spotOptionsNeedSpot: Rule = ({ given }) => {
  const { maxPrice, onDemandFallback, kind, spot } = given.capacity ?? {};
  const isSpot = given.useSpot === true || spot === true;
  const problems: Problem[] = [];
  if (maxPrice !== undefined && !isSpot) {
    const says = `got ${maxPrice} without spot, wants it left out or useSpot: true: on-demand capacity has a fixed price`;
    problems.push({ path: ['capacity', 'maxPrice'], says });
  }
  if (onDemandFallback !== undefined && (!isSpot || kind === 'fleet')) {
    const reason = kind === 'fleet' ? 'with kind fleet' : 'without spot';
    const says = `got ${onDemandFallback} ${reason}, wants it left out: only a spot Auto Scaling group falls back`;
    problems.push({ path: ['capacity', 'onDemandFallback'], says });
  }
  return problems;
};

const typesFitTogether: Rule = ({ given }) => {
  const types = given.capacity?.instanceTypes;
  if (types === undefined) return [];
  const path = ['capacity', 'instanceTypes'];
  const architectures = [...new Set(types.map(architectureOf))];
  if (architectures.length === 1) return [];
  const sides = architectures.map((architecture) => {
    const members = types.filter((type) => architectureOf(type) === architecture);
    return `${members.join(', ')} (${architecture})`;
  });
  return problem(path, `got ${sides.join(' and ')}, wants one CPU architecture: a host image fits one alone`);
};

const typeIsAmongTypes: Rule = ({ given }) => {
  const types = given.capacity?.instanceTypes;
  if (types === undefined || given.instanceType === undefined || types.includes(given.instanceType)) return [];
  const says = `got ${show(types)}, wants instanceType ${given.instanceType} among them: add it, or leave instanceType out`;
  return problem(['capacity', 'instanceTypes'], says);
};

const oneInstanceHasOneType: Rule = ({ given }) => {
  const { kind, instanceTypes = [] } = given.capacity ?? {};
  if (kind !== 'instance' || instanceTypes.length < 2) return [];
  const says = `got ${show(instanceTypes)} together with capacity.kind: instance, wants one type: a single instance has one`;
  return problem(['capacity', 'instanceTypes'], says);
};

const severalHostsNeedAGroup: Rule = ({ given }) => {
  const { min, max, targetCpuPercent, kind, spot, instanceTypes = [] } = given.capacity ?? {};
  const isGroup = kind === 'autoScaling' || (kind === undefined && (given.useSpot ?? spot ?? instanceTypes.length > 1));
  if (isGroup) return [];
  const got = kind === undefined ? 'without capacity.kind' : `together with capacity.kind: ${kind}`;
  return Object.entries({ min, max, targetCpuPercent }).flatMap(([key, value]) =>
    value === undefined
      ? []
      : problem(['capacity', key], `got ${value} ${got}, wants autoScaling: only a group has a number of hosts`),
  );
};

const numbersOfHostsFit: Rule = ({ given }) => {
  const { min = 1, max = min, targetCpuPercent } = given.capacity ?? {};
  if (max < min) {
    return problem(['capacity', 'max'], `got ${max} together with capacity.min: ${min}, wants at least as many`);
  }
  if (targetCpuPercent === undefined || max > min) return [];
  const says = `got ${targetCpuPercent} with as many hosts at least as at most, wants a max above min, or this left out`;
  return problem(['capacity', 'targetCpuPercent'], says);
};

const severalHostsShareTheirWorkspace: Rule = ({ given, completed: { workspace } }) => {
  const { min = 1, max = min } = given.capacity ?? {};
  const { mode } = (workspace ?? {}) as { readonly mode?: string };
  if (workspace === undefined || mode === 'shared' || max < 2) return [];
  const wants = 'wants one host, or a workspace that hosts share, or none: a volume is with one host at a time';
  return problem(['capacity', 'max'], `got ${max} together with a workspace on a volume, ${wants}`);
};

const idleHostsLeaveAGroupOfAnyNumber: Rule = ({ given, completed: { idleStop } }) => {
  const { min = 1, max = min } = given.capacity ?? {};
  if (idleStop === undefined || max < 2 || min === 1) return [];
  const wants = 'wants min: 1, or no idleStop: an idle host cannot leave a group that has to have it';
  return problem(['capacity', 'min'], `got ${min} together with idleStop, ${wants}`);
};

const gatewaysFitZones: Rule = ({ given, completed, isWrong }) => {
  const { natGateways, maxAzs } = completed.network;
  if (natGateways <= maxAzs || isWrong('network.maxAzs')) return [];
  const wants = 'wants at most one gateway for each Availability Zone';
  return given.network?.natGateways === undefined
    ? problem(['network', 'maxAzs'], `got ${maxAzs} with natGateways: ${natGateways}, ${wants}`)
    : problem(['network', 'natGateways'], `got ${natGateways} with maxAzs: ${maxAzs}, ${wants}`);
};

const existingNetworkStaysAsItIs: Rule = ({ given, region, regions, isWrong }) => {
  const network = given.network ?? {};
  if (isWrong('network.vpcId')) return [];
  if (network.vpcId === undefined) {
    const says = 'got subnets without vpcId, wants network.vpcId: subnets are named only in a VPC that exists';
    return network.subnets === undefined ? [] : problem(['network', 'subnets'], says);
  }
  const excluded = (['cidr', 'maxAzs', 'natGateways'] as const).filter((key) => network[key] !== undefined);
  const elsewhere = (network.subnets ?? []).flatMap((subnet, index) =>
    isWrong('region') || regions.length > 1 || subnet.availabilityZone.startsWith(region)
      ? []
      : [{ index, zone: subnet.availabilityZone }],
  );
  return [
    ...excluded.map((key) => ({
      path: ['network', key],
      says: `got ${show(network[key])} together with network.vpcId, wants one of the two: a VPC that exists is not changed`,
    })),
    ...elsewhere.map(({ index, zone }) => ({
      path: ['network', 'subnets', index, 'availabilityZone'],
      says: `got ${show(zone)}, wants an Availability Zone of region ${region}`,
    })),
  ];
};

const lookupNeedsAnAccount: Rule = ({ given, account, isWrong }) => {
  const { vpcId, subnets } = given.network ?? {};
  if (vpcId === undefined || subnets !== undefined || account !== undefined) return [];
  if (isWrong('account') || isWrong('network.subnets')) return [];
  const wants = 'AWS credentials for the CDK CLI, or network.subnets, which need no lookup';
  return problem(['network', 'vpcId'], `got ${show(vpcId)} and no account to look it up in, wants ${wants}`);
};

const newNetworkHoldsItsSubnets: Rule = ({ given, completed, isWrong }) => {
  const { cidr, maxAzs, natGateways } = completed.network;
  const subnets = natGateways > 0 ? 2 * maxAzs : maxAzs;
  const forBuilds = completed.image.kind === 'pipeline' && natGateways === 0;
  const largestPrefix = SUBNET_PREFIX - Math.ceil(Math.log2(forBuilds ? subnets + 1 : subnets));
  if (given.network?.vpcId !== undefined || isWrong('network.vpcId')) return [];
  if (isWrong('network.maxAzs') || Number(cidr.split('/')[1]) <= largestPrefix) return [];
  const wants = `a block of /${largestPrefix} or larger for ${subnets} subnets of /${SUBNET_PREFIX}${forBuilds ? ' and those that build images' : ''}`;
  return problem(['network', 'cidr'], `got ${show(cidr)}, wants ${wants}: take a larger block or fewer maxAzs`);
};

const fleetsKeepTheirImage: Rule = ({ given, isWrong }) => {
  if (given.image?.kind !== 'pipeline' || given.capacity?.kind !== 'fleet' || isWrong('image')) return [];
  const reason = 'old images are deleted, and a fleet launches the one that it was deployed with';
  return problem(['image', 'kind'], `got "pipeline" together with capacity.kind: fleet, wants autoScaling: ${reason}`);
};

const releaseRunsOnAmazonLinux: Rule = ({ completed }) => {
  const { version } = completed.gizmosql;
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  if (major > 1 || minor > 31 || (minor === 31 && patch >= 1)) return [];
  const wants = '1.31.1 or newer: older ones do not run on Amazon Linux 2023 or cannot drain';
  return problem(['gizmosql', 'version'], `got ${show(version)}, wants ${wants}`);
};

const unknownReleaseIsPinned: Rule = ({ given, completed, knownGizmoSqlVersions }) => {
  const { version, sha256 } = completed.gizmosql;
  if (sha256 !== undefined || knownGizmoSqlVersions.includes(version)) return [];
  const path = given.gizmosql?.version === undefined ? ['gizmosql'] : ['gizmosql', 'version'];
  const wants = `${knownGizmoSqlVersions.join(', ')}, or gizmosql.sha256 of the release's Linux zip beside it`;
  return problem(path, `got ${show(version)} without sha256, wants ${wants}`);
};

const hoursEnd: Rule = ({ completed: { hours } }) => {
  if (hours === undefined || hours.start !== hours.stop) return [];
  const says = `got ${show(hours.stop)}, which is also hours.start, wants another time, or no hours for a host that is always on`;
  return problem(['hours', 'stop'], says);
};

const volumeBroughtAlongKeepsItsSize: Rule = ({ completed: { workspace } }) => {
  if (workspace?.mode === 'shared' || workspace?.sizeGiB === undefined || workspace.volumeId === undefined) return [];
  const wants = 'wants one of the two: a volume that exists has its size, which `aws ec2 modify-volume` changes';
  return problem(['workspace', 'sizeGiB'], `got ${workspace.sizeGiB} together with workspace.volumeId, ${wants}`);
};

const workspaceFitsItsMode: Rule = ({ given: { workspace }, isWrong }) => {
  if (workspace === undefined || workspace === false || isWrong('workspace.mode')) return [];
  const isShared = workspace.mode === 'shared';
  const foreign = isShared ? (['sizeGiB', 'volumeId'] as const) : (['fileSystemId', 'accessPointId'] as const);
  const wants = isShared
    ? 'wants it left out: only a volume has it, and a file system takes as much room as its files'
    : 'wants mode: shared beside it, or it left out: only a shared file system has it';
  return foreign
    .filter((key) => workspace[key] !== undefined)
    .map((key) => ({
      path: ['workspace', key],
      says: `got ${show(workspace[key])} with mode: ${workspace.mode ?? 'volume'}, ${wants}`,
    }));
};

const fileSystemComesWithItsAccessPoint: Rule = ({ completed: { workspace }, isWrong }) => {
  const { fileSystemId, accessPointId } = workspace ?? {};
  const isHalf = (fileSystemId === undefined) !== (accessPointId === undefined);
  if (!isHalf || isWrong('workspace.fileSystemId') || isWrong('workspace.accessPointId')) return [];
  const [key, other] =
    fileSystemId === undefined
      ? (['accessPointId', 'fileSystemId'] as const)
      : (['fileSystemId', 'accessPointId'] as const);
  const wants = `wants both or neither: hosts come to the file system through the access point`;
  return problem(['workspace', key], `got ${show(workspace?.[key])} without workspace.${other}, ${wants}`);
};

const backupNeedsAWorkspace: Rule = ({ completed: { workspace, backup }, isWrong }) => {
  if (backup === undefined || workspace !== undefined || isWrong('workspace')) return [];
  const wants =
    'wants a workspace as well (workspace: {} makes one of 50 GiB), or no backup: a host holds nothing to back up';
  return problem(['backup'], `got a block of settings without workspace, ${wants}`);
};

const productionKeepsItsData: Rule = ({ environment, given }) => {
  const twice = given.deleteDataOnDestroy === true;
  if (twice && given.retain !== false) {
    const says = 'got true without retain: false, wants both or neither: they are the two halves of one yes';
    return problem(['deleteDataOnDestroy'], says);
  }
  if (!/^prod/i.test(environment) || given.retain !== false || twice) return [];
  const wants = 'true, or deleteDataOnDestroy: true beside it: a destroy of the stack would delete logs and secret';
  return problem(['retain'], `got false in ${environment}, wants ${wants}`);
};

const RULES: readonly Rule[] = [
  spotNeedsAGroup,
  spotSaidTwiceAgrees,
  spotOptionsNeedSpot,
  typesFitTogether,
  typeIsAmongTypes,
  oneInstanceHasOneType,
  severalHostsNeedAGroup,
  numbersOfHostsFit,
  severalHostsShareTheirWorkspace,
  idleHostsLeaveAGroupOfAnyNumber,
  gatewaysFitZones,
  existingNetworkStaysAsItIs,
  lookupNeedsAnAccount,
  newNetworkHoldsItsSubnets,
  fleetsKeepTheirImage,
  releaseRunsOnAmazonLinux,
  unknownReleaseIsPinned,
  hoursEnd,
  volumeBroughtAlongKeepsItsSize,
  workspaceFitsItsMode,
  fileSystemComesWithItsAccessPoint,
  backupNeedsAWorkspace,
  productionKeepsItsData,
  sweepReadsWhatDataNames,
  judgeAccess,
  ...SERVICE_RULES,
  ...REGION_RULES,
];
