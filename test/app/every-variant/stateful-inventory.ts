import { describe, expect, test } from 'vitest';
import type { Settings } from '../../../app/settings';
import type { GivenSettings } from '../../../app/settings/schema';
import { synthesize } from '../../support/synthesis';
import { resourcesOf } from '../../support/template';
import { VARIANTS } from '../../support/variants';

/**
 * What holds data, by the logical id that it has had since it was first deployed. A changed id would delete the password
 * and the logs of everybody who updates, and make new ones; retained ones would be left behind.
 */
const STATEFUL = {
  DataFlowLogsD68DE740: 'AWS::Logs::LogGroup',
  DataGizmosqlSecret5CDFB3C9: 'AWS::SecretsManager::Secret',
  DataHostLogs82DD72DD: 'AWS::Logs::LogGroup',
  DataKey5F086070: 'AWS::KMS::Key',
  DataSessionLogsB5B4DAF6: 'AWS::Logs::LogGroup',
  WorkspaceVault0E33575B: 'AWS::Backup::BackupVault',
};

/** Made anew it asks everybody for a confirmation again; there with `alarms`. */
const ALERTS = { AlertsE664E991: 'AWS::SNS::Topic', AlertsPolicy1004DA22: 'AWS::SNS::TopicPolicy' };
/** What there is only where AWS Config has a recorder of ours. */
const HISTORY = {
  ConfigurationHistoryBucket5DCD3929: 'AWS::S3::Bucket',
  ConfigurationHistoryBucketPolicy53D37856: 'AWS::S3::BucketPolicy',
};
/** What there is only where the settings ask for it. */
const OF_WORKSPACE = { Workspace2F8C78CC: 'AWS::EC2::Volume' };
const OF_COPIES = {
  WorkspaceCopiesKey6680F50B: 'AWS::KMS::Key',
  WorkspaceCopiesVault96AB8B81: 'AWS::Backup::BackupVault',
};
const OF_SHARED_WORKSPACE = { WorkspaceFiles9809F186: 'AWS::EFS::FileSystem' };

/** The log of sweeps goes with them: what it tells is in the findings as well. */
const OF_SWEEP = { SweepLogB49230B5: 'AWS::Logs::LogGroup' };

/** What there is only where something writes findings or reads them. */
const OF_FINDINGS = {
  FindingsBucketB31950B8: 'AWS::S3::Bucket',
  FindingsBucketPolicyC2A11B71: 'AWS::S3::BucketPolicy',
};

/** What the service keeps, and the queues and the topic whose messages are in the bucket or in the database as well. */
const OF_SERVICE = {
  DatabaseF44359DD: 'AWS::RDS::DBCluster',
  DatabaseLogCF7B0BC9: 'AWS::Logs::LogGroup',
  DatabaseParametersB8AC9B07: 'AWS::RDS::DBClusterParameterGroup',
  DatabaseSubnetsEE5A3C53: 'AWS::RDS::DBSubnetGroup',
  DatabaseWriterB8C10E1D: 'AWS::RDS::DBInstance',
  IngestArrivals38144576: 'AWS::SQS::Queue',
  IngestArrivalsDead66EFF75E: 'AWS::SQS::Queue',
  IngestArrivalsDeadPolicy943C0C31: 'AWS::SQS::QueuePolicy',
  IngestArrivalsPolicy7EC4D183: 'AWS::SQS::QueuePolicy',
  LogsFunctions6EA43A12: 'AWS::Logs::LogGroup',
  LogsRequests713F9F06: 'AWS::Logs::LogGroup',
  LogsWorkers1F3A03CA: 'AWS::Logs::LogGroup',
  NotificationsDead350D22B6: 'AWS::SQS::Queue',
  NotificationsDeadPolicyE1B6EBCC: 'AWS::SQS::QueuePolicy',
  NotificationsTopicAE679CBD: 'AWS::SNS::Topic',
  NotificationsTopicPolicyAF92D34A: 'AWS::SNS::TopicPolicy',
};
const OF_READER = { DatabaseReader3970D5E1: 'AWS::RDS::DBInstance' };

