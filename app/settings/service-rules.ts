import { type Path, type Problem, show } from './problem';
import { regionOfArn } from './region-rules';
import type { Rule } from './rules';

/** What the constructs take where the settings say nothing. */
const CAPACITY = { least: 'minCapacity', most: 'maxCapacity', otherwise: 4 } as const;
const WORKERS = { least: 'minWorkers', most: 'maxWorkers', otherwise: 4 } as const;
/** Its four subnets have 251 usable addresses each. */
const LARGEST_PREFIX = 22;

const databaseHasRoom: Rule = ({ completed: { service }, isWrong }) =>
  isWrong('service.database') ? [] : mostIsAtLeastLeast('database', service?.database ?? {}, CAPACITY);

const workersFit: Rule = ({ completed: { service }, isWrong }) =>
  isWrong('service.workers') ? [] : mostIsAtLeastLeast('workers', service?.workers ?? {}, WORKERS);

function mostIsAtLeastLeast<Key extends string>(
  part: string,
  block: Readonly<Partial<Record<Key, unknown>>>,
  { least, most, otherwise }: { readonly least: Key; readonly most: Key; readonly otherwise: number },
): Problem[] {
  const path: Path = ['service', part];
  const [min = 0, max] = [block[least], block[most]] as [number?, number?];
  if (min <= (max ?? otherwise)) return [];
  if (max === undefined) {
    const wants = `wants a ${most} of at least as many beside it: left out it is ${otherwise}`;
    return [{ path: [...path, least], says: `got ${min} without ${most}, ${wants}` }];
  }
  const says = `got ${max} together with ${[...path, least].join('.')}: ${min}, wants at least as many`;
  return [{ path: [...path, most], says }];
}

const networkHoldsItsSubnets: Rule = ({ completed: { service }, isWrong }) => {
  const cidr = service?.cidr;
  if (cidr === undefined || isWrong('service.cidr') || Number(cidr.split('/')[1]) <= LARGEST_PREFIX) return [];
  const wants = `wants a block of /${LARGEST_PREFIX} or larger for four subnets of /24`;
  return [{ path: ['service', 'cidr'], says: `got ${show(cidr)}, ${wants}` }];
};

/** Where hosts are in public subnets, or in a network that was brought along, nobody knows of a private place for a database. */
const sharedNetworkIsPrivate: Rule = ({ completed: { service, network }, isWrong }) => {
  if (service?.network !== 'shared' || isWrong('network')) return [];
  const problems = (['cidr', 'natGateways'] as const)
    .filter((key) => service[key] !== undefined)
    .map((key) => ({
      path: ['service', key],
      says: `got ${show(service[key])} with network: shared, wants it left out: the network is that of the hosts`,
    }));
  const got = 'got "shared" together with';
  const at = (says: string): Problem[] => [...problems, { path: ['service', 'network'], says }];
  if (network.vpcId !== undefined) return at(`${got} network.vpcId, wants own: only a network that is made is shared`);
  if (network.natGateways === 0) {
    return at(`${got} network.natGateways: 0, wants own, or 1 NAT gateway or more: hosts are in public subnets`);
  }
  return network.maxAzs > 1 ? problems : at(`${got} network.maxAzs: 1, wants own, or 2 zones: a database is in two`);
};

const webAclIsWhereItsApiIs: Rule = ({ completed: { service }, region, regions, isWrong }) => {
  const arn = service?.api?.webAclArn;
  if (arn === undefined || regions.length > 1 || isWrong('region') || isWrong('service.api')) return [];
  if (regionOfArn(arn) === region) return [];
  const says = `got ${show(arn)}, wants one in ${region}: an API takes one of its own region`;
  return [{ path: ['service', 'api', 'webAclArn'], says }];
};

export const SERVICE_RULES: readonly Rule[] = [
  databaseHasRoom,
  workersFit,
  networkHoldsItsSubnets,
  sharedNetworkIsPrivate,
  webAclIsWhereItsApiIs,
];
