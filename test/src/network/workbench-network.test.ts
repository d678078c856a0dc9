import { CfnParameter, type Stack } from 'aws-cdk-lib';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { describe, expect, test } from 'vitest';
import { WorkbenchNetwork, type WorkbenchNetworkProps } from '../../../src';
import { statementsOf } from '../../support/iam';
import { inStack, templateOf } from '../../support/synthesis';
import { plain, propertiesOf, resourceOf, resourcesOf, type TemplateDocument } from '../../support/template';

type Props = Omit<WorkbenchNetworkProps, 'flowLogGroup'>;

function network(stack: Stack, props: Props = {}): WorkbenchNetwork {
  const flowLogGroup = LogGroup.fromLogGroupName(stack, 'FlowLogs', 'flows');
  return new WorkbenchNetwork(stack, 'Network', { ...props, flowLogGroup });
}

const networkTemplate = (props?: Props) => templateOf((stack) => network(stack, props));

function cidrsOf(template: TemplateDocument, kind: 'Public' | 'Private'): unknown[] {
  return resourcesOf(template, 'AWS::EC2::Subnet')
    .filter(({ id }) => id.includes(`${kind}Subnet`))
    .map(({ Properties }) => Properties?.CidrBlock);
}

describe('fails', () => {
  test.each<[Props, string]>([
    [{ maxAzs: 0 }, 'Test/Network: maxAzs is 0, expected 1 to 3'],
    [{ maxAzs: 4 }, 'Test/Network: maxAzs is 4, expected 1 to 3'],
    [{ natGateways: -1 }, 'Test/Network: natGateways is -1, expected 0 to 2, the number of availability zones'],
    [{ natGateways: 3 }, 'Test/Network: natGateways is 3, expected 0 to 2, the number of availability zones'],
    [
      { maxAzs: 1, natGateways: 2 },
      'Test/Network: natGateways is 2, expected 0 to 1, the number of availability zones',
    ],
    [{ cidr: '10.10.0.0/25' }, '1 of /24 exceeds remaining space of 10.10.0.0/25'],
  ])('with %j', (props, message) => {
    expect(() => inStack((stack) => network(stack, props))).toThrow(message);
  });

  test('without a block of addresses that is known now', () => {
    const build = (stack: Stack) => network(stack, { cidr: new CfnParameter(stack, 'Cidr').valueAsString });
    expect(() => inStack(build)).toThrow('must be a concrete CIDR string');
  });
});

describe('by default', () => {
  const template = networkTemplate();

  test('there is a VPC of 10.10.0.0/16 with one public /24 in each of two zones, and no NAT gateway', () => {
    expect(propertiesOf(template, 'AWS::EC2::VPC').CidrBlock).toBe('10.10.0.0/16');
    expect(cidrsOf(template, 'Public')).toEqual(['10.10.0.0/24', '10.10.1.0/24']);
    expect(cidrsOf(template, 'Private')).toEqual([]);
    expect(resourcesOf(template, 'AWS::EC2::NatGateway', 'AWS::EC2::EIP')).toEqual([]);
  });

  test('no subnet gives an address to what does not ask for one', () => {
    for (const subnet of resourcesOf(template, 'AWS::EC2::Subnet')) {
      expect(subnet.Properties?.MapPublicIpOnLaunch).not.toBe(true);
    }
  });

  test('all traffic is logged to the given log group, by a role that may do nothing else', () => {
    expect(plain(template, propertiesOf(template, 'AWS::EC2::FlowLog'))).toMatchObject({
      ResourceType: 'VPC',
      TrafficType: 'ALL',
      LogDestinationType: 'cloud-watch-logs',
      LogGroupName: 'flows',
    });
    const [writing] = statementsOf(template).filter(({ policy }) => policy.includes('FlowLogPolicy'));
    expect(writing).toMatchObject({
      actions: ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
      resources: ['arn:aws:logs:us-east-2:111122223333:log-group:flows:*'],
    });
  });

  test('S3 is reached without leaving AWS from every subnet', () => {
    const endpoint = propertiesOf(template, 'AWS::EC2::VPCEndpoint');
    expect(plain(template, endpoint.ServiceName)).toBe('com.amazonaws.<AWS::Region>.s3');
    expect(endpoint.VpcEndpointType).toBe('Gateway');
    expect(endpoint.RouteTableIds).toHaveLength(resourcesOf(template, 'AWS::EC2::RouteTable').length);
  });

  test("the VPC's default security group loses its rules", () => {
    const vpc = resourceOf(template, 'AWS::EC2::VPC').id;
    expect(plain(template, propertiesOf(template, 'Custom::VpcRestrictDefaultSG').DefaultSecurityGroupId)).toBe(
      `<${vpc}.DefaultSecurityGroup>`,
    );
  });
});