const isKept = (id: string) => /^(Database|Logs)/.test(id);
const KEPT_OF_SERVICE = {
  ...Object.fromEntries(Object.entries({ ...OF_SERVICE, ...OF_READER }).filter(([id]) => isKept(id))),
  DatabaseSecurityGroup5C91FDCB: 'AWS::EC2::SecurityGroup',
  Network6E62CE96: 'AWS::EC2::VPC',
  NetworkPrivateSubnet1Subnet80FBBF93: 'AWS::EC2::Subnet',
  NetworkPrivateSubnet2SubnetF8FE1BD8: 'AWS::EC2::Subnet',
};
/** Whatever API of the account writes an access log does it by this role, and there is one of it in a region. */
const KEPT_FOR_OTHERS = {
  ApiAccount91781BEA: 'AWS::ApiGateway::Account',
  ApiCloudWatchRole95F89D2D: 'AWS::IAM::Role',
};

const ofFindings = ({ service, sweep }: Settings) => ({
  ...(service === undefined && sweep === undefined ? {} : OF_FINDINGS),
  ...(sweep === undefined ? {} : OF_SWEEP),
  ...(service === undefined ? {} : OF_SERVICE),
  ...(service?.database?.reader === true ? OF_READER : {}),
});

const ofWorkspace = (workspace: Settings['workspace']) => {
  if (workspace === undefined) return {};
  if (workspace.mode === 'shared') return workspace.fileSystemId === undefined ? OF_SHARED_WORKSPACE : {};
  return workspace.volumeId === undefined ? OF_WORKSPACE : {};
};

/** The log of builds; there with an image pipeline. It is deleted with it, and so in its stack. */
const OF_IMAGES = { ImageLogC7E408DC: 'AWS::Logs::LogGroup' };

/** What there is only behind a load balancer, and with a user pool that is made. */
const OF_BALANCER = {
  AccessLogsBucketCD784A59: 'AWS::S3::Bucket',
  AccessLogsBucketPolicy3D5B5143: 'AWS::S3::BucketPolicy',
};
const OF_SIGN_IN = {
  SignInDFB520D0: 'AWS::Cognito::UserPool',
  SignInClient7781BF3B: 'AWS::Cognito::UserPoolClient',
  SignInDomain1546F380: 'AWS::Cognito::UserPoolDomain',
};

const ofAccess = ({ access }: Settings) => ({
  ...(access.kind === 'loadBalancer' ? OF_BALANCER : {}),
  ...(access.kind === 'loadBalancer' && 'domainPrefix' in access.signIn ? OF_SIGN_IN : {}),
});

const expected = (settings: Settings) => ({
  ...STATEFUL,
  ...(settings.alarms === false ? {} : ALERTS),
  ...(settings.compliance?.recorder === 'create' ? HISTORY : {}),
  ...ofWorkspace(settings.workspace),
  ...ofFindings(settings),
  ...(settings.backup?.copyToRegion === undefined ? {} : OF_COPIES),
  ...(settings.image.kind === 'pipeline' ? OF_IMAGES : {}),
  ...ofAccess(settings),
});

/** The types of AWS resources, of those that this app may make, that hold something which cannot be made again. */
const STATEFUL_TYPES =
  /^AWS::(Backup::BackupVault|Cognito::UserPool|DynamoDB::|EC2::Volume|EFS::FileSystem|KMS::Key|Logs::LogGroup|RDS::|S3::Bucket|SecretsManager::Secret|SNS::Topic|SQS::Queue)/;

const inventory = (settings: Parameters<typeof synthesize>[0]) =>
  Object.fromEntries(
    synthesize(settings)
      .synthesis.stacks.flatMap(({ template }) => resourcesOf(template))
      .filter(({ Type }) => STATEFUL_TYPES.test(Type) && Type !== 'AWS::KMS::Alias')
      .map(({ id, Type }) => [id, Type]),
  );

