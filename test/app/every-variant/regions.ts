import { describe, expect, test } from 'vitest';
import type { GivenSettings } from '../../../app/settings/schema';
import { projectSettings, settingsOf, synthesize } from '../../support/synthesis';
import { resourcesOf, type TemplateDocument } from '../../support/template';
import { BALANCED_BY_COGNITO, EVERYTHING_IN_THREE_REGIONS, EXISTING_NETWORK } from '../../support/variants';
import { dashboardBody } from '../../support/watched-metrics';
import { problemsIn } from '../../support/settings-problems';

const WEB_ACL = 'arn:aws:wafv2:us-east-2:111122223333:regional/webacl/workbench/1234abcd';
const REGIONS = EVERYTHING_IN_THREE_REGIONS.regions;
const { synthesis } = synthesize(EVERYTHING_IN_THREE_REGIONS);
const regionOf = (stack: string) => REGIONS.find((region) => stack.endsWith(`-${region}`));
const ofRegion = (region: string) =>
  synthesis.stacks.filter(({ name }) => regionOf(name) === region && !name.includes('Overview'));
const DISTRIBUTION = 'AWS::ImageBuilder::DistributionConfiguration';
const textOf = (region: string) => JSON.stringify(ofRegion(region).map(({ template }) => withoutCopies(template)));

/** A template but for where images are copied to. */
function withoutCopies(template: TemplateDocument): unknown {
  return { ...template, Resources: resourcesOf(template).filter(({ Type }) => Type !== DISTRIBUTION) };
}

const problemsOf = (given: unknown) => problemsIn(() => settingsOf(given as GivenSettings));

describe('the setting `regions`', () => {
  test.each<[string, unknown, string]>([
    ['no region', { regions: [] }, 'regions: got [], wants a list of AWS regions such as [us-east-2, eu-west-1]'],
    [
      'a region twice',
      { regions: ['us-east-2', 'us-east-2'] },
      'regions: got ["us-east-2", "us-east-2"], wants a list of AWS regions such as [us-east-2, eu-west-1], each once',
    ],
    ['something else', { regions: ['Ohio'] }, 'regions[0]: got "Ohio", wants an AWS region such as us-east-2'],
    [
      'a region beside it',
      { region: 'us-east-2', regions: ['us-west-2'] },
      'regions: got ["us-west-2"] together with region: us-east-2, wants one of the two: region is short for regions with that one alone',
    ],
    [
      'a VPC that exists',
      { regions: REGIONS, network: EXISTING_NETWORK },
      'network.vpcId: got "vpc-0123456789abcdef0" with 3 regions, wants it left out, or an environment of its own for the region that it is in',
    ],
    [
      'a volume that exists',
      { regions: REGIONS, workspace: { volumeId: 'vol-0123456789abcdef0' } },
      'workspace.volumeId: got "vol-0123456789abcdef0" with 3 regions, wants it left out, or an environment of its own for the region that it is in',
    ],
    [
      'one certificate',
      { regions: ['us-east-2', 'eu-west-1'], access: { ...BALANCED_BY_COGNITO } },
      'access.certificateArn: got "arn:aws:acm:us-east-2:111122223333:certificate/1234abcd-12ab-34cd-56ef-12345..., wants one certificate of eu-west-1: a load balancer takes one of its own region',
    ],
    [
      'more certificates than regions',
      { regions: ['us-east-2', 'eu-west-1'], access: EVERYTHING_IN_THREE_REGIONS.access },
      'access.certificateArn: got ["arn:aws:acm:us-east-2:111122223333:certificate/1234abcd-12ab-34cd-56ef-1234..., wants one in us-east-2, eu-west-1 alone: nothing would use the others',
    ],
    [
      'a web ACL that exists',
      { ...EVERYTHING_IN_THREE_REGIONS, access: { ...EVERYTHING_IN_THREE_REGIONS.access, webAclArn: WEB_ACL } },
      `access.webAclArn: got "${WEB_ACL}" with 3 regions, wants it left out, or an environment of its own for the region that it is in`,
    ],
    [
      'data that no host would get',
      { regions: REGIONS, data: { tableBuckets: ['arn:aws:s3tables:eu-central-1:111122223333:bucket/tables'] } },
      'data.tableBuckets[0]: got "arn:aws:s3tables:eu-central-1:111122223333:bucket/tables", wants one in us-east-2, us-west-2, eu-west-1: hosts get what is in their own region',
    ],
  ])('fails with %s', (_name, given, message) => {
    expect(problemsOf(given)).toEqual([`test.yaml: ${message}`]);
  });

  test('with one region is the same as `region`', () => {
    const names = (given: GivenSettings) =>
      synthesize(given).synthesis.stacks.map(({ name, template }) => [name, template]);
    expect(names({ regions: ['eu-west-1'] })).toEqual(names({ region: 'eu-west-1' }));
  });

  test('is not needed by the environments of the project, whose stacks keep their names', () => {
    expect(synthesize(projectSettings('prod')).synthesis.stacks[0]?.name).toBe('TablesleuthData-prod');
  });
});

