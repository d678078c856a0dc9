import { always, unknown } from '../charge';
import { textOf } from '../template';
import { HOURS_PER_MONTH, type Rule } from './rule';

/** Billed whether or not anything uses it. */
export const elasticIp: Rule = () => [always('public IPv4 address', 'publicIpv4', HOURS_PER_MONTH)];

export const natGateway: Rule = (_properties, { assumptions: { natGb } }) => [
  always('NAT gateway', 'natGateway', HOURS_PER_MONTH),
  always(`${natGb} GB through the NAT gateway`, 'natGatewayData', natGb),
];

/** Gateway endpoints, for S3 and DynamoDB, cost nothing. */
export const vpcEndpoint: Rule = ({ VpcEndpointType, SubnetIds }, { assumptions: { endpointGb } }) => {
  if ((textOf(VpcEndpointType) ?? 'Gateway') === 'Gateway') return [];
  const zones = Array.isArray(SubnetIds) ? SubnetIds.length : 1;
  return [
    always(
      `interface endpoint in ${zones} ${zones === 1 ? 'zone' : 'zones'}`,
      'interfaceEndpoint',
      zones * HOURS_PER_MONTH,
    ),
    always(`${endpointGb} GB through the endpoint`, 'interfaceEndpointData', endpointGb),
  ];
};

export const loadBalancer: Rule = ({ Type, Scheme, Subnets }, { assumptions: { capacityUnits } }) => {
  if ((textOf(Type) ?? 'application') !== 'application') return [unknown('load balancer', 'of another kind')];
  const zones = Array.isArray(Subnets) ? Subnets.length : 2;
  return [
    always('load balancer', 'loadBalancer', HOURS_PER_MONTH),
    always(`${capacityUnits} capacity units`, 'loadBalancerCapacity', capacityUnits * HOURS_PER_MONTH),
    ...(Scheme === 'internal' ? [] : [always(`${zones} public IPv4 addresses`, 'publicIpv4', zones * HOURS_PER_MONTH)]),
  ];
};
