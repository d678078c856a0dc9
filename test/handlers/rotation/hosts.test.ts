import type { EC2Client } from '@aws-sdk/client-ec2';
import { InvalidInstanceId, InvocationDoesNotExist, type SSMClient } from '@aws-sdk/client-ssm';
import { describe, expect, test } from 'vitest';
import { TaggedHosts } from '../../../handlers/rotation/hosts';

const END = 900_000;

/** Answers in the order in which they are given; the last one again and again. An error is thrown. */
function client<Client>(...answers: unknown[]): { asked: Array<{ input: unknown }>; client: Client } {
  const asked: Array<{ input: unknown }> = [];
  const send = (command: { input: unknown }) => {
    asked.push(command);
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  return { asked, client: { send } as Client };
}

const instances = (...ids: string[]) => ({ Reservations: [{ Instances: ids.map((InstanceId) => ({ InstanceId })) }] });
const sent = { Command: { CommandId: 'command' } };
const unreached = new InvalidInstanceId({ message: 'not in a valid state', $metadata: {} });

function hosts(ec2Answers: unknown[], ssmAnswers: unknown[]) {
  let clock = 0;
  const ec2 = client<EC2Client>(...ec2Answers);
  const ssm = client<SSMClient>(...ssmAnswers);
  const options = {
    tag: { key: 'environment', value: 'dev' },
    documentName: 'rotate',
    end: END,
    now: () => clock,
    sleep: (milliseconds: number) => Promise.resolve(void (clock += milliseconds)),
  };
  return { tagged: new TaggedHosts(ec2.client, ssm.client, options), ec2, ssm, clock: () => clock };
}

describe('a host that is told to take a version', () => {
  test('fails with its last words when the command fails there', async () => {
    const failed = { Status: 'Failed', StatusDetails: 'Failed', StandardErrorContent: 'rotate-password: no login\n' };
    const { tagged } = hosts([], [sent, failed]);
    await expect(tagged.take('i-1', 'v')).rejects.toThrow('i-1 Failed: rotate-password: no login');
  });

  test('fails when Systems Manager does not reach it within three minutes', async () => {
    const { tagged, clock } = hosts([instances('i-1')], [unreached]);
    await expect(tagged.take('i-1', 'v')).rejects.toThrow('i-1 runs, but Systems Manager does not reach it');
    expect(clock()).toBeGreaterThanOrEqual(180_000);
    expect(clock()).toBeLessThan(200_000);
  });

  test('fails at once when it is gone', async () => {
    const { tagged, clock } = hosts([instances()], [unreached]);
    await expect(tagged.take('i-1', 'v')).rejects.toThrow();
    expect(clock()).toBe(0);
  });

  test('fails for any other error of Systems Manager', async () => {
    const { tagged } = hosts([], [new Error('AccessDenied')]);
    await expect(tagged.take('i-1', 'v')).rejects.toThrow('AccessDenied');
  });

  test.each([
    ['a new version until four minutes before the end of the function', 'v', END - 240_000],
    ['the current one until the end', 'AWSCURRENT', END],
  ])('may take %s', async (_until, version, end) => {
    const { tagged, clock } = hosts([], [sent, { Status: 'InProgress' }]);
    await expect(tagged.take('i-1', version)).rejects.toThrow('did not answer in the time');
    expect(clock()).toBe(end);
  });

  test('is sent the one document, with the version as its only parameter', async () => {
    const { tagged, ssm } = hosts([], [sent, { Status: 'Success' }]);
    await tagged.take('i-1', 'v');
    expect(ssm.asked[0]?.input).toEqual({
      DocumentName: 'rotate',
      InstanceIds: ['i-1'],
      Parameters: { version: ['v'] },
      TimeoutSeconds: 60,
    });
  });

  test('is waited for while it boots, and while the command is on its way', async () => {
    const notYet = new InvocationDoesNotExist({ message: 'not found', $metadata: {} });
    const { tagged } = hosts(
      [instances('i-1')],
      [unreached, unreached, sent, notYet, { Status: 'Pending' }, { Status: 'InProgress' }, { Status: 'Success' }],
    );
    await tagged.take('i-1', 'v');
  });
});

test('the hosts are all instances with the tag that run or boot, from every page', async () => {
  const { tagged, ec2 } = hosts([{ ...instances('i-2'), NextToken: 'more' }, instances('i-1')], []);
  expect(await tagged.running()).toEqual(['i-1', 'i-2']);
  expect(ec2.asked[1]?.input).toMatchObject({
    NextToken: 'more',
    Filters: [
      { Name: 'tag:environment', Values: ['dev'] },
      { Name: 'instance-state-name', Values: ['pending', 'running'] },
    ],
  });
});
