import { block, listOf, text, vpcCidr, wholeNumber } from '../vocabulary';

const subnet = block({
  id: text(/^subnet-([0-9a-f]{8}|[0-9a-f]{17})$/, 'a subnet id such as subnet-0123456789abcdef0').meta({
    description: 'A subnet of the VPC `network.vpcId` that has a way out to the internet, public or through NAT.',
  }),
  availabilityZone: text(/^[a-z]{2,}(-[a-z0-9]+)+[a-z]$/, 'an Availability Zone such as us-east-2a').meta({
    description: 'The Availability Zone that the subnet is in.',
  }),
});

/** The VPC that hosts run in. */
export const network = block({
  cidr: vpcCidr('10.10.0.0/16').default('10.10.0.0/16').meta({
    description:
      'The private IPv4 block of the VPC that is made, /16 to /24, with room for a /24 subnet per zone, two with NAT gateways. Changing it replaces the VPC.',
  }),
  maxAzs: wholeNumber(1, 3).default(2).meta({
    description: 'The number of Availability Zones that get subnets. More zones, more places to find spot capacity.',
  }),
  natGateways: wholeNumber(0, 3).default(0).meta({
    description:
      'With 0 hosts sit in public subnets without any inbound rule. With 1 or more they sit in private subnets behind NAT gateways, about 33 USD a month each and 0.045 USD per GB. At most `maxAzs`.',
  }),
  vpcId: text(/^vpc-([0-9a-f]{8}|[0-9a-f]{17})$/, 'a VPC id such as vpc-0123456789abcdef0')
    .optional()
    .meta({
      description:
        'Uses this VPC of yours instead of making one; excludes `cidr`, `maxAzs` and `natGateways`. It is looked up in the account at synth, unless `subnets` are named.',
      defaultText: 'a VPC is made',
    }),
  subnets: listOf(subnet, 'a list of subnets, each with id and availabilityZone')
    .min(1, { error: 'a list of subnets, each with id and availabilityZone' })
    .optional()
    .meta({
      description:
        'The subnets of `vpcId` where hosts run. With them synth asks the account nothing. Only with `vpcId`.',
      defaultText: 'looked up: the private subnets of the VPC, else its public ones',
    }),
});
