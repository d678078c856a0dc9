import { type Problem, show } from './problem';
import type { Judged } from './rules';

/** What has to fit together so that a load balancer can lead people to hosts, and asks each to sign in. */
export function judgeAccess(judged: Judged): Problem[] {
  if (judged.completed.access.kind !== 'loadBalancer') return [];
  return [...hostsAreRegistered(judged), ...subnetsAreKnown(judged), ...oneUserPool(judged)];
}

const problem = (path: Problem['path'], says: string): Problem[] => [{ path, says }];

function hostsAreRegistered({ given }: Judged): Problem[] {
  if (given.capacity?.kind !== 'fleet') return [];
  const wants = 'wants kind autoScaling or instance: EC2 registers no host of a fleet at a load balancer';
  return problem(['capacity', 'kind'], `got "fleet" together with access.kind: loadBalancer, ${wants}`);
}

function subnetsAreKnown(judged: Judged): Problem[] {
  return judged.completed.network.vpcId === undefined ? subnetsOfNewNetwork(judged) : subnetsOfExistingNetwork(judged);
}

function subnetsOfNewNetwork({ completed: { access, network }, isWrong }: Judged): Problem[] {
  if (isWrong('network.vpcId')) return [];
  if ('subnetIds' in access && access.subnetIds !== undefined) {
    const wants = 'wants it left out: the network that is made has public subnets';
    return problem(['access', 'subnetIds'], `got ${show(access.subnetIds)} without network.vpcId, ${wants}`);
  }
  if (network.maxAzs >= 2 || isWrong('network.maxAzs')) return [];
  const wants = 'wants 2 or 3: a load balancer is in two zones or more';
  return problem(['network', 'maxAzs'], `got ${network.maxAzs} together with access.kind: loadBalancer, ${wants}`);
}

function subnetsOfExistingNetwork({ completed: { access, network }, isWrong }: Judged): Problem[] {
  const isNamed = 'subnetIds' in access && access.subnetIds !== undefined;
  if (network.subnets === undefined || isNamed || isWrong('access.subnetIds')) return [];
  const wants = 'wants access.subnetIds: the public subnets of the load balancer, in two zones or more';
  return problem(['access'], `got network.subnets, which are for hosts, ${wants}`);
}

function oneUserPool({ completed: { access }, isWrong }: Judged): Problem[] {
  if (access.kind !== 'loadBalancer' || access.signIn.kind !== 'cognito' || isWrong('access.signIn')) return [];
  const { domainPrefix, userPoolId, clientId, domain } = access.signIn;
  const path = ['access', 'signIn'];
  if (domainPrefix === undefined && userPoolId === undefined) {
    const wants = 'wants domainPrefix, which makes a user pool, or userPoolId with clientId and domain';
    return problem(path, `got kind cognito alone, ${wants}`);
  }
  const ofAnother = Object.entries({ clientId, domain });
  if (domainPrefix !== undefined) {
    const excluded = Object.entries({ userPoolId, clientId, domain }).filter(([, value]) => value !== undefined);
    return excluded.flatMap(([key, value]) =>
      problem([...path, key], `got ${show(value)} together with domainPrefix, wants one of the two user pools`),
    );
  }
  return ofAnother
    .filter(([, value]) => value === undefined)
    .flatMap(([key]) => problem(path, `got userPoolId without ${key}, wants ${key} as well`));
}
