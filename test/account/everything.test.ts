import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Deployment } from './deployment';
import { counted, inventory, type Thing } from './fixtures/inventory';
import { pasted } from './fixtures/pasted';

const HERE = 'us-east-2';
const THERE = 'eu-west-1';
const OFF = 'dev=test/account/fixtures/everything-off.yaml';
const ON = 'dev=test/account/fixtures/everything-on.yaml';

/** Kinds of things that there are with everything off, but for the host itself. */
const ALWAYS = [
  ...['VPC', 'subnet', 'security group', 'VPC endpoint', 'flow log', 'launch template', 'instance profile', 'role'],
  ...['key', 'secret', 'log group', 'vault', 'function', 'parameter', 'document'],
];
/** Kinds of things that there are with everything on, beside those. */
const WITH_EVERYTHING = [
  ...['NAT gateway', 'address', 'group', 'load balancer', 'target group', 'user pool', 'file system', 'access point'],
  ...['bucket', 'backup plan', 'alarm', 'dashboard', 'topic', 'rule', 'schedule', 'state machine'],
  ...['config rule', 'recorder'],
];
/** What AWS makes by itself, and no stack takes away: a service's own role, and the log of a function of CDK's. */
const AWS_MADE = /^(AWSServiceRoleForConfig|\/aws\/lambda\/TablesleuthNetwork-dev-CustomVpcRestrictDefaultSG\w+)$/;

/** What a group launches and ends, as its hours and its load say. */
const OF_HOSTS = ['host', 'disk'];

