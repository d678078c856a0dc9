import type { Stack } from 'aws-cdk-lib';
import { InterfaceVpcEndpointAwsService, Vpc } from 'aws-cdk-lib/aws-ec2';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { describe, expect, test } from 'vitest';
import { ServiceNetwork, type ServiceNetworkProps } from '../../../src';
import { templateOf } from '../../support/synthesis';
import { plain, resourcesOf, type TemplateDocument } from '../../support/template';

const networkIn = (stack: Stack, props: Partial<ServiceNetworkProps> = {}) =>
  new ServiceNetwork(stack, 'Network', { flowLogGroup: new LogGroup(stack, 'Log'), ...props });
/** The same with functions in it that call two APIs, one of them twice. */
const calledNetworkIn = (stack: Stack, props?: Partial<ServiceNetworkProps>) => {
  const network = networkIn(stack, props);
  for (const id of ['SecretsManager', 'Sns', 'Sns'] as const) network._reach(id, SERVICES[id]);
};
const SERVICES = {
  SecretsManager: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
  Sns: InterfaceVpcEndpointAwsService.SNS,
};
const servicesReached = (template: TemplateDocument) =>
  resourcesOf(template, 'AWS::EC2::VPCEndpoint').map(({ Properties }) =>
    String(plain(template, Properties?.ServiceName)).split('.').at(-1),
  );
const templateWith = (props?: Partial<ServiceNetworkProps>) => templateOf((stack) => void networkIn(stack, props));

test.each([-1, 3])('fails with %s NAT gateways', (natGateways) => {
  expect(() => templateWith({ natGateways })).toThrow(
    `Test/Network: natGateways is ${natGateways}, expected 0 to 2, the number of availability zones`,
  );
});

describe.each([0, 1, 2])('the network with %s NAT gateways', (natGateways) => {
  const template = templateWith({ natGateways });

  test('has two public and two private subnets of /24 in 10.0.0.0/16, in two zones', () => {
    const blocks = resourcesOf(template, 'AWS::EC2::Subnet').map(({ Properties }) => Properties?.CidrBlock);
    expect(blocks).toEqual(['10.0.0.0/24', '10.0.1.0/24', '10.0.2.0/24', '10.0.3.0/24']);
    expect(resourcesOf(template, 'AWS::EC2::NatGateway')).toHaveLength(natGateways);
  });

  test('gives no address to what does not ask for one', () => {
    for (const { Properties } of resourcesOf(template, 'AWS::EC2::Subnet')) {
      expect(Properties?.MapPublicIpOnLaunch).toBe(false);
    }
  });

  test('has a free way to S3, and pays for endpoints only without a way out, and of what is called', () => {
    expect(servicesReached(template)).toEqual(['s3']);
    const called = templateOf((stack) => calledNetworkIn(stack, { natGateways }));
    expect(servicesReached(called)).toEqual(natGateways === 0 ? ['s3', 'secretsmanager', 'sns'] : ['s3']);
  });

  test('has workers where they reach AWS', () => {
    const seen: unknown[] = [];
    templateOf((stack) => {
      const { workersHaveAddresses, workerSubnets, vpc } = networkIn(stack, { natGateways });
      seen.push(
        workersHaveAddresses,
        workerSubnets.every((subnet) => vpc.publicSubnets.includes(subnet)),
      );
    });
    expect(seen).toEqual([natGateways === 0, natGateways === 0]);
  });
});

describe('a network that exists', () => {
  const existing = (privateSubnetIds: string[]) => (stack: Stack) =>
    networkIn(stack, {
      vpc: Vpc.fromVpcAttributes(stack, 'Existing', {
        vpcId: 'vpc-1',
        availabilityZones: ['a', 'b'].slice(0, privateSubnetIds.length),
        privateSubnetIds,
      }),
    });

  test('gets nothing new but what is put into its private subnets', () => {
    const seen: string[][] = [];
    const template = templateOf((stack) => {
      const network = existing(['subnet-1', 'subnet-2'])(stack);
      network._reach('Sns', SERVICES.Sns);
      seen.push([network.privateSubnets, network.workerSubnets].flat().map(({ subnetId }) => subnetId));
      expect(network.workersHaveAddresses).toBe(false);
    });
    expect(seen).toEqual([['subnet-1', 'subnet-2', 'subnet-1', 'subnet-2']]);
    expect(resourcesOf(template).map(({ Type }) => Type)).toEqual(['AWS::Logs::LogGroup']);
  });

  test('fails without private subnets in two zones', () => {
    expect(() => templateOf((stack) => void existing(['subnet-1'])(stack))).toThrow(
      'Test/Network: privateSubnets of the network are 1, expected 2 or more: a database is in two zones',
    );
  });
});

test('endpoints are in one zone, and answer the network alone', () => {
  const template = templateOf(calledNetworkIn);
  const endpoints = resourcesOf(template, 'AWS::EC2::VPCEndpoint').filter(
    ({ Properties }) => Properties?.VpcEndpointType === 'Interface',
  );
  expect(endpoints).toHaveLength(2);
  for (const { Properties } of endpoints) expect(Properties?.SubnetIds).toHaveLength(1);
  const rules = resourcesOf(template, 'AWS::EC2::SecurityGroup').flatMap(
    ({ Properties }) => (Properties?.SecurityGroupIngress ?? []) as object[],
  );
  expect(rules).toEqual([expect.objectContaining({ CidrIp: '10.0.0.0/16', FromPort: 443, ToPort: 443 })]);
});

test('a NAT gateway that comes or goes leaves the place of the database where it is', () => {
  const subnets = (natGateways: number) =>
    resourcesOf(templateWith({ natGateways }), 'AWS::EC2::Subnet').map(({ id, Properties }) => [
      id,
      Properties?.CidrBlock,
    ]);
  expect(subnets(1)).toEqual(subnets(0));
  expect(subnets(2)).toEqual(subnets(0));
});

test('without a NAT gateway the private subnets have no way out at all', () => {
  const template = templateWith();
  const routes = resourcesOf(template, 'AWS::EC2::Route').map(({ id }) => id);
  expect(routes).toHaveLength(2);
  for (const id of routes) expect(id).toContain('PublicSubnet');
});
