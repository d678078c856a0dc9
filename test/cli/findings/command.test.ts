import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { runCommand } from '../../../cli/command';
import { findingsCommand } from '../../../cli/commands/findings';
import type { ProxyAnswer } from '../../../handlers/findings-api/event';
import { type SignedGateway, startSignedGateway } from '../../support/signed-gateway';

const ADA = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret-of-ada' };
const DEV = ['-c', 'environment=dev', '-c', 'service={}'];

let cloudFormation: Server;
let gateway: SignedGateway;
let described: { status: number; body: string };
let api: ProxyAnswer;

beforeEach(async () => {
  api = { statusCode: 200, headers: { 'content-type': 'application/json' }, body: '{}' };
  gateway = await startSignedGateway(
    () => ADA,
    () => Promise.resolve(api),
  );
  described = { status: 200, body: stackWith(gateway.endpoint) };
  cloudFormation = createServer((_, response) => response.writeHead(described.status).end(described.body));
  cloudFormation.listen(0, '127.0.0.1');
  await once(cloudFormation, 'listening');
});
afterEach(async () => {
  cloudFormation.close();
  await gateway.close();
});

function stackWith(endpoint: string | undefined): string {
  const output = `<member><OutputKey>ApiEndpoint</OutputKey><OutputValue>${endpoint}</OutputValue></member>`;
  return `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>s</StackName><CreationTime>2026-11-27T00:00:00Z</CreationTime>
<StackStatus>CREATE_COMPLETE</StackStatus><Outputs>${endpoint === undefined ? '' : output}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;
}

function errorOf(status: number, code: string, message: string): { status: number; body: string } {
  const body = `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;
  return { status, body };
}

/** Runs the command until `during` is done with the address that it tells. */
async function run(args: readonly string[], during: (told: string) => Promise<void> = () => Promise.resolve()) {
  const [results, progress]: [string[], string[]] = [[], []];
  const { port } = cloudFormation.address() as AddressInfo;
  const command = findingsCommand({
    client: ({ region }) =>
      new CloudFormationClient({ region, credentials: ADA, endpoint: `http://127.0.0.1:${port}`, maxAttempts: 1 }),
    ended: () => during(results[0] ?? ''),
  });
  const output = {
    result: (line: string) => void results.push(line),
    progress: (line: string) => void progress.push(line),
  };
  return { code: await runCommand(command, args, output), result: results.join('\n'), progress: progress.join('\n') };
}

describe('npm run findings', () => {
  test('tells the address of the way to the API, as long as it runs', async () => {
    let [address, status] = ['', 0];
    const { code, result } = await run(DEV, async (told) => {
      address = told;
      status = (await fetch(told)).status;
    });
    expect([code, result, status]).toEqual([0, address, 200]);
    await expect(fetch(address)).rejects.toThrow();
  });

  test('tells it to a program as JSON', async () => {
    const { result } = await run([...DEV, '--json']);
    expect(JSON.parse(result)).toEqual({
      ...{ url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/\?token=/), endpoint: gateway.endpoint },
      region: 'us-east-2',
    });
  });

  test('finds out before anybody opens it that there is a way, without waking the database', async () => {
    await run(DEV);
    expect(gateway.targets).toEqual(['/v1/openapi.json']);
  });

  test('takes the API that is named, and looks at no stack', async () => {
    described = errorOf(403, 'AccessDenied', 'no');
    expect((await run(['-e', 'dev', '--endpoint', gateway.endpoint])).code).toBe(0);
  });

  test('explains itself', async () => {
    expect((await run(['--help'])).result).toContain('Ctrl-C');
  });
});

describe('npm run findings fails with what to do', () => {
  async function complaint(args: readonly string[] = DEV): Promise<string> {
    const { code, result, progress } = await run(args);
    expect([code, result]).toEqual([1, '']);
    expect(progress).not.toMatch(/^\s+at |secret-of-ada|AKIAEXAMPLE/m);
    return progress;
  }

  test.each([
    [
      400,
      'ValidationError',
      'Stack with id TablesleuthService-dev does not exist',
      'deploy the environment with its setting `service`',
    ],
    [403, 'ExpiredToken', 'The security token included in the request is expired', 'have expired: sign in'],
    [403, 'AccessDenied', 'User: a is not authorized', 'allow you `cloudformation:DescribeStacks`'],
    [500, 'InternalFailure', 'oh', 'InternalFailure: oh'],
  ])('when CloudFormation answers %d %s', async (status, code, message, what) => {
    described = errorOf(status, code, message);
    expect(await complaint()).toContain(what);
  });

  test('when the stack has no API', async () => {
    described = { status: 200, body: stackWith(undefined) };
    expect(await complaint()).toContain('has no output ApiEndpoint');
  });

  test('when the API lets the person in no more than anybody', async () => {
    const body = '{"Message":"User: a is not authorized to perform: execute-api:Invoke"}';
    api = { statusCode: 403, headers: { 'content-type': 'application/json' }, body };
    expect(await complaint()).toContain('You have no permission to read findings: somebody who may must allow you');
  });

  test('when the API asks for people of a user pool', async () => {
    api = { statusCode: 401, headers: { 'content-type': 'application/json' }, body: '{"message":"Unauthorized"}' };
    expect(await complaint()).toContain('This API lets in people of a user pool');
  });

  test('when the API fails', async () => {
    api = {
      statusCode: 502,
      headers: { 'content-type': 'application/json' },
      body: '{"message":"Internal server error"}',
    };
    expect(await complaint()).toContain('The API answered 502');
  });

  test.each([
    [['-e', 'dev'], 'has no findings service: give it the setting `service`'],
    [['-e', 'deev'], 'did you mean dev?'],
    [[...DEV, '--region', 'eu-west-1'], '--region: got eu-west-1, wants one of us-east-2'],
    [[...DEV, '--port', '0'], '--port: got 0'],
    [['-e', 'dev', '--endpoint', 'v1'], '--endpoint: got v1'],
    [[...DEV, '--bogus'], '--bogus'],
  ])('for %j', async (args, what) => {
    expect(await complaint(args)).toContain(what);
  });

  test('when the port is taken', async () => {
    const { port } = cloudFormation.address() as AddressInfo;
    expect(await complaint([...DEV, '--port', `${port}`])).toContain(`--port: ${port} is taken`);
  });
});
