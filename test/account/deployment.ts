import path from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeInstancesCommand, EC2Client, type Instance } from '@aws-sdk/client-ec2';
import { type EmulatedAccount, type StartOptions, startEmulatedAccount } from '../../emulator/account';
import { bootstrap, type CdkResult, runCdk } from '../../emulator/cdk';

/** An emulated account of a test's own, with the dev environment's stacks in reach of the real CDK CLI. */
export class Deployment {
  static async start(
    name: string,
    {
      regions,
      ...options
    }: Pick<StartOptions, 'enforceIam' | 'machines' | 'containerPrograms'> & { regions?: readonly string[] } = {},
  ): Promise<Deployment> {
    const stateDirectory = path.join('.cache', 'test-accounts', name);
    const account = await startEmulatedAccount({ stateDirectory, ...options });
    await bootstrap(account, { regions });
    return new Deployment(account, path.join(stateDirectory, 'cdk.out'));
  }

  private constructor(
    readonly account: EmulatedAccount,
    private readonly output: string,
  ) {}

  /** `cdk deploy --all` of dev, with settings as `-c` takes them. */
  deploy(...settings: string[]): Promise<CdkResult> {
    return this.cdk('deploy', '--all', '--require-approval', 'never', ...settings.flatMap((each) => ['-c', each]));
  }

  /** Deploys one stack and none that it depends on. */
  deployStack(name: string, ...settings: string[]): Promise<CdkResult> {
    const only = [name, '--exclusively', '--require-approval', 'never'];
    return this.cdk('deploy', ...only, ...settings.flatMap((each) => ['-c', each]));
  }

  /** `cdk deploy` of the stacks of dev whose names match a pattern. */
  deployOnly(pattern: string, ...settings: string[]): Promise<CdkResult> {
    return this.cdk('deploy', pattern, '--require-approval', 'never', ...settings.flatMap((each) => ['-c', each]));
  }

  /** `cdk destroy --all` of the stacks that dev has with these settings. */
  destroy(...settings: string[]): Promise<CdkResult> {
    return this.cdk('destroy', '--all', '--force', ...settings.flatMap((each) => ['-c', each]));
  }

  /** Destroys one stack and no other. */
  destroyStack(name: string, ...settings: string[]): Promise<CdkResult> {
    return this.cdk('destroy', name, '--exclusively', '--force', ...settings.flatMap((each) => ['-c', each]));
  }

  /** The stacks of the product in a region and their status. */
  async stacks(region = this.account.region): Promise<Record<string, string>> {
    const client = new CloudFormationClient({ ...this.account.client, region });
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({}));
    const ours = Stacks.filter(({ StackName }) => StackName?.startsWith('Tablesleuth'));
    return Object.fromEntries(ours.map(({ StackName, StackStatus }) => [StackName!, StackStatus!]));
  }

  /** The outputs of a stack. */
  async outputs(stackName: string, region = this.account.region): Promise<Record<string, string>> {
    const client = new CloudFormationClient({ ...this.account.client, region });
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stackName }));
    return Object.fromEntries(
      (Stacks[0]?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey!, OutputValue!]),
    );
  }

  /** Instances that cost money now. */
  async hosts(region = this.account.region): Promise<Instance[]> {
    const states = { Name: 'instance-state-name', Values: ['pending', 'running'] };
    const { Reservations = [] } = await new EC2Client({ ...this.account.client, region }).send(
      new DescribeInstancesCommand({ Filters: [states] }),
    );
    return Reservations.flatMap(({ Instances = [] }) => Instances);
  }

  /** The path of a file that the last synthesis wrote. */
  artifact(name: string): string {
    return path.join(this.output, name);
  }

  stop(): Promise<void> {
    return this.account.stop();
  }

  private cdk(verb: string, ...args: string[]): Promise<CdkResult> {
    const command = [verb, '--concurrency', '3', '--output', this.output, '-c', 'environment=dev', ...args];
    return runCdk(this.account, command, {
      env: { CDK_VALIDATION: 'false' },
    });
  }
}
