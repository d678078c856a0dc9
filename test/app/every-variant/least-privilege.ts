import { describe, expect, test } from 'vitest';
import type { Settings } from '../../../app/settings';
import { awsManagedPolicies, statementsOf, wildcardResources } from '../../support/iam';
import { synthesize } from '../../support/synthesis';
import { plain, resourcesOf, type TemplateDocument } from '../../support/template';
import { userDataOf } from '../../support/user-data';
import { ALL_DATA, VARIANTS } from '../../support/variants';

const RE_ENCRYPT = 'kms:GenerateDataKeyWithoutPlaintext, kms:ReEncryptFrom, kms:ReEncryptTo';

/** Every resource with a wildcard that any environment may allow, and why it cannot be narrower. */
const WILDCARDS: Array<[actions: string, resource: RegExp, reason: string]> = [
  [
    'ssm:UpdateInstanceInformation',
    /^arn:aws:ec2:[\w-]+:[^:]+:instance\/\*$/,
    'a host cannot know its id before it exists, and its role is made before it',
  ],
  [
    'ssmmessages:CreateControlChannel, ssmmessages:CreateDataChannel, ssmmessages:OpenControlChannel, ssmmessages:OpenDataChannel',
    /^\*$/,
    'channels of Session Manager have no resource type',
  ],
  ['logs:DescribeLogGroups', /^arn:aws:logs:[\w-]+:[^:]+:log-group:\*$/, 'the agent lists log groups to find its own'],
  [
    'logs:CreateLogStream, logs:DescribeLogStreams, logs:PutLogEvents',
    /^arn:aws:logs:[\w-]+:[^:]+:log-group:<ssm:\/tablesleuth\/[\w-]+\/data\/[a-z-]+-log-group>:\*$/,
    'the streams of one log group',
  ],
  ['cloudwatch:PutMetricData', /^\*$/, 'metrics have no resource type; a condition names the one namespace'],
  [
    'autoscaling:UpdateAutoScalingGroup',
    /^arn:aws:autoscaling:[\w-]+:[^:]+:autoScalingGroup:\*:autoScalingGroupName\/TablesleuthWorkbench-[\w-]+-\w+\*$/,
    "a group's id is random, and so is the end of its name",
  ],
  [
    'autoscaling:UpdateAutoScalingGroup',
    /^arn:aws:autoscaling:[\w-]+:[^:]+:autoScalingGroup:\*:autoScalingGroupName\/<WorkbenchGroupASG\w+>$/,
    "a group's id is random, and nothing but the group knows it; its name is whole",
  ],
  [
    'autoscaling:SetDesiredCapacity',
    /^arn:aws:autoscaling:[\w-]+:[^:]+:autoScalingGroup:\*:autoScalingGroupName\/<WorkbenchGroupASG\w+>$/,
    "a group's id is random, and nothing but the group knows it; its name is whole",
  ],
  [
    'autoscaling:DescribeAutoScalingInstances',
    /^\*$/,
    'descriptions have no resource type; a host finds its own group',
  ],
  [
    'autoscaling:CompleteLifecycleAction',
    /^arn:aws:autoscaling:[\w-]+:[^:]+:autoScalingGroup:\*:autoScalingGroupName\/TablesleuthWorkbench-[\w-]+-\w+\*$/,
    "a group's id is random, and so is the end of its name; the role is there before the group",
  ],
  ['autoscaling:DescribeAutoScalingGroups', /^\*$/, 'descriptions have no resource type'],
  [
    'autoscaling:TerminateInstanceInAutoScalingGroup, autoscaling:UpdateAutoScalingGroup',
    /^arn:aws:autoscaling:[\w-]+:[^:]+:autoScalingGroup:\*:autoScalingGroupName\/<WorkbenchGroupASG\w+>$/,
    "a group's id is random, and nothing but the group knows it; its name is whole",
  ],
  ['ec2:EnableEbsEncryptionByDefault', /^\*$/, 'a setting of the whole account has no resource type'],
  [
    'logs:CreateLogStream, logs:PutLogEvents',
    /^arn:aws:logs:[\w-]+:[^:]+:log-group:<ssm:\/tablesleuth\/[\w-]+\/data\/host-log-group>:\*$/,
    'the streams of one log group',
  ],
  ['ecr:GetAuthorizationToken', /^\*$/, 'a token is one for the whole registry; what may be pulled is one repository'],
  [
    's3:GetObject, s3:PutObject',
    /^arn:aws:s3:::<ssm:\/tablesleuth\/[\w-]+\/data\/findings-bucket-name>\/(runs|findings)\/\*$/,
    'the planner writes plans and the workers write findings, each below its own prefix',
  ],
  [
    's3:GetObject',
    /^arn:aws:s3:::<ssm:\/tablesleuth\/[\w-]+\/data\/findings-bucket-name>\/runs\/\*$/,
    'a worker reads the plan of its run',
  ],
  [
    'ssm:SendCommand',
    /^arn:aws:ec2:[\w-]+:[^:]+:instance\/\*$/,
    'ids of hosts change; a condition names their tag, and another statement the one document that may be sent',
  ],
  [
    'ec2:DescribeInstances, ssm:GetCommandInvocation',
    /^\*$/,
    'neither action has a resource type; both only read, and no output of ours holds a secret',
  ],
  [
    'ec2:DescribeInstances, ec2:DescribeVolumes',
    /^\*$/,
    'EC2 describes nothing narrower; a host finds out who has its workspace',
  ],
  [
    'ec2:DescribeInstances',
    /^\*$/,
    'EC2 describes nothing narrower; a host finds out which folders of a shared workspace nobody has any more',
  ],
  [
    'backup:TagResource',
    /^arn:aws:backup:[\w-]+:[^:]+:recovery-point:\*$/,
    'a recovery point has no id before it exists; AWS Backup copies the tags of what it backs up',
  ],
  ['tag:GetResources', /^\*$/, 'AWS Backup finds the file system by its tag, for which there is nothing narrower'],
  [
    'ec2:AttachVolume, ec2:DetachVolume',
    /^arn:aws:ec2:[\w-]+:[^:]+:instance\/\*$/,
    'a host cannot know its id before it exists; a condition names the tag of the hosts of one workspace',
  ],
  [
    'ec2:CreateSnapshot',
    /^arn:aws:ec2:[\w-]+::snapshot\/\*$/,
    'a snapshot has no id before it exists; the volume is named beside it',
  ],
  ['ec2:CreateTags', /^arn:aws:ec2:[\w-]+::snapshot\/\*$/, 'AWS Backup tags the snapshots that it makes'],
  [
    'ec2:DeleteSnapshot',
    /^arn:aws:ec2:[\w-]+::snapshot\/\*$/,
    'a condition leaves only the snapshots that AWS Backup made',
  ],
  [
    'ec2:DescribeSnapshots, ec2:DescribeVolumes, tag:GetResources',
    /^\*$/,
    'AWS Backup finds the volume by its tag, for which there is nothing narrower',
  ],
  [
    'ec2messages:AcknowledgeMessage, ec2messages:DeleteMessage, ec2messages:FailMessage, ec2messages:GetEndpoint, ' +
      'ec2messages:GetMessages, ec2messages:SendReply, ssmmessages:CreateControlChannel, ssmmessages:CreateDataChannel, ' +
      'ssmmessages:OpenControlChannel, ssmmessages:OpenDataChannel',
    /^\*$/,
    'channels of Run Command, by which Image Builder drives its instances, have no resource type',
  ],
  [
    's3:GetObject',
    /^arn:aws:s3:::ec2imagebuilder\*$/,
    "buckets of AWS's own with what Image Builder runs on its instances; each region has one",
  ],
  [
    'imagebuilder:GetComponent',
    /^arn:aws:imagebuilder:[\w-]+:[^:]+:component\/tablesleuth-[\w-]+\/\*$/,
    'the versions of one component',
  ],
  ['ec2:DescribeImages', /^\*$/, 'EC2 describes nothing narrower; Systems Manager looks whether an image exists'],
  ['backup:CopyFromBackupVault', /^arn:aws:ec2:[\w-]+::snapshot\/\*$/, 'a snapshot has no id before it exists'],
  ['ec2:CopySnapshot', /^arn:aws:ec2:[\w-]+::snapshot\/\*$/, 'a snapshot has no id before it exists'],
  ...['kms:DescribeKey', 'kms:CreateGrant', RE_ENCRYPT].map((actions): (typeof WILDCARDS)[number] => [
    actions,
    /^arn:aws:kms:[\w-]+:[^:]+:key\/\*$/,
    'a condition names the alias of the one key, whose id nobody knows in another region',
  ]),
  [
    'ec2:AssignPrivateIpAddresses, ec2:CreateNetworkInterface, ec2:DeleteNetworkInterface, ' +
      'ec2:DescribeNetworkInterfaces, ec2:DescribeSubnets, ec2:UnassignPrivateIpAddresses',
    /^\*$/,
    'Lambda asks for network interfaces before they have a name; a condition refuses the same to the function’s own code',
  ],
  [
    's3:GetObject, s3:GetObjectVersion',
    /^arn:aws:s3:::<ssm:\/tablesleuth\/[\w-]+\/data\/findings-bucket-name>\/findings\/\*$/,
    'a worker reads any finding, of any table',
  ],
  ['s3:GetObject', /^arn:aws:s3:::lake\/\*$/, 'the objects of a bucket that the settings name'],
  [
    'glue:GetDatabase, glue:GetDatabases, glue:GetPartition, glue:GetPartitions, glue:GetTable, glue:GetTables',
    /^arn:aws:glue:[\w-]+:[^:]+:table\/sales\/\*$/,
    'the tables of a database that the settings name',
  ],
  [
    's3tables:GetTable, s3tables:GetTableData, s3tables:GetTableMetadataLocation',
    /^arn:aws:s3tables:[\w-]+:\d{12}:bucket\/tables\/table\/\*$/,
    'the tables of a table bucket that the settings name',
  ],
];

