import { z } from 'zod';
import { block, part, text, vpcCidr, webAclArn, wholeNumber, yesOrNo } from '../vocabulary';

const capacityUnits = (min: number) => {
  const error = `a number from ${min} to 256, by halves`;
  return z.number({ error }).min(min, { error }).max(256, { error }).multipleOf(0.5, { error });
};

const database = block({
  minCapacity: capacityUnits(0).optional().meta({
    description:
      'The least capacity of the database, 0 to 256 by halves, in units of about 2 GiB of memory, 0.12 USD an hour each. With 0 it pauses when nobody uses it, and the first request after that waits about 15 seconds.',
    defaultText: '`0`',
  }),
  maxCapacity: capacityUnits(1).optional().meta({
    description: 'The most capacity of the database, 1 to 256 by halves.',
    defaultText: '`4`',
  }),
  reader: yesOrNo().optional().meta({
    description: 'Whether a second database in the other zone takes over when the first fails. It costs as much.',
    defaultText: '`false`',
  }),
  backupDays: wholeNumber(1, 35).optional().meta({
    description: 'The days that backups of the database are kept, with every moment in between.',
    defaultText: '`7`',
  }),
});

const workers = block({
  minWorkers: wholeNumber(0, 100).optional().meta({
    description: 'How many workers take findings in when none arrive, each about 7 USD a month.',
    defaultText: '`0`',
  }),
  maxWorkers: wholeNumber(1, 100).optional().meta({
    description: 'How many workers take findings in at most.',
    defaultText: '`4`',
  }),
});

const api = block({
  requestsPerSecond: wholeNumber(1, 10_000).optional().meta({
    description: 'How many requests a second the API answers, on average.',
    defaultText: '`50`',
  }),
  userPoolArn: text(/^arn:[\w-]+:cognito-idp:[\w-]+:\d{12}:userpool\/[\w-]+$/, 'the ARN of a user pool of Cognito')
    .optional()
    .meta({
      description: 'The user pool whose people may ask the API, with the token that they sign in with.',
      defaultText: 'requests are signed with AWS credentials, and IAM says who may ask',
    }),
  webAclArn: webAclArn()
    .optional()
    .meta({ description: 'A web ACL of yours in front of the API.', defaultText: 'none' }),
});

/** The findings service. */
export const service = part({
  network: z.literal(['own', 'shared'], { error: 'own or shared' }).optional().meta({
    description:
      'With `own` the service has a network for itself. With `shared` it is in the private subnets of the environment’s, which needs `network.natGateways`, and excludes `service.cidr` and `service.natGateways`. A database does not move: it stays where it was first deployed.',
    defaultText: '`own`',
  }),
  cidr: vpcCidr('10.0.0.0/16').optional().meta({
    description:
      'The private IPv4 block of the network of the service, /16 to /22, with four subnets of /24. A database does not move: it stays as it was first deployed.',
    defaultText: '`10.0.0.0/16`',
  }),
  natGateways: wholeNumber(0, 2).optional().meta({
    description:
      'How many NAT gateways, about 33 USD a month each. Without any, functions call AWS through endpoints, 7.30 USD a month each: one, and with `alarms` two.',
    defaultText: '`0`',
  }),
  database: database.optional().meta({ description: 'The database of findings.' }),
  workers: workers.optional().meta({ description: 'What takes findings into the database.' }),
  api: api.optional().meta({ description: 'What answers questions about findings.' }),
  previousFindingsDays: wholeNumber(1, 3650).optional().meta({
    description:
      'The days that the findings bucket keeps a finding after a newer one of the same table took its place.',
    defaultText: '`365`',
  }),
});