describe('what holds data', () => {
  test.each(VARIANTS)('has the ids that it always had: %s', (_name, settings) => {
    expect(inventory(settings)).toEqual(expected(settings));
  });

  test('is all in the data stack, but the copies in another region, and the topic, which is where its alarms are', () => {
    for (const [, settings] of VARIANTS) {
      const { network, workbench, operations } = synthesize(settings);
      for (const { id, Type } of [network, workbench, operations].flatMap((template) => resourcesOf(template))) {
        if (!(id in ALERTS)) expect(Type).not.toMatch(STATEFUL_TYPES);
      }
    }
  });

  test.each([
    [true, 'volume', 'Retain'],
    [true, 'shared', 'Retain'],
    [false, 'volume', 'Delete'],
    [false, 'shared', 'Delete'],
  ] as const)(
    'with retain: %s, mode: %s gets the policy %s, in deletion and in replacement',
    (retain, mode, policy) => {
      const { data, copies } = synthesize({ retain, workspace: { mode }, backup: { copyToRegion: 'eu-west-1' } });
      const stateful = [data, copies]
        .flatMap((template) => resourcesOf(template))
        .filter(({ Type }) => STATEFUL_TYPES.test(Type) && Type !== 'AWS::KMS::Alias');
      expect(stateful).toHaveLength(Object.keys({ ...STATEFUL, ...OF_WORKSPACE, ...OF_COPIES }).length);
      for (const { id, DeletionPolicy, UpdateReplacePolicy } of stateful) {
        expect([id, DeletionPolicy, UpdateReplacePolicy]).toEqual([id, policy, policy]);
      }
    },
  );
});

describe('destroyed, the service', () => {
  const kept = (settings: GivenSettings) =>
    Object.fromEntries(
      resourcesOf(synthesize({ ...settings, service: { database: { reader: true } } }).service)
        .filter(({ DeletionPolicy, UpdateReplacePolicy }) =>
          [DeletionPolicy, UpdateReplacePolicy].some((policy) => ![undefined, 'Delete'].includes(policy)),
        )
        .map(({ id, Type, DeletionPolicy, UpdateReplacePolicy }) => {
          expect([id, DeletionPolicy, UpdateReplacePolicy]).toEqual([id, 'Retain', 'Retain']);
          return [id, Type];
        }),
    );

  /** The secret of its owner is in no template: Amazon RDS makes it with the cluster, and keeps it as long. */
  test('leaves its database, what that stands in, and its logs', () => {
    expect(kept({})).toEqual({ ...KEPT_OF_SERVICE, ...KEPT_FOR_OTHERS });
  });

  test('leaves nothing of it where nothing is retained', () => {
    expect(kept({ retain: false })).toEqual(KEPT_FOR_OTHERS);
  });

  test('leaves the network that it shares with hosts, with the subnets that its database is in, as long as that is kept', () => {
    const policies = (retain: boolean) =>
      resourcesOf(
        synthesize({ retain, network: { natGateways: 1 }, service: { network: 'shared' } }).network,
        ...['AWS::EC2::VPC', 'AWS::EC2::Subnet'],
      ).map(({ id, DeletionPolicy = 'Delete' }) => `${id} ${DeletionPolicy}`);
    expect(policies(false).filter((policy) => policy.endsWith('Retain'))).toEqual([]);
    expect(policies(true)).toEqual([
      'Network6E62CE96 Retain',
      'NetworkPublicSubnet1SubnetBAFD76B4 Delete',
      'NetworkPublicSubnet2SubnetCFA3CB04 Delete',
      'NetworkPrivateSubnet1Subnet80FBBF93 Retain',
      'NetworkPrivateSubnet2SubnetF8FE1BD8 Retain',
    ]);
  });

  test('has its database protected from being deleted by hand as long as it is retained', () => {
    const isProtected = (retain: boolean) =>
      resourcesOf(synthesize({ retain, service: {} }).service, 'AWS::RDS::DBCluster').map(
        ({ Properties }) => Properties?.DeletionProtection,
      );
    expect([isProtected(true), isProtected(false)]).toEqual([[true], [false]]);
  });
});

test('the history of AWS Config stays even where nothing else is retained', () => {
  const settings = { retain: false, compliance: { recorder: 'create' as const } };
  const bucket = resourcesOf(synthesize(settings).data, 'AWS::S3::Bucket').map(({ DeletionPolicy }) => DeletionPolicy);
  expect(bucket).toEqual(['Retain']);
});

test('the network keeps the ids that other stacks and accounts may know', () => {
  const ids = resourcesOf(synthesize().network, 'AWS::EC2::VPC', 'AWS::EC2::Subnet').map(({ id }) => id);
  expect(ids).toEqual(['Network6E62CE96', 'NetworkPublicSubnet1SubnetBAFD76B4', 'NetworkPublicSubnet2SubnetCFA3CB04']);
});
