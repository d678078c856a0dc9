import { type Path, type Problem, show } from './problem';
import type { Judged, Rule } from './rules';
import type { GivenSettings } from './schema';

const problem = (path: Path, says: string): Problem[] => [{ path, says }];

const eitherOneOrSeveral: Rule = ({ given }) => {
  if (given.region === undefined || given.regions === undefined) return [];
  const wants = 'wants one of the two: region is short for regions with that one alone';
  return problem(['regions'], `got ${show(given.regions)} together with region: ${given.region}, ${wants}`);
};

/** What a load balancer is given that may exist already. */
interface GivenBalancer {
  readonly signIn?: { readonly userPoolId?: string; readonly clientSecretArn?: string };
  readonly webAclArn?: string;
}

/** What exists already is in one region, and the settings of several are the same. */
const whatExistsIsInOneRegion: Rule = ({ given, regions, isWrong }) => {
  if (regions.length < 2 || isWrong('regions')) return [];
  const wants = 'wants it left out, or an environment of its own for the region that it is in';
  return [...existingOfHosts(given), ...existingOfService(given)]
    .filter(({ path, value }) => value !== undefined && !isWrong(path.join('.')))
    .map(({ path, value }) => ({ path, says: `got ${show(value)} with ${regions.length} regions, ${wants}` }));
};

interface Existing {
  readonly path: readonly string[];
  readonly value: unknown;
}

function existingOfHosts({ access, network, workspace }: GivenSettings): Existing[] {
  const { volumeId, fileSystemId } = workspace || {};
  const { signIn, webAclArn } = (access ?? {}) as GivenBalancer;
  return [
    { path: ['network', 'vpcId'], value: network?.vpcId },
    { path: ['workspace', 'volumeId'], value: volumeId },
    { path: ['workspace', 'fileSystemId'], value: fileSystemId },
    { path: ['access', 'signIn', 'userPoolId'], value: signIn?.userPoolId },
    { path: ['access', 'signIn', 'clientSecretArn'], value: signIn?.clientSecretArn },
    { path: ['access', 'webAclArn'], value: webAclArn },
  ];
}

function existingOfService({ service }: GivenSettings): Existing[] {
  const { api } = service || {};
  return [
    { path: ['service', 'api', 'userPoolArn'], value: api?.userPoolArn },
    { path: ['service', 'api', 'webAclArn'], value: api?.webAclArn },
  ];
}

/** Each of these is given to the hosts of its own region: of another one nobody would get it. */
const dataIsWhereHostsAre: Rule = (judged) => [...elsewhere(judged, 'tableBuckets'), ...elsewhere(judged, 'kmsKeys')];

function elsewhere({ completed, regions, isWrong }: Judged, key: 'tableBuckets' | 'kmsKeys'): Problem[] {
  if (regions.length < 2 || isWrong('regions') || isWrong(`data.${key}`)) return [];
  return completed.data[key].flatMap((arn, index) => {
    if (regions.includes(regionOfArn(arn))) return [];
    const wants = `one in ${regions.join(', ')}: hosts get what is in their own region`;
    return [{ path: ['data', key, index], says: `got ${show(arn)}, wants ${wants}` }];
  });
}

const certificatesAreWhereHostsAre: Rule = ({ completed: { access }, regions, isWrong }) => {
  if (access.kind !== 'loadBalancer' || ['region', 'regions', 'access.certificateArn'].some(isWrong)) return [];
  const path = ['access', 'certificateArn'];
  const got = show(access.certificateArn);
  const certified = [access.certificateArn].flat().map(regionOfArn);
  const missing = regions.filter((region) => certified.filter((each) => each === region).length !== 1);
  if (missing.length > 0) {
    const wants = `one certificate of ${missing.join(', ')}: a load balancer takes one of its own region`;
    return problem(path, `got ${got}, wants ${wants}`);
  }
  if (certified.length === regions.length) return [];
  return problem(path, `got ${got}, wants one in ${regions.join(', ')} alone: nothing would use the others`);
};

const copiesGoElsewhere: Rule = ({ completed: { backup }, regions, isWrong }) => {
  const { copyToRegion, copyVaultName } = backup ?? {};
  if (copyToRegion === undefined) {
    const says = `got ${show(copyVaultName)} without backup.copyToRegion, wants both or neither: the vault is in that region`;
    return copyVaultName === undefined || isWrong('backup') ? [] : problem(['backup', 'copyVaultName'], says);
  }
  if (isWrong('region') || isWrong('regions')) return [];
  if (regions.includes(copyToRegion)) {
    const wants = 'wants another region, or none: the backup itself is in this one already';
    return problem(['backup', 'copyToRegion'], `got ${show(copyToRegion)}, a region of the environment, ${wants}`);
  }
  const [region = ''] = regions;
  if (partitionOf(copyToRegion) === partitionOf(region)) return [];
  const wants = `wants a region of the same partition as ${region}: AWS Backup copies nothing between partitions`;
  return problem(['backup', 'copyToRegion'], `got ${show(copyToRegion)}, ${wants}`);
};

/** China's regions and those of the government are worlds of their own. */
function partitionOf(region: string): string {
  return /^(cn|us-gov|us-iso\w?|eu-isoe|eusc)-/.exec(region)?.[1] ?? 'aws';
}

/** The region that an ARN names. */
export function regionOfArn(arn: string): string {
  return arn.split(':')[3] ?? '';
}

export const REGION_RULES: readonly Rule[] = [
  eitherOneOrSeveral,
  whatExistsIsInOneRegion,
  dataIsWhereHostsAre,
  certificatesAreWhereHostsAre,
  copiesGoElsewhere,
];
