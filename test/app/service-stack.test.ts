import { describe, expect, test } from 'vitest';
import { projectSettings, synthesize } from '../support/synthesis';
import { plain, propertiesOf, resourcesOf } from '../support/template';

const { service } = synthesize({ service: {} });

test('the database has the name of its environment, and one that no other deployment of the stack has', () => {
  const { DBClusterIdentifier } = propertiesOf(service, 'AWS::RDS::DBCluster');
  const [, parts] = (DBClusterIdentifier as { 'Fn::Join': [string, unknown[]] })['Fn::Join'];
  expect(parts[0]).toBe('tablesleuth-dev-');
  expect(JSON.stringify(parts[1])).toContain('AWS::StackId');
  const log = resourcesOf(service, 'AWS::Logs::LogGroup').find(({ id }) => id.startsWith('DatabaseLog'));
  expect(plain(service, log?.Properties?.LogGroupName)).toBe(
    `/aws/rds/cluster/${String(plain(service, DBClusterIdentifier))}/postgresql`,
  );
});

test('dev, staging and prod differ in size alone: what is in the network, and whether there is a reader', () => {
  const typesOf = (environment: string) => {
    const { service: template } = synthesize(projectSettings(environment, { alarms: false, dashboard: false }));
    const resources = resourcesOf(template).filter(({ Type }) => Type !== 'AWS::ApiGateway::Deployment');
    return resources.map(({ id, Type }) => `${Type} ${id}`);
  };
  const [staging, prod] = [typesOf('staging'), typesOf('prod')];
  expect(prod.filter((each) => !staging.includes(each))).toEqual(['AWS::RDS::DBInstance DatabaseReader3970D5E1']);
  expect(staging.filter((each) => !prod.includes(each))).toEqual([]);
});

describe('nothing from outside reaches the database:', () => {
  test.each([0, 1, 2])(
    'with %s NAT gateways it has no public address, in subnets that nothing leads to',
    (natGateways) => {
      const { service: template } = synthesize({ service: { natGateways, database: { reader: true } } });
      for (const { Properties } of resourcesOf(template, 'AWS::RDS::DBInstance')) {
        expect(Properties?.PubliclyAccessible).toBe(false);
      }
      const { SubnetIds } = propertiesOf(template, 'AWS::RDS::DBSubnetGroup');
      const subnets = plain(template, SubnetIds) as string[];
      expect(subnets).toHaveLength(2);
      const gateways = resourcesOf(template, 'AWS::EC2::InternetGateway').map(({ id }) => `<${id}>`);
      const open = resourcesOf(template, 'AWS::EC2::Route')
        .filter(({ Properties }) => gateways.includes(String(plain(template, Properties?.GatewayId))))
        .map(({ Properties }) => plain(template, Properties?.RouteTableId));
      const tables = resourcesOf(template, 'AWS::EC2::SubnetRouteTableAssociation')
        .filter(({ Properties }) => subnets.includes(String(plain(template, Properties?.SubnetId))))
        .map(({ Properties }) => plain(template, Properties?.RouteTableId));
      expect(tables).toHaveLength(2);
      expect(tables.filter((table) => open.includes(table))).toEqual([]);
    },
  );
});
