import { describe, expect, test } from 'vitest';
import type { GivenSettings } from '../../app/settings/schema';
import { messageAbout } from '../support/settings-problems';
import { settingsOf, synthesize } from '../support/synthesis';
import { resourcesOf, type TemplateDocument } from '../support/template';
import { EXISTING_NETWORK } from '../support/variants';

const ALARMS = { email: 'team@example.com' };
const POOL = 'arn:aws:cognito-idp:us-east-2:111122223333:userpool/us-east-2_AbCdEf123';
const WEB_ACL = 'arn:aws:wafv2:us-east-2:111122223333:regional/webacl/api/1234abcd-12ab-34cd-56ef-1234567890ab';
const REGIONS = ['us-east-2', 'eu-west-1'];

/** What is wrong with the settings; they are not of the types that the compiler would take. */
describe('fails, and says what is wanted:', () => {
  test.each<[unknown, string]>([
    [
      { service: true },
      'service: got true, wants a block of settings: network, cidr, natGateways, database, workers, api, previousFindingsDays; or false',
    ],
    [{ service: { network: 'mine' } }, 'service.network: got "mine", wants own or shared'],
    [
      { service: { network: 'shared' } },
      'service.network: got "shared" together with network.natGateways: 0, wants own, or 1 NAT gateway or more: hosts are ' +
        'in public subnets',
    ],
    [
      { service: { network: 'shared' }, network: { maxAzs: 1, natGateways: 1 } },
      'service.network: got "shared" together with network.maxAzs: 1, wants own, or 2 zones: a database is in two',
    ],
    [
      { service: { network: 'shared' }, network: EXISTING_NETWORK },
      'service.network: got "shared" together with network.vpcId, wants own: only a network that is made is shared',
    ],
    [
      { service: { network: 'shared', natGateways: 1 }, network: { natGateways: 1 } },
      'service.natGateways: got 1 with network: shared, wants it left out: the network is that of the hosts',
    ],
    [{ service: { natGateways: 3 } }, 'service.natGateways: got 3, wants a whole number from 0 to 2'],
    [{ service: { cidr: '11.0.0.0/16' } }, 'service.cidr: got "11.0.0.0/16", wants a private block, inside 10.0.0.0/8'],
    [
      { service: { cidr: '10.0.0.0/23' } },
      'service.cidr: got "10.0.0.0/23", wants a block of /22 or larger for four subnets of /24',
    ],
    [
      { service: { database: { minCapacity: 0.3 } } },
      'service.database.minCapacity: got 0.3, wants a number from 0 to 256, by halves',
    ],
    [
      { service: { database: { minCapacity: 8, maxCapacity: 2 } } },
      'service.database.maxCapacity: got 2 together with service.database.minCapacity: 8, wants at least as many',
    ],
    [
      { service: { database: { minCapacity: 8 } } },
      'service.database.minCapacity: got 8 without maxCapacity, wants a maxCapacity of at least as many beside it: left ' +
        'out it is 4',
    ],
    [
      { service: { workers: { minWorkers: 3, maxWorkers: 2 } } },
      'service.workers.maxWorkers: got 2 together with service.workers.minWorkers: 3, wants at least as many',
    ],
    [
      { service: { workers: { minWorkers: 5 } } },
      'service.workers.minWorkers: got 5 without maxWorkers, wants a maxWorkers of at least as many beside it: left out ' +
        'it is 4',
    ],
    [
      { service: { api: { userPoolArn: 'us-east-2_AbCdEf123' } } },
      'service.api.userPoolArn: got "us-east-2_AbCdEf123", ',
    ],
    [
      { region: 'eu-west-1', service: { api: { webAclArn: WEB_ACL } } },
      `service.api.webAclArn: got "arn:aws:wafv2:us-east-2:`,
    ],
    [{ regions: REGIONS, service: { api: { userPoolArn: POOL } } }, 'with 2 regions, wants it left out'],
    [{ regions: REGIONS, service: { api: { webAclArn: WEB_ACL } } }, 'with 2 regions, wants it left out'],
  ])('%j', (document, message) => {
    expect(messageAbout(document)).toContain(message);
  });
});

test.each<GivenSettings>([
  { service: {} },
  { service: { network: 'shared' }, network: { natGateways: 1 } },
  { service: { database: { minCapacity: 4 }, workers: { minWorkers: 4 } } },
  { service: { database: { minCapacity: 8, maxCapacity: 8 } } },
  { service: { api: { userPoolArn: POOL, webAclArn: WEB_ACL } } },
  { regions: REGIONS, service: {} },
])('%j is good', (given) => {
  expect(messageAbout(given)).toBe('');
});

test('is off when it is left out or false', () => {
  expect([settingsOf({}).service, settingsOf({ service: false }).service]).toEqual([undefined, undefined]);
});

/** The templates of the service, by region. */
function servicesOf(given: GivenSettings): TemplateDocument[] {
  const { stacks } = synthesize(given).synthesis;
  return stacks.filter(({ name }) => name.startsWith('TablesleuthService')).map(({ template }) => template);
}

const namesOf = (template: TemplateDocument, type: string, key: string) =>
  resourcesOf(template, type).flatMap(({ Properties }) => (Properties?.[key] === undefined ? [] : [Properties[key]]));

describe('alarms and digests go', () => {
  const told = (given: GivenSettings) =>
    servicesOf(given).map((template) => [
      namesOf(template, 'AWS::CloudWatch::Alarm', 'AlarmName').length,
      JSON.stringify(template).includes('ALERT_TOPIC_ARN'),
      resourcesOf(template, 'AWS::EC2::VPCEndpoint').length,
    ]);

  test('to the topic of the operations', () => {
    expect(told({ service: {}, alarms: ALARMS })).toEqual([[5, true, 3]]);
  });

  test('nowhere without alarms, and there is no endpoint that nothing calls', () => {
    expect(told({ service: {} })).toEqual([[0, false, 2]]);
  });
});

test('has a dashboard where there are dashboards, of a name that no other one has', () => {
  const dashboards = (given: GivenSettings) =>
    synthesize({ ...given, service: {} }).synthesis.stacks.flatMap(({ template }) =>
      namesOf(template, 'AWS::CloudWatch::Dashboard', 'DashboardName'),
    );
  expect(dashboards({})).toEqual([]);
  expect(dashboards({ dashboard: true })).toEqual(['tablesleuth-dev', 'tablesleuth-dev_findings']);
  expect(dashboards({ dashboard: true, regions: REGIONS }).sort()).toEqual([
    'tablesleuth-dev',
    'tablesleuth-dev_findings_eu-west-1',
    'tablesleuth-dev_findings_us-east-2',
  ]);
});

test('is there in each region, with what is published there', () => {
  const { stacks } = synthesize({ regions: REGIONS, service: {}, alarms: ALARMS }).synthesis;
  const services = stacks.filter(({ name }) => name.startsWith('TablesleuthService'));
  expect(services.map(({ name, dependsOn }) => [name, dependsOn]).sort()).toEqual(
    [...REGIONS].sort().map((region) => [`TablesleuthService-dev-${region}`, [`TablesleuthOperations-dev-${region}`]]),
  );
});