const templatesOf = (settings: Settings) => synthesize(settings).synthesis.stacks.map(({ template }) => template);

const found = (templates: unknown, words: RegExp) =>
  [...JSON.stringify(templates).matchAll(words)].map(([word]) => word);

const isKnown = (wildcard: string) =>
  WILDCARDS.some(([actions, resource]) => {
    const [allowed, on] = wildcard.split(' on ');
    return allowed === actions && resource.test(on ?? '');
  });

/** Who reaches whom, by which port: `[from port, to port, whose, whom]`. */
function rulesBetweenGroups(templates: TemplateDocument[]): unknown[][] {
  return templates.flatMap((template) =>
    resourcesOf(template, 'AWS::EC2::SecurityGroupIngress').map(({ Properties }) => {
      const { FromPort, ToPort, GroupId, SourceSecurityGroupId } = plain(template, Properties) as Record<
        string,
        unknown
      >;
      const names = [GroupId, SourceSecurityGroupId].map((id) => String(id).replace(/^<(\w+)\w{8}\.GroupId>$/, '$1'));
      return [FromPort, ToPort, ...names];
    }),
  );
}

/** The region of each network that is made: of hosts, and of services. */
function networksOf({ network, service, regions }: Settings): readonly string[] {
  const ofService = service !== undefined && service.network !== 'shared' ? regions : [];
  return [...(network.vpcId === undefined ? regions : []), ...ofService];
}

