import { z } from 'zod';
import { isAddressBlock } from '../cidr';
import { block, listOf, text, webAclArn, wholeNumber, yesOrNo } from '../vocabulary';

const httpsUrl = (what: string) =>
  text(/^https:\/\/[\w./:~-]+$/, 'an https URL without a query, such as https://login.example.com/authorize').meta({
    description: `${what} Only with kind \`oidc\`.`,
    defaultText: 'none: kind `oidc` needs it',
  });

const signInKind = <Kind extends 'cognito' | 'oidc'>(kind: Kind) =>
  z.literal(kind, { error: 'cognito or oidc' }).meta({
    description:
      'Where people sign in. `cognito`: a user pool of Amazon Cognito. `oidc`: an identity provider of your own that speaks OpenID Connect.',
    defaultText: 'none: a load balancer without a sign-in does not exist',
  });

const sessionHours = wholeNumber(1, 168).optional().meta({
  description: 'The hours that somebody stays signed in, also after they are taken out at the identity provider.',
  defaultText: '`12`',
});

const cognito = block({
  kind: signInKind('cognito'),
  domainPrefix: text(
    /^(?!.*(aws|amazon|cognito))[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'up to 63 small letters, digits and dashes, without aws, amazon and cognito',
  )
    .optional()
    .meta({
      description:
        'Makes a user pool, whose sign-in page is `https://<domainPrefix>.auth.<region>.amazoncognito.com`: people are invited, and need an authenticator app. Excludes `userPoolId`.',
      defaultText: 'none: kind `cognito` needs it, or `userPoolId`',
    }),
  userPoolId: text(/^[a-z]{2,}(-[a-z]+)+-\d{1,2}_[A-Za-z0-9]+$/, 'the id of a user pool such as us-east-2_AbCdEf123')
    .optional()
    .meta({
      description: 'Uses this user pool of yours, all of whose users may then come. With `clientId` and `domain`.',
      defaultText: 'a user pool is made',
    }),
  clientId: text(/^[a-z0-9]{1,128}$/, 'the id of a client of the user pool')
    .optional()
    .meta({
      description:
        'A client of `userPoolId` with a secret and the code flow, whose callback URL is `https://<hostName>/oauth2/idpresponse`.',
      defaultText: 'none: `userPoolId` needs it',
    }),
  domain: text(/^[a-z0-9][a-z0-9.-]{0,127}$/, 'the prefix of the domain of the user pool, or its own domain')
    .optional()
    .meta({
      description: 'The domain of the sign-in page of `userPoolId`.',
      defaultText: 'none: `userPoolId` needs it',
    }),
  sessionHours,
});

const oidc = block({
  kind: signInKind('oidc'),
  issuer: httpsUrl('The issuer, exactly as the discovery document of the provider has it.'),
  authorizationEndpoint: httpsUrl('Where people sign in.'),
  tokenEndpoint: httpsUrl('Where the load balancer redeems a sign-in; on the internet.'),
  userInfoEndpoint: httpsUrl('Where the load balancer asks who has signed in; on the internet.'),
  clientId: text(/^[\w.:~-]+$/, 'the id of a client: letters, digits and _ . : ~ -').meta({
    description:
      'The client that the provider knows the load balancer as, with the redirect URL `https://<hostName>/oauth2/idpresponse`. With kind `cognito`: a client of `userPoolId`.',
    defaultText: 'none: kind `oidc` needs it',
  }),
  clientSecretArn: text(
    /^arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:[\w/+=.@-]+$/,
    'the ARN of a secret of Secrets Manager',
  ).meta({
    description:
      "The secret in Secrets Manager whose plain text is the client's secret. CloudFormation reads it when it deploys; no template or output holds it.",
    defaultText: 'none: kind `oidc` needs it',
  }),
  sessionHours,
});

const signIn = z.discriminatedUnion('kind', [cognito, oidc], {
  error: (issue) =>
    issue.code === 'invalid_union'
      ? 'cognito or oidc'
      : 'a block of settings with kind cognito or oidc: a load balancer without a sign-in is open to the world',
});

const accessKind = <Kind extends 'sessionManager' | 'loadBalancer'>(kind: Kind) =>
  z.literal(kind, { error: 'sessionManager or loadBalancer' }).meta({
    description:
      'How people reach TableSleuth. `sessionManager`: through a forwarded port, with the right to start sessions in AWS. `loadBalancer`: in a browser, after a sign-in; about 18 USD a month and more by use.',
    defaultText: '`sessionManager`',
  });

const ADDRESS_BLOCK = 'an address block such as 203.0.113.0/24 or 2001:db8::/32';
const cidr = () =>
  z
    .string({ error: ADDRESS_BLOCK })
    .regex(/^[\da-f.:]+\/\d{1,3}$/, { error: ADDRESS_BLOCK, abort: true })
    .refine(isAddressBlock, { error: ADDRESS_BLOCK });

const WANTED_CERTIFICATE = 'the ARN of a certificate of ACM, or a list with one of each region';
const certificate = () => text(/^arn:[\w-]+:acm:[\w-]+:\d{12}:certificate\/[\w-]+$/, WANTED_CERTIFICATE);

const WANTED_SUBNETS = 'a list of at least two subnet ids such as subnet-0123456789abcdef0';

/** How people reach hosts. */
export const access = z
  .discriminatedUnion(
    'kind',
    [
      block({ kind: accessKind('sessionManager') }),
      block({
        kind: accessKind('loadBalancer'),
        certificateArn: z
          .union([certificate(), listOf(certificate(), WANTED_CERTIFICATE)], { error: WANTED_CERTIFICATE })
          .meta({
            description:
              'The certificate for `hostName`, in the same region; with several `regions`, a list with one of each. Only with kind `loadBalancer`.',
            defaultText: 'none: kind `loadBalancer` needs it',
          }),
        hostName: text(
          /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/,
          'a host name such as tablesleuth.example.com',
        ).meta({
          description:
            'The name that people open. Its DNS record, to the output LoadBalancerDnsName, is yours to make.',
          defaultText: 'none: kind `loadBalancer` needs it',
        }),
        signIn: signIn.meta({ description: 'How people sign in. Only with kind `loadBalancer`, which needs it.' }),
        allowedCidrs: listOf(cidr(), 'a list of address blocks')
          .min(1, { error: 'a list of at least one address block' })
          .optional()
          .meta({ description: 'Who may come to the sign-in.', defaultText: 'everybody: `["0.0.0.0/0"]`' }),
        subnetIds: listOf(text(/^subnet-([0-9a-f]{8}|[0-9a-f]{17})$/, 'a subnet id'), WANTED_SUBNETS)
          .min(2, { error: WANTED_SUBNETS })
          .optional()
          .meta({
            description:
              'The public subnets of the load balancer, in two zones or more. Needed with `network.subnets`, and only with `network.vpcId`.',
            defaultText: 'the public subnets of the network',
          }),
        webAclArn: webAclArn().optional().meta({
          description:
            'A web ACL of yours in front of the load balancer. Rules against SQL in requests refuse what people do here.',
          defaultText: 'none',
        }),
        deletionProtection: yesOrNo().optional().meta({
          description:
            'Whether AWS refuses to delete the load balancer, which makes a destroy fail too. It holds nothing but its DNS name.',
          defaultText: '`false`',
        }),
      }),
    ],
    {
      error: (issue) =>
        issue.code === 'invalid_union'
          ? 'sessionManager or loadBalancer'
          : 'a block of settings: kind, and with kind loadBalancer certificateArn, hostName and signIn',
    },
  )
  .default({ kind: 'sessionManager' })
  .meta({ description: 'How people reach TableSleuth. Operators always have Session Manager.' });
