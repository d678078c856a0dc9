import { DescribeInstancesCommand, type EC2Client } from '@aws-sdk/client-ec2';
import {
  GetCommandInvocationCommand,
  type GetCommandInvocationCommandOutput,
  InvalidInstanceId,
  InvocationDoesNotExist,
  SendCommandCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { CURRENT, type Hosts } from './rotation';

/** How hosts are found and told. */
export interface TaggedHostsOptions {
  readonly tag: { readonly key: string; readonly value: string };
  /** The one document that the function may send. */
  readonly documentName: string;
  /** When the function ends, as `now` tells it. */
  readonly end: number;
  readonly now: () => number;
  /** Waits; a test does not. */
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

const POLL_MS = 1_000;
const UNREACHED_POLL_MS = 5_000;
/** A host that was just launched is reached by Systems Manager within two minutes. */
const REACHED_WITHIN_MS = 180_000;
const DELIVERED_WITHIN_SECONDS = 60;
/** Kept of the function's time, for hosts to go back to the current password. */
const UNDO_MS = 240_000;
const UNSETTLED = ['Pending', 'InProgress', 'Delayed', 'Cancelling'];
const MOST_WORDS = 500;

/** The instances with a tag, reached by Run Command. */
export class TaggedHosts implements Hosts {
  constructor(
    private readonly ec2: EC2Client,
    private readonly ssm: SSMClient,
    private readonly options: TaggedHostsOptions,
  ) {}

  async running(): Promise<readonly string[]> {
    const { key, value } = this.options.tag;
    const Filters = [
      { Name: `tag:${key}`, Values: [value] },
      { Name: 'instance-state-name', Values: ['pending', 'running'] },
    ];
    const ids: string[] = [];
    let NextToken: string | undefined;
    do {
      const page = await this.ec2.send(new DescribeInstancesCommand({ Filters, NextToken }));
      const instances = page.Reservations?.flatMap(({ Instances = [] }) => Instances) ?? [];
      ids.push(...instances.flatMap(({ InstanceId }) => InstanceId ?? []));
      ({ NextToken } = page);
    } while (NextToken);
    return ids.sort();
  }

  async take(host: string, version: string): Promise<void> {
    const deadline = this.options.end - (version === CURRENT ? 0 : UNDO_MS);
    const commandId = await this.send(host, version, deadline);
    const { Status, StatusDetails, StandardErrorContent = '' } = await this.settled(host, commandId, deadline);
    if (Status === 'Success') return;
    const words = StandardErrorContent.trim().slice(-MOST_WORDS);
    throw new Error(`${host} ${StatusDetails ?? Status}: ${words || 'it said nothing'}`);
  }

  private async send(host: string, version: string, deadline: number): Promise<string> {
    const command = new SendCommandCommand({
      DocumentName: this.options.documentName,
      InstanceIds: [host],
      Parameters: { version: [version] },
      TimeoutSeconds: DELIVERED_WITHIN_SECONDS,
    });
    const until = Math.min(this.options.now() + REACHED_WITHIN_MS, deadline);
    for (;;) {
      try {
        return (await this.ssm.send(command)).Command!.CommandId!;
      } catch (error) {
        if (!(error instanceof InvalidInstanceId)) throw error;
        const isGone = !(await this.running()).includes(host);
        if (isGone || this.options.now() > until)
          throw new Error(`${host} runs, but Systems Manager does not reach it`);
        await this.options.sleep(UNREACHED_POLL_MS);
      }
    }
  }

  private async settled(
    host: string,
    commandId: string,
    deadline: number,
  ): Promise<Partial<GetCommandInvocationCommandOutput>> {
    while (this.options.now() < deadline) {
      await this.options.sleep(POLL_MS);
      const invocation = await this.ssm
        .send(new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: host }))
        .catch((error: unknown) => {
          // Until the command has arrived everywhere in Systems Manager.
          if (!(error instanceof InvocationDoesNotExist)) throw error;
          return { Status: 'Pending' as const };
        });
      if (!UNSETTLED.includes(invocation.Status ?? '')) return invocation;
    }
    throw new Error(`${host} did not answer in the time that a function has`);
  }
}
