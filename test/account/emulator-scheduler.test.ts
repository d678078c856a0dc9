import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type EmulatedAccount, startEmulatedAccount } from '../../emulator/account';
import { pasted } from './fixtures/pasted';

const SCHEDULER = { Service: 'scheduler.amazonaws.com' };
const NEW_YORK = 'America/New_York';

let account: EmulatedAccount;
let writer: string;

beforeAll(async () => {
  account = await startEmulatedAccount({ stateDirectory: '.cache/test-accounts/scheduler', enforceIam: true });
  writer = await role('Writer', SCHEDULER, 'ssm:PutParameter');
  await new SSMClient(account.client).send(new PutParameterCommand({ Name: '/called', Value: 'no', Type: 'String' }));
});

afterAll(() => account?.stop());

describe('schedules of the emulated account', { concurrent: false }, () => {
  beforeEach(async () => {
    await account.passTime(new Date('2027-01-01T00:00:00Z'));
  });

  /** When a schedule is due between two moments. */
  const dueBetween = async (expression: string, from: string, until: string) => {
    await account.passTime(new Date(from));
    await schedule('due', expression, writer);
    const called = await account.passTime(new Date(until));
    await pasted(account, 'aws scheduler delete-schedule --region us-east-2 --name due');
    return called.map(({ Time }) => Time);
  };

  test('are due at the same time on the wall, in winter and in summer', async () => {
    expect(await dueBetween('cron(0 8 ? * FRI,MON *)', '2027-03-11T00:00:00Z', '2027-03-16T00:00:00Z')).toEqual([
      '2027-03-12T13:00:00Z',
      '2027-03-15T12:00:00Z',
    ]);
  });

  test('leave out a time that the clocks skip in spring', async () => {
    expect(await dueBetween('cron(30 2 ? * * *)', '2027-03-13T00:00:00Z', '2027-03-15T12:00:00Z')).toEqual([
      '2027-03-13T07:30:00Z',
      '2027-03-15T06:30:00Z',
    ]);
  });

  test('are due once at a time that the clocks show twice in autumn', async () => {
    expect(await dueBetween('cron(30 1 ? * * *)', '2027-11-07T00:00:00Z', '2027-11-08T12:00:00Z')).toEqual([
      '2027-11-07T05:30:00Z',
      '2027-11-08T06:30:00Z',
    ]);
  });

  test('are due once at a time with a date, and by a rate', async () => {
    expect(await dueBetween('at(2027-07-01T12:00:00)', '2027-06-30T00:00:00Z', '2027-07-03T00:00:00Z')).toEqual([
      '2027-07-01T16:00:00Z',
    ]);
    expect(await dueBetween('rate(12 hours)', '2027-06-30T00:00:00Z', '2027-07-01T00:10:00Z')).toHaveLength(2);
  });

  test('call an action with the permissions of their role', async () => {
    await schedule('writes', 'cron(0 12 ? * * *)', writer);
    await account.passTime(new Date('2027-01-01T18:00:00Z'));
    const { Parameter } = await new SSMClient(account.client).send(new GetParameterCommand({ Name: '/called' }));
    expect(Parameter?.Value).toBe('yes');
  });

  test('are refused what their role may not do', async () => {
    await schedule('denied', 'cron(0 12 ? * * *)', await role('Reader', SCHEDULER, 'ssm:GetParameter'));
    const called = await account.passTime(new Date('2027-01-01T18:00:00Z'));
    expect(called.find(({ Schedule }) => Schedule === 'denied')?.Error).toMatch(/AccessDenied.*ssm:PutParameter/);
  });

  test.each([
    [
      'a role that does not trust the scheduler',
      'cron(0 12 ? * * *)',
      NEW_YORK,
      'must allow AWS EventBridge Scheduler',
    ],
    ['a time zone that is not there', 'cron(0 12 ? * * *)', 'Mars/Olympus', 'Timezone Mars/Olympus'],
    ['an expression that says nothing', 'cron(0 12 * * * *)', NEW_YORK, 'Invalid Schedule Expression'],
  ])('are refused with %s', async (_name, expression, zone, message) => {
    const trusted = message.startsWith('must') ? { Service: 'lambda.amazonaws.com' } : SCHEDULER;
    const arn = await role(`Role${message.length}`, trusted, 'ssm:PutParameter');
    await expect(schedule('refused', expression, arn, zone)).rejects.toThrow(message);
  });
});

async function schedule(name: string, expression: string, roleArn: string, zone = NEW_YORK): Promise<void> {
  const Input = JSON.stringify({ Name: '/called', Value: 'yes', Overwrite: true });
  const target = JSON.stringify({ Arn: 'arn:aws:scheduler:::aws-sdk:ssm:putParameter', RoleArn: roleArn, Input });
  await pasted(
    account,
    `aws scheduler create-schedule --region us-east-2 --name ${name} --schedule-expression '${expression}' ` +
      `--schedule-expression-timezone ${zone} --flexible-time-window Mode=OFF --target '${target}'`,
  );
}

async function role(RoleName: string, principal: object, action: string): Promise<string> {
  const iam = new IAMClient(account.client);
  const trust = { Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' };
  const document = (statement: object) => JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: document(trust) }));
  const PolicyDocument = document({ Effect: 'Allow', Action: action, Resource: '*' });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'allowed', PolicyDocument }));
  return Role!.Arn!;
}
