import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startEmulatedAccount } from '../../emulator/account';
import { eventually, listeningOn, processesWith } from './fixtures/processes';
import { SmallStack } from './fixtures/small-stack';

const STARTER = path.join(__dirname, 'fixtures', 'start-and-wait.ts');
let stateDirectory: string;

beforeEach(() => {
  stateDirectory = mkdtempSync(path.join(tmpdir(), 'emulated-account-'));
});

afterEach(() => {
  rmSync(stateDirectory, { recursive: true, force: true });
});

describe('an emulated account', () => {
  test('fails to start on a port that is taken, and says so with its log', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await expect(startEmulatedAccount({ stateDirectory, port })).rejects.toThrow(/did not start.*in use/s);
    server.close();
    expect(processesWith(stateDirectory)).toEqual([]);
  });

  test('listens on one port of 127.0.0.1 and nowhere else', async () => {
    const account = await startEmulatedAccount({ stateDirectory });
    const ports = processesWith(stateDirectory).flatMap(listeningOn);
    await account.stop();
    expect(ports).toEqual([new URL(account.endpoint).host]);
  });

  test('two of them live side by side and share nothing', async () => {
    const first = await startEmulatedAccount({ stateDirectory: path.join(stateDirectory, 'first') });
    const second = await startEmulatedAccount({ stateDirectory: path.join(stateDirectory, 'second') });
    try {
      expect(first.client.credentials.accessKeyId).not.toBe(second.client.credentials.accessKeyId);
      await new SmallStack(first, 'only-here').create({ Topic: { Type: 'AWS::SNS::Topic' } });
      await expect(new SmallStack(second, 'only-here').settled()).rejects.toThrow('does not exist');
    } finally {
      await Promise.all([first.stop(), second.stop()]);
    }
  });

  test('stopped twice, leaves no process, not even its Lambda functions’', async () => {
    const account = await startEmulatedAccount({ stateDirectory });
    const created = await new SmallStack(account, 'function').create(withCustomResource(), {
      Answer: { Value: { 'Fn::GetAtt': ['Custom', 'Answer'] } },
    });
    expect(created).toMatchObject({ status: 'CREATE_COMPLETE', outputs: { Answer: 'from the function' } });
    expect(processesWith(stateDirectory).length).toBeGreaterThan(1);
    await Promise.all([account.stop(), account.stop()]);
    await account.stop();
    expect(await eventually(() => processesWith(stateDirectory).length === 0)).toBe(true);
    await expect(fetch(account.endpoint)).rejects.toThrow();
    expect(readdirSync(stateDirectory).sort()).toEqual(['emulator.log', 'home']);
  });
});

describe('a program that started an account', () => {
  test('leaves no process when it is killed', async () => {
    const { child, endpoint } = await start();
    expect((await fetch(`${endpoint}/_ministack/health`)).ok).toBe(true);
    child.kill('SIGKILL');
    expect(await eventually(() => processesWith(stateDirectory).length === 0)).toBe(true);
    await expect(fetch(endpoint)).rejects.toThrow();
  });

  test('leaves no process when Ctrl-C interrupts a CDK command', async () => {
    const { child } = await start('cdk');
    const app = (): boolean => processesWith('600000').some((pid) => processesWith(stateDirectory).includes(pid));
    expect(await eventually(app)).toBe(true);
    child.kill('SIGINT');
    expect(await eventually(() => processesWith(stateDirectory).length === 0)).toBe(true);
  });
});

async function start(...more: string[]): Promise<{ child: ChildProcess; endpoint: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', STARTER, stateDirectory, ...more], {
    cwd: path.join(__dirname, '..', '..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, ...(JSON.parse(line) as { endpoint: string }) };
}

function withCustomResource() {
  const ZipFile = `
    const { EC2Client } = require('@aws-sdk/client-ec2');
    exports.handler = async (event) => {
      const body = JSON.stringify({ ...event, Status: 'SUCCESS', PhysicalResourceId: 'one',
        Data: { Answer: EC2Client ? 'from the function' : '' } });
      await fetch(event.ResponseURL, { method: 'PUT', body });
    };`;
  const Service = 'lambda.amazonaws.com';
  const Statement = [{ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' }];
  return {
    Role: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: { Version: '2012-10-17', Statement } } },
    Function: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Code: { ZipFile },
        Handler: 'index.handler',
        Runtime: 'nodejs24.x',
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
      },
    },
    Custom: { Type: 'Custom::Answer', Properties: { ServiceToken: { 'Fn::GetAtt': ['Function', 'Arn'] } } },
  };
}