describe('in three regions', () => {
  test('every part is there in each, named after it, and the overview once, in the first', () => {
    const parts = ['Data', 'Image', 'Network', 'Operations', 'Service', 'Sweep', 'Workbench'];
    const expected = REGIONS.flatMap((region) => parts.map((part) => `Tablesleuth${part}-dev-${region}`));
    const names = synthesis.stacks.map(({ name }) => name);
    expect([...names].sort()).toEqual([...expected, 'TablesleuthOverview-dev-us-east-2'].sort());
  });

  test('no stack depends on a stack of another region, so that one region can fail alone', () => {
    for (const { name, dependsOn } of synthesis.stacks) {
      expect(dependsOn.filter((other) => regionOf(other) !== regionOf(name))).toEqual([]);
    }
    expect(synthesis.stacks.find(({ name }) => name.includes('Overview'))?.dependsOn).toEqual([]);
  });

  test.each(REGIONS)(
    'nothing of %s names another region, but where images are copied to: no host, output or ARN',
    (region) => {
      const others = REGIONS.filter((other) => other !== region);
      expect(others.filter((other) => textOf(region).includes(other))).toEqual([]);
    },
  );

  test('images are built in the first one, and copied to each, where a parameter of its own names the copy', () => {
    const imageStacks = REGIONS.flatMap(ofRegion).filter(({ name }) => name.includes('Image'));
    const kinds = imageStacks.map(({ template }) => resourcesOf(template, 'AWS::ImageBuilder::ImagePipeline').length);
    expect(kinds).toEqual([1, 0, 0]);
    const [distribution] = imageStacks.flatMap(({ template }) => resourcesOf(template, DISTRIBUTION));
    const copies = distribution?.Properties?.['Distributions'] as Array<Record<string, unknown>>;
    expect(copies.map((each) => each['Region'])).toEqual(REGIONS);
    const first = imageStacks.flatMap(({ template }) => resourcesOf(template, 'Custom::FirstImage'));
    expect(first.map(({ id }) => id)).toEqual(REGIONS.map(() => first[0]?.id));
    const notices = synthesis.stacks.filter(({ template }) =>
      JSON.stringify(template).includes('EC2 Image Builder Image State'),
    );
    expect(notices.map(({ name }) => name)).toEqual(['TablesleuthOperations-dev-us-east-2']);
  });

  test('hosts read the table buckets and use the keys of their own region, and every bucket and database', () => {
    const reads = (what: string) => REGIONS.filter((region) => textOf(region).includes(what));
    expect(reads('bucket/tables')).toEqual(['us-east-2', 'eu-west-1']);
    expect(reads('key/1234abcd-12ab')).toEqual(['us-west-2']);
    expect(reads(':s3:::lake')).toEqual(REGIONS);
    expect(reads('database/sales')).toEqual(REGIONS);
  });

  test('nothing that an account has once by its name is there twice: roles, buckets, dashboards', () => {
    const named = synthesis.stacks.flatMap(({ template }) =>
      resourcesOf(template).flatMap(({ Type, Properties = {} }) => {
        const key = { 'AWS::S3::Bucket': 'BucketName', 'AWS::CloudWatch::Dashboard': 'DashboardName' }[Type];
        const ofIam = Type.startsWith('AWS::IAM::') ? `${Type.split('::')[2]}Name` : undefined;
        const name = Properties[key ?? ofIam ?? ''];
        return name === undefined ? [] : [name];
      }),
    );
    const ofServices = REGIONS.map((region) => `tablesleuth-dev_findings_${region}`);
    expect(named.sort()).toEqual(['tablesleuth-dev', ...ofServices.sort()]);
  });

  test('one dashboard shows each figure of each region', () => {
    const overview = synthesis.stacks.find(({ name }) => name.includes('Overview'));
    const { widgets } = dashboardBody(overview?.template ?? {});
    expect(widgets.length).toBeGreaterThanOrEqual(9);
    for (const { properties } of widgets) {
      const shown = (properties.metrics ?? []).map((row) => (row.at(-1) as { region?: string }).region);
      expect(shown.filter((region) => region !== undefined)).toEqual(REGIONS);
    }
  });

  test('who is told by e-mail sees which region it is', () => {
    const names = REGIONS.map((region) =>
      ofRegion(region)
        .flatMap(({ template }) => resourcesOf(template, 'AWS::SNS::Topic'))
        .filter(({ id }) => id.startsWith('Alerts'))
        .map(({ Properties }) => Properties?.['DisplayName']),
    );
    expect(names.flat()).toEqual(REGIONS.map((region) => `TableSleuth dev ${region}`));
  });
});