describe('the way out', () => {
  test.each<[string, Props]>([
    ['of public subnets', {}],
    ['of private subnets', { natGateways: 1 }],
  ])('%s exists only when the subnet uses the route table', (_name, props) => {
    const template = networkTemplate(props);
    const routes = resourcesOf(template, 'AWS::EC2::Route');
    expect(routes).toHaveLength(resourcesOf(template, 'AWS::EC2::Subnet').length);
    for (const route of routes) {
      const association = route.id.replace(/DefaultRoute.*/, 'RouteTableAssociation');
      expect(route.DependsOn).toContainEqual(expect.stringContaining(association));
    }
  });

  test('of public subnets waits for the internet gateway', () => {
    const template = networkTemplate();
    const { id } = resourceOf(template, 'AWS::EC2::VPCGatewayAttachment');
    for (const route of resourcesOf(template, 'AWS::EC2::Route')) {
      expect(route.DependsOn).toContain(id);
    }
  });
});

describe('NAT gateways', () => {
  test('add private subnets and move no public one', () => {
    const template = networkTemplate({ natGateways: 1 });
    expect(cidrsOf(template, 'Public')).toEqual(cidrsOf(networkTemplate(), 'Public'));
    expect(cidrsOf(template, 'Private')).toEqual(['10.10.2.0/24', '10.10.3.0/24']);
    expect(resourcesOf(template, 'AWS::EC2::NatGateway')).toHaveLength(1);
  });

  test('leave the public subnets the resources that they were', () => {
    const idsOf = (template: TemplateDocument) => resourcesOf(template, 'AWS::EC2::Subnet').map(({ id }) => id);
    expect(idsOf(networkTemplate({ natGateways: 2 }))).toEqual(expect.arrayContaining(idsOf(networkTemplate())));
  });

  test.each<[number, 'publicSubnets' | 'privateSubnets']>([
    [0, 'publicSubnets'],
    [1, 'privateSubnets'],
    [2, 'privateSubnets'],
  ])('with %i of them hosts live in the %s', (natGateways, subnets) => {
    inStack((stack) => {
      const { hostSubnets, vpc } = network(stack, { natGateways });
      expect(hostSubnets).toEqual(vpc[subnets]);
      expect(hostSubnets).toHaveLength(2);
    });
  });
});

test('everything may be set', () => {
  const template = networkTemplate({ cidr: '192.168.0.0/20', maxAzs: 3, natGateways: 3 });
  expect(propertiesOf(template, 'AWS::EC2::VPC').CidrBlock).toBe('192.168.0.0/20');
  expect(cidrsOf(template, 'Public')).toEqual(['192.168.0.0/24', '192.168.1.0/24', '192.168.2.0/24']);
  expect(cidrsOf(template, 'Private')).toEqual(['192.168.3.0/24', '192.168.4.0/24', '192.168.5.0/24']);
  expect(resourcesOf(template, 'AWS::EC2::NatGateway')).toHaveLength(3);
});
