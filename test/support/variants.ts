import type { Settings } from '../../app/settings';
import type { GivenSettings } from '../../app/settings/schema';
import { ACCOUNT, PROJECT_ENVIRONMENTS, projectSettings, REGION, settingsOf } from './synthesis';

/** One of everything that a host may read. */
export const ALL_DATA = {
  buckets: ['arn:aws:s3:::lake'],
  glueDatabases: ['sales'],
  tableBuckets: [`arn:aws:s3tables:${REGION}:${ACCOUNT}:bucket/tables`],
  kmsKeys: [`arn:aws:kms:${REGION}:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`],
} satisfies GivenSettings['data'];

/** A network that exists, described so that no account is asked. */
export const EXISTING_NETWORK = {
  vpcId: 'vpc-0123456789abcdef0',
  subnets: [
    { id: 'subnet-0123456789abcdef0', availabilityZone: `${REGION}a` },
    { id: 'subnet-0123456789abcdef1', availabilityZone: `${REGION}b` },
  ],
} satisfies GivenSettings['network'];

/** Working hours. */
export const HOURS = {
  start: '08:00',
  stop: '18:00',
  timeZone: 'America/New_York',
} satisfies GivenSettings['hours'];

const certificateIn = (region: string) =>
  `arn:aws:acm:${region}:${ACCOUNT}:certificate/1234abcd-12ab-34cd-56ef-1234567890ab`;

/** A sign-in at a provider of one's own. */
export const BALANCED = {
  kind: 'loadBalancer',
  certificateArn: certificateIn(REGION),
  hostName: 'tablesleuth.example.com',
  signIn: {
    kind: 'oidc',
    issuer: 'https://sign-in.example.com/',
    authorizationEndpoint: 'https://sign-in.example.com/oauth2/authorize',
    tokenEndpoint: 'https://sign-in.example.com/oauth2/token',
    userInfoEndpoint: 'https://sign-in.example.com/oauth2/userInfo',
    clientId: 'tablesleuth',
    clientSecretArn: `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:sign-in-AbCdEf`,
  },
} satisfies GivenSettings['access'];

/** A sign-in at a user pool that is made. */
export const BALANCED_BY_COGNITO = {
  ...BALANCED,
  signIn: { kind: 'cognito', domainPrefix: 'tablesleuth-example' },
} satisfies GivenSettings['access'];

/** Every part switched on. */
export const EVERYTHING = {
  capacity: { kind: 'autoScaling' },
  network: { natGateways: 1 },
  access: BALANCED_BY_COGNITO,
  image: { kind: 'pipeline' },
  data: ALL_DATA,
  alarms: { email: 'team@example.com' },
  dashboard: { hourlyPrice: 0.1 },
  hours: HOURS,
  idleStop: {},
  compliance: { recorder: 'create' },
  workspace: {},
  backup: {},
  sweep: {},
  service: {},
} satisfies GivenSettings;

/** The same in several regions, of which the first and the last are us-east-2 and eu-west-1. */
const everythingIn = (...regions: string[]) => ({
  ...EVERYTHING,
  regions,
  access: { ...BALANCED_BY_COGNITO, certificateArn: regions.map(certificateIn) },
  data: {
    ...ALL_DATA,
    tableBuckets: ['us-east-2', 'eu-west-1'].map((region) => `arn:aws:s3tables:${region}:${ACCOUNT}:bucket/tables`),
    kmsKeys: [`arn:aws:kms:${regions[1]}:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`],
  },
});

/** In the seed's three regions. */
export const EVERYTHING_IN_THREE_REGIONS = everythingIn('us-east-2', 'us-west-2', 'eu-west-1') satisfies GivenSettings;

/** In two, for what takes its time with each. */
export const EVERYTHING_IN_TWO_REGIONS = everythingIn('us-east-2', 'eu-west-1') satisfies GivenSettings;

const SPOT_TYPES = ['t3.small', 't3a.small'];