describe.each(VARIANTS)('%s', (_name, settings) => {
  const templates = templatesOf(settings);

  test('allows wildcards of resources only where AWS has nothing narrower', () => {
    expect(templates.flatMap(wildcardResources).filter((wildcard) => !isKnown(wildcard))).toEqual([]);
  });

  test("gives nobody a policy of AWS's own, but what empties default security groups, deletes old images and logs requests", () => {
    const services = settings.service === undefined ? [] : settings.regions;
    const networks = networksOf(settings);
    const expected = [
      ...networks.map(() => 'AWSLambdaBasicExecutionRole'),
      ...services.map(() => 'AmazonAPIGatewayPushToCloudWatchLogs'),
      ...(settings.image.kind === 'pipeline' ? ['EC2ImageBuilderLifecycleExecutionPolicy'] : []),
    ];
    const names = templates.flatMap(awsManagedPolicies).map((arn) => arn.split('/').at(-1));
    expect(names.sort()).toEqual(expected);
  });

  test('opens no port but nginx’s to a load balancer, a shared workspace’s to its hosts and the database’s to its users', () => {
    const ends = rulesBetweenGroups(templates);
    const isBalanced = settings.access.kind === 'loadBalancer';
    const balanced = [8080, 8080, 'WorkbenchLaunchTemplateSecurityGroup', 'WorkbenchBalancerSecurityGroup'];
    const shared = [2049, 2049, 'WorkbenchWorkspaceSecurityGroup', 'WorkbenchLaunchTemplateSecurityGroup'];
    const ofDatabase = ['Api', 'Ingest', 'Migration', 'Notifications'].map((client) => [
      ...[5432, 5432, 'DatabaseSecurityGroup', `${client}SecurityGroup`],
    ]);
    for (const end of ends) expect([...(isBalanced ? [balanced] : []), shared, ...ofDatabase]).toContainEqual(end);
    expect(ends.filter(([port]) => port === 5432)).toHaveLength(settings.service ? 4 * settings.regions.length : 0);
    expect(ends.filter(([port]) => port === 8080)).toHaveLength(isBalanced ? settings.regions.length : 0);
    const open = templates
      .flatMap((template) => resourcesOf(template, 'AWS::EC2::SecurityGroup'))
      .filter(({ Properties }) => Properties?.SecurityGroupIngress !== undefined);
    const { natGateways, network } = settings.service ?? { network: 'shared' };
    const hasEndpoints = network !== 'shared' && natGateways === undefined;
    expect(open.map(({ id }) => id.replace(/\w{8}$/, '')).sort()).toEqual([
      ...(hasEndpoints ? settings.regions.map(() => 'NetworkEndpointGroup') : []),
      ...(isBalanced ? settings.regions.map(() => 'WorkbenchBalancerSecurityGroup') : []),
    ]);
  });

  test('has no key pair', () => {
    expect(found(templates, /"KeyName"|AWS::EC2::KeyPair/g)).toEqual([]);
  });

  test('shows no password: the templates neither hold nor resolve one, but a client’s secret for its load balancer', () => {
    expect(
      found(templates, /(?<!"ClientSecret":"\{\{)resolve:secretsmanager|"SecretString"|GIZMOSQL_PASSWORD/g),
    ).toEqual([]);
  });

  test('has user data that EC2 takes, with every name that AWS fills in at its longest', () => {
    const script = userDataOf(synthesize(settings).workbench).replace(/<[\w:./-]+>/g, 'x'.repeat(200));
    expect(Buffer.byteLength(script)).toBeLessThan(16 * 1024);
  });
});

test('every wildcard of the table is still in use', () => {
  const used = VARIANTS.flatMap(([, settings]) => templatesOf(settings)).flatMap(wildcardResources);
  const unused = WILDCARDS.filter(
    ([actions, resource]) =>
      !used.some((each) => each.startsWith(`${actions} on `) && resource.test(each.split(' on ')[1]!)),
  );
  expect(unused.map(([actions]) => actions)).toEqual([]);
});

test('the table of wildcards has no entry for all of a service', () => {
  for (const [actions, , reason] of WILDCARDS) {
    expect(actions).not.toContain('*');
    expect(reason.split(' ').length).toBeGreaterThan(4);
  }
});

test('user data still fits with twenty table buckets, the most that an account has room for', () => {
  const tableBuckets = [...Array(20).keys()].map((index) => `${ALL_DATA.tableBuckets[0]}-${'x'.repeat(50)}${index}`);
  const script = userDataOf(synthesize({ data: { tableBuckets } }).workbench).replace(/<[\w:./-]+>/g, 'x'.repeat(200));
  expect(Buffer.byteLength(script)).toBeLessThan(16 * 1024);
});

test('only the host of the settings reads data: no other role has a statement about it', () => {
  const statements = synthesize({ data: ALL_DATA }).synthesis.stacks.flatMap(({ template }) => statementsOf(template));
  const readers = statements.filter(({ actions }) => actions.some((action) => /^(glue|s3tables|s3:Get)/.test(action)));
  expect(new Set(readers.map(({ policy }) => policy.replace(/[0-9A-F]{8}$/, '')))).toEqual(
    new Set(['WorkbenchHostRoleOperation', 'WorkbenchHostRoleTables']),
  );
});