/** One story of one account with IAM enforced. Hosts are records: what a settings file makes is what is looked at. */
describe('an environment with everything on', { concurrent: false }, () => {
  let deployment: Deployment;
  let before: ReadonlySet<string>;
  let settings: readonly string[];
  let webAclArn: string;
  let things: readonly Thing[];
  let atFirst: Record<string, number>;
  let password: string | undefined;

  beforeAll(async () => {
    deployment = await Deployment.start('everything', { enforceIam: true, regions: [THERE] });
    before = new Set((await inventory(deployment.account, [HERE, THERE])).map(idOf));
    const request = 'acm request-certificate --domain-name tablesleuth.example.com';
    const { CertificateArn } = await aws<{ CertificateArn: string }>(request);
    webAclArn = await newWebAcl();
    settings = [ON, `access.certificateArn=${CertificateArn}`, `access.webAclArn=${webAclArn}`];
    await deploy(...settings);
  });

  afterAll(() => deployment?.stop());

  test('has something of every kind, each a resource of a stack', async () => {
    things = await made();
    expect(kindsOf(things.filter(({ stack }) => stack !== undefined))).toEqual([...ALWAYS, ...WITH_EVERYTHING].sort());
    // Application Auto Scaling's two, which come and go with the policy.
    expect(orphans(things)).toEqual({ alarm: 2 });
    atFirst = counted(things, whose);
    password = await passwordOf();
  });

  test('lets in people of its user pool alone, whom somebody invited and who have a second factor', async () => {
    const [pool] = names(things, 'user pool');
    const mfa = await aws<unknown>(`cognito-idp get-user-pool-mfa-config --user-pool-id ${pool}`);
    expect(mfa).toEqual({ MfaConfiguration: 'ON', SoftwareTokenMfaConfiguration: { Enabled: true } });
    const { UserPool } = await aws<{ UserPool: unknown }>(`cognito-idp describe-user-pool --user-pool-id ${pool}`);
    expect(UserPool).toMatchObject({
      AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
      DeletionProtection: 'ACTIVE',
      Domain: 'tablesleuth-example',
    });
    const [balancer] = names(things, 'load balancer');
    const listeners = `elbv2 describe-listeners --load-balancer-arn ${balancer} --query 'Listeners[?Port==\`443\`][]'`;
    const [https] = await aws<Array<{ DefaultActions: Array<{ Type: string }> }>>(listeners);
    expect(https?.DefaultActions.map(({ Type }) => Type)).toEqual(['authenticate-cognito', 'forward']);
    const { InviteUserCommand } = await deployment.outputs('TablesleuthData-dev');
    const invited = await pasted(deployment.account, InviteUserCommand!.replaceAll('NAME@', 'ana@'));
    expect(JSON.parse(invited)).toMatchObject({ User: { UserStatus: 'FORCE_CHANGE_PASSWORD' } });
  });

  test('has the web ACL in front of its load balancer', async () => {
    expect(await guarded()).toEqual(names(things, 'load balancer'));
  });

  test('has a spot host once its hours have begun', async () => {
    const { StartCommand } = await deployment.outputs('TablesleuthWorkbench-dev');
    await pasted(deployment.account, StartCommand!);
    const bought = async () => (await deployment.hosts()).map((host) => host.InstanceLifecycle);
    await expect.poll(bought, { timeout: 60_000 }).toEqual(['spot']);
  });

  test('keeps what holds data when everything is switched off, and nothing else beside one host', async () => {
    await deploy(OFF);
    things = await made();
    const ofStacks = things.filter(({ stack }) => stack !== undefined && stack !== 'TablesleuthImage-dev');
    expect(kindsOf(ofStacks)).toEqual([...ALWAYS, 'host'].sort());
    expect(orphans(things)).toEqual({ bucket: 2, 'file system': 1, 'user pool': 1 });
    expect(await deployment.stacks()).toHaveProperty('TablesleuthImage-dev');
    expect((await deployment.hosts()).map((host) => host.InstanceLifecycle ?? 'on demand')).toEqual(['on demand']);
    expect(await guarded()).toEqual([]);
    expect(await passwordOf()).toBe(password);
  });

  test('builds no more images once the stack that does is destroyed, as the runbook says', async () => {
    await aws('cloudformation delete-stack --stack-name TablesleuthImage-dev');
    await expect.poll(() => deployment.stacks(), { timeout: 60_000 }).not.toHaveProperty('TablesleuthImage-dev');
  });

  test('has the same again when everything is on again, and its password', async () => {
    await deploy(...settings);
    things = await made();
    const ofStacks = (counts: Record<string, number>) =>
      Object.entries(counts).filter(([name]) => name.startsWith('Tablesleuth'));
    expect(ofStacks(counted(things, whose))).toEqual(ofStacks(atFirst));
    expect(orphans(things)).toEqual({ alarm: 2, bucket: 2, 'file system': 1, 'user pool': 1 });
    expect(await passwordOf()).toBe(password);
    expect(await guarded()).toEqual(names(things, 'load balancer'));
  });

  test('leaves what holds data when it is destroyed, in both regions, and nothing else', async () => {
    const { exitCode, output } = await deployment.destroy(...settings);
    expect(exitCode, output).toBe(0);
    expect({ ...(await deployment.stacks()), ...(await deployment.stacks(THERE)) }).toEqual({});
    things = await made();
    expect(orphans(things)).toEqual({
      ...{ bucket: 4, 'file system': 2, 'user pool': 2 },
      ...{ key: 2, 'log group': 3, secret: 1, vault: 2 },
    });
    expect(kindsOf(things).filter((kind) => OF_HOSTS.includes(kind))).toEqual([]);
    expect(counted(things, ({ region }) => region)[THERE]).toBe(2);
    expect(await guarded()).toEqual([]);
  });

  async function deploy(...given: string[]): Promise<void> {
    const { exitCode, output } = await deployment.deploy(...given);
    expect(exitCode, output).toBe(0);
  }

  async function aws<Answer>(command: string): Promise<Answer> {
    return JSON.parse(await pasted(deployment.account, `aws ${command} --region ${HERE}`)) as Answer;
  }

  async function newWebAcl(): Promise<string> {
    const shown = '{"SampledRequestsEnabled":true,"CloudWatchMetricsEnabled":true,"MetricName":"web"}';
    const create = `wafv2 create-web-acl --name web --scope REGIONAL --default-action '{"Allow":{}}'`;
    const { Summary } = await aws<{ Summary: { ARN: string } }>(`${create} --visibility-config '${shown}'`);
    return Summary.ARN;
  }

  /** What the web ACL is in front of. */
  async function guarded(): Promise<string[]> {
    const list = `wafv2 list-resources-for-web-acl --web-acl-arn ${webAclArn}`;
    return (await aws<{ ResourceArns: string[] }>(list)).ResourceArns;
  }

  /** What has been made since the account was empty, wherever. */
  async function made(): Promise<Thing[]> {
    const all = await inventory(deployment.account, [HERE, THERE]);
    return all.filter((thing) => !before.has(idOf(thing)));
  }

  async function passwordOf(): Promise<string | undefined> {
    const [secret] = names(things, 'secret');
    const get = `secretsmanager get-secret-value --secret-id ${secret} --query SecretString`;
    return aws<string>(get);
  }
});

function idOf({ region, kind, name }: Thing): string {
  return `${region} ${kind} ${name}`;
}

function whose({ stack, kind }: Thing): string {
  return `${stack ?? 'no stack'}: ${kind}`;
}

function kindsOf(things: readonly Thing[]): string[] {
  return [...new Set(things.map(({ kind }) => kind))].sort();
}

function names(things: readonly Thing[], kind: string): string[] {
  return things.filter((thing) => thing.kind === kind).map(({ name }) => name);
}

/** How many of which kind no stack has, and AWS has not made by itself; but for hosts, which are their group's. */
function orphans(things: readonly Thing[]): Record<string, number> {
  const without = things.filter(({ stack, name }) => stack === undefined && !AWS_MADE.test(name));
  return counted(
    without.filter(({ kind }) => !OF_HOSTS.includes(kind)),
    ({ kind }) => kind,
  );
}