/** Settings that make templates of every kind, by what is special about them. */
const SPECIAL: Readonly<Record<string, GivenSettings>> = {
  'one instance': {},
  'an on-demand group': { capacity: { kind: 'autoScaling' } },
  'an on-demand group of one to five': { capacity: { kind: 'autoScaling', max: 5 } },
  'a watched spot group of two to four with hours': {
    useSpot: true,
    capacity: { min: 2, max: 4, targetCpuPercent: 60 },
    hours: HOURS,
    alarms: { email: 'team@example.com' },
    dashboard: true,
  },
  'a group of up to three that stops when it is idle': { capacity: { kind: 'autoScaling', max: 3 }, idleStop: {} },
  'a spot group of three zones behind NAT gateways': {
    useSpot: true,
    capacity: { instanceTypes: SPOT_TYPES, maxPrice: 0.02 },
    network: { maxAzs: 3, natGateways: 2 },
  },
  'a spot fleet': { useSpot: true, capacity: { kind: 'fleet', instanceTypes: SPOT_TYPES, maxPrice: 0.02 } },
  'an on-demand fleet of arm64 behind a NAT gateway': {
    instanceType: 't4g.small',
    capacity: { kind: 'fleet' },
    network: { natGateways: 1 },
  },
  'a workspace that was restored, on a spot fleet in a network that exists': {
    useSpot: true,
    capacity: { kind: 'fleet' },
    network: EXISTING_NETWORK,
    workspace: { volumeId: 'vol-0123456789abcdef0' },
    backup: {},
  },
  'an image pipeline on a spot group that is watched': {
    useSpot: true,
    image: { kind: 'pipeline' },
    alarms: { email: 'team@example.com' },
  },
  'an image pipeline of arm64 behind a NAT gateway': {
    instanceType: 't4g.small',
    image: { kind: 'pipeline', schedule: 'cron(0 5 ? * mon *)' },
    network: { natGateways: 1 },
  },
  'a watched spot group behind a load balancer, with a sign-in at a provider of its own': {
    useSpot: true,
    access: BALANCED,
    alarms: { email: 'team@example.com' },
  },
  'one instance in a private subnet behind a load balancer, with a user pool': {
    network: { natGateways: 1 },
    access: { ...BALANCED_BY_COGNITO, allowedCidrs: ['203.0.113.0/24', '2001:db8::/32'], deletionProtection: true },
  },
  'a group behind a load balancer with a web ACL in a network that exists, nothing kept': {
    capacity: { kind: 'autoScaling' },
    retain: false,
    network: EXISTING_NETWORK,
    access: {
      ...BALANCED,
      signIn: { kind: 'cognito', userPoolId: `${REGION}_AbCdEf123`, clientId: '1abcdef', domain: 'data-team' },
      subnetIds: ['subnet-0123456789abcdef2', 'subnet-0123456789abcdef3'],
      webAclArn: `arn:aws:wafv2:${REGION}:${ACCOUNT}:regional/webacl/workbench/1234abcd-12ab-34cd-56ef-1234567890ab`,
    },
  },
  'a shared workspace with backups for a watched spot group of three zones': {
    useSpot: true,
    network: { maxAzs: 3 },
    workspace: { mode: 'shared' },
    backup: {},
    alarms: { email: 'team@example.com' },
  },
  'a shared workspace that was restored, on a fleet in a network that exists': {
    capacity: { kind: 'fleet' },
    network: EXISTING_NETWORK,
    workspace: { mode: 'shared', fileSystemId: 'fs-0123456789abcdef0', accessPointId: 'fsap-0123456789abcdef0' },
  },
  'a shared workspace on one instance behind a NAT gateway': {
    network: { natGateways: 1 },
    workspace: { mode: 'shared' },
  },
  'a findings service with all that its settings have, in a network that exists': {
    network: EXISTING_NETWORK,
    alarms: { email: 'team@example.com' },
    dashboard: true,
    service: {
      cidr: '10.20.0.0/22',
      natGateways: 2,
      database: { minCapacity: 0.5, maxCapacity: 16, reader: true, backupDays: 35 },
      workers: { minWorkers: 1, maxWorkers: 10 },
      api: {
        requestsPerSecond: 200,
        userPoolArn: `arn:aws:cognito-idp:${REGION}:${ACCOUNT}:userpool/${REGION}_AbCdEf123`,
        webAclArn: `arn:aws:wafv2:${REGION}:${ACCOUNT}:regional/webacl/api/1234abcd-12ab-34cd-56ef-1234567890ab`,
      },
      previousFindingsDays: 30,
    },
  },
  'a findings service that tells nobody in the network of its hosts, nothing kept': {
    retain: false,
    network: { natGateways: 1 },
    service: { network: 'shared' },
  },
  'an image of its own, nothing kept, no rotation, and tags': {
    image: { kind: 'parameter', name: '/images/workbench' },
    retain: false,
    gizmosql: { rotationDays: false },
    tags: { 'cost-center': '42' },
  },
  'one arm64 instance with access to data of every kind': { instanceType: 't4g.small', data: ALL_DATA },
  'a watched spot group with hours that stops when it is idle': {
    useSpot: true,
    hours: HOURS,
    idleStop: {},
    alarms: { email: 'team@example.com', cpuPercent: 90, diskPercent: 75 },
    dashboard: { hourlyPrice: 0.0058 },
  },
  'a watched fleet with hours over midnight that stops when it is idle': {
    capacity: { kind: 'fleet' },
    hours: { ...HOURS, start: '20:00', stop: '04:00', days: 'sun-thu' },
    idleStop: { afterMinutes: 30 },
    alarms: { email: 'team@example.com' },
    dashboard: true,
  },
  'a watched instance with hours that stops when it is idle, and rules of AWS Config': {
    hours: HOURS,
    idleStop: {},
    alarms: { email: 'team@example.com' },
    dashboard: true,
    compliance: { recorder: 'create' },
  },
  'a workspace on one instance, and rules of AWS Config with a recorder that exists': {
    workspace: { sizeGiB: 20 },
    compliance: { recorder: 'existing' },
  },
  'a workspace on a spot group, whose backups are copied to another region': {
    useSpot: true,
    workspace: {},
    backup: { hour: 4, keepDays: 30, copyToRegion: 'eu-west-1' },
  },
  'an image pipeline and a spot group in a network that exists': {
    useSpot: true,
    image: { kind: 'pipeline' },
    network: EXISTING_NETWORK,
  },
};

/** The settings of every environment of the project and of every special one, by name. */
export const VARIANTS: ReadonlyArray<readonly [name: string, settings: Settings]> = [
  ...PROJECT_ENVIRONMENTS.map((name) => [`environment ${name}`, projectSettings(name)] as const),
  ['environment prod with everything on', projectSettings('prod', EVERYTHING)],
  ['everything on, in three regions', settingsOf(EVERYTHING_IN_THREE_REGIONS)],
  ...Object.entries(SPECIAL).map(([name, given]) => [name, settingsOf(given)] as const),
];
