import { CloudFormationClient, DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { DescribeVolumesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { DeleteRolePolicyCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GivenSettings } from '../../app/settings/schema';
import { belongsTo, EVERY_PART, SWITCHED_PARTS, type SwitchedPart } from '../support/parts';
import { Deployment } from './deployment';
import { untilAlarm } from './fixtures/cloudwatch';
import { Subscriber } from './fixtures/subscriber';

/** The settings of every part, with a volume that is made or one that is there. */
type Everything = Omit<typeof EVERY_PART, 'workspace'> & { workspace: { sizeGiB: number } | { volumeId: string } };

/** Resources as `<stack>/<logical id>`, by the ids that they have in AWS. */
type Resources = Readonly<Record<string, string>>;

const STACKS = ['Data', 'Network', 'Workbench', 'Operations'];
/** What holds data: never another one, whatever is switched. */
const KEPT = /^Data\/(DataKey|DataGizmosqlSecret|Data\w+Logs|WorkspaceVault)[0-9A-F]{8}$/;
/** What a stack has only while nothing else is in it. */
const PLACEHOLDER = /^Operations\/NothingIsOn/;

/** One story of one environment that begins with every part on; three steps switch each of them off, and on again. */
describe('an environment with every part', { concurrent: false }, () => {
  let deployment: Deployment;
  let everything: Resources;
  let password: string | undefined;
  let wanted: Everything = EVERY_PART;
  const switched: SwitchedPart[] = [];

  beforeAll(async () => {
    deployment = await Deployment.start('switches', { enforceIam: true });
    await deploy(EVERY_PART);
    everything = await resources();
    password = await passwordOf();
  });

  afterAll(() => deployment?.stop());

  test('tells people of a stop by its hours that AWS refuses', async () => {
    const topicArn = (await deployment.outputs('TablesleuthOperations-dev')).AlertTopicArn!;
    const subscriber = await Subscriber.of(deployment.account, topicArn);
    const iam = new IAMClient(deployment.account.client);
    const RoleName = idOf('Workbench/WorkbenchHoursStopRole');
    const PolicyName = 'refuse';
    const deny = { Effect: 'Deny', Action: '*', Resource: '*' };
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [deny] });
    await deployment.account.passTime(new Date('2027-03-10T17:59:00-05:00'));
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));
    const [stop] = await deployment.account.passTime(new Date('2027-03-10T18:00:00-05:00'));
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
    expect(stop?.Error).toMatch(/not authorized|AccessDenied/);
    for (const alarm of ['HoursRefused', 'HoursDropped']) {
      await untilAlarm(deployment.account, `tablesleuth-dev-${alarm}`, 'ALARM');
      await subscriber.message((message) => message.includes(`"tablesleuth-dev-${alarm}"`));
    }
    subscriber.stop();
  });

  test.each([
    { which: 'hours, backup, compliance', orphan: 'Data/ConfigurationHistoryBucket' },
    { which: 'idleStop, workspace, dashboard', orphan: 'Data/Workspace' },
    { which: Object.keys(SWITCHED_PARTS).join(', '), orphan: 'Data/Workspace' },
  ])('without $which has lost what is there because of them, and nothing else', async ({ which, orphan }) => {
    const parts = which.split(', ').map((name) => SWITCHED_PARTS[name]!);
    await deploy(Object.assign({}, wanted, ...parts.map(({ off }) => off)) as GivenSettings);
    switched.push(...parts);
    await expectTheRest((name) => !parts.some((part) => belongsTo(part, name)));
    await expectToBeThere(idOf(orphan));
    // As the runbook says: a new volume would be a blank one.
    if (orphan === 'Data/Workspace') wanted = { ...EVERY_PART, workspace: { volumeId: idOf(orphan) } };
  });

  test('has everything again when they are on again, and the password and the volume that it had', async () => {
    await deploy(wanted);
    await expectTheRest(() => true);
    await expectToBeThere(idOf('Data/Workspace'));
    expect(await passwordOf()).toBe(password);
  });

  async function deploy(settings: GivenSettings): Promise<void> {
    const { exitCode, output } = await deployment.deploy(
      ...Object.entries(settings).map(([key, value]) => `${key}=${JSON.stringify(value)}`),
    );
    expect(exitCode, output).toBe(0);
  }

  /** That these resources of the beginning are there, and no others; what was never off is what it was. */
  async function expectTheRest(belongs: (name: string) => boolean): Promise<void> {
    const now = await resources();
    // The volume that was brought along is no stack's.
    const gone = 'volumeId' in wanted.workspace ? [nameOf('Data/Workspace')] : [];
    const expected = Object.keys(everything).filter((name) => belongs(name) && !gone.includes(name));
    expect(Object.keys(now).sort()).toEqual(expected.sort());
    const untouched = expected.filter((name) => !switched.some((part) => belongsTo(part, name)));
    expect(untouched.filter((name) => now[name] !== everything[name])).toEqual([]);
    expect(untouched).toEqual(expect.arrayContaining(Object.keys(everything).filter((name) => KEPT.test(name))));
  }

  /** Every resource of the stacks, but what stands for nothing. */
  async function resources(): Promise<Resources> {
    const client = new CloudFormationClient(deployment.account.client);
    const all = STACKS.map(async (stack) => {
      const StackName = `Tablesleuth${stack}-dev`;
      const { StackResources = [] } = await client.send(new DescribeStackResourcesCommand({ StackName }));
      return StackResources.map(({ LogicalResourceId: id, PhysicalResourceId: physical }) => [
        `${stack}/${id}`,
        physical!,
      ]);
    });
    const entries = (await Promise.all(all)).flat() as Array<[string, string]>;
    return Object.fromEntries(entries.filter(([name]) => !PLACEHOLDER.test(name)));
  }

  function nameOf(start: string): string {
    const [name, ...more] = Object.keys(everything).filter((each) => each.replace(/[0-9A-F]{8}$/, '') === start);
    expect([name, more]).toEqual([expect.any(String), []]);
    return name!;
  }

  /** The id in AWS of a resource of the beginning. */
  function idOf(start: string): string {
    return everything[nameOf(start)]!;
  }

  async function passwordOf(): Promise<string | undefined> {
    const secrets = new SecretsManagerClient(deployment.account.client);
    const SecretId = idOf('Data/DataGizmosqlSecret');
    return (await secrets.send(new GetSecretValueCommand({ SecretId }))).SecretString;
  }

  /** That a volume or a bucket which no stack has any more is there. */
  async function expectToBeThere(id: string): Promise<void> {
    const found = id.startsWith('vol-')
      ? new EC2Client(deployment.account.client).send(new DescribeVolumesCommand({ VolumeIds: [id] }))
      : new S3Client(deployment.account.client).send(new HeadBucketCommand({ Bucket: id }));
    await expect(found).resolves.toMatchObject({ $metadata: { httpStatusCode: 200 } });
  }
});
