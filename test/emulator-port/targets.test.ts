import { createServer, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TargetGroup, TargetHealth } from '../../emulator/balancer/description';
import { type Chosen, Targets } from '../../emulator/balancer/targets';

const HOST = { InstanceId: 'i-1', Port: 8080, Address: '10.0.0.1' };
const HELD = '/held';

let server: Server;
let targets: Targets;
let reports: Array<TargetHealth['State']>;
/** The answers that the target owes. */
let held: ServerResponse[];

beforeEach(async () => {
  [reports, held] = [[], []];
  server = createServer((asked, response) => {
    if (asked.url === HELD) held.push(response);
    else response.end('well');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  targets = new Targets({
    connect: () => Promise.resolve(connect(port, '127.0.0.1')),
    report: ({ State }) => void reports.push(State),
  });
  targets.seeTo(groupOf([HOST]));
  await expect.poll(() => reports).toEqual(['initial', 'healthy']);
});

afterEach(() => {
  targets.close();
  server.close();
  server.closeAllConnections();
});

test('a target that is deregistered gets nothing new, and finishes what it began', async () => {
  const chosen = targets.choose(undefined)!;
  const answer = send(chosen);
  await expect.poll(() => held).toHaveLength(1);
  targets.seeTo(groupOf([]));
  expect(reports.at(-1)).toBe('draining');
  expect(targets.choose(HOST.InstanceId)).toBeUndefined();
  held[0]!.end('finished');
  expect(await answer).toBe('finished');
  chosen.done();
  targets.seeTo(groupOf([]));
  expect(reports.at(-1)).toBe('unused');
});

test('one that does not finish is cut off when its time is over', async () => {
  const answer = send(targets.choose(undefined)!);
  const failure = expect(answer).rejects.toThrow();
  await expect.poll(() => held).toHaveLength(1);
  const now = Date.now();
  targets.seeTo(groupOf([]), now);
  targets.seeTo(groupOf([]), now + 74_000);
  expect(reports.at(-1)).toBe('draining');
  targets.seeTo(groupOf([]), now + 75_000);
  await failure;
  expect(reports.at(-1)).toBe('unused');
});

test('one that is idle has left at once, and is asked for its health when it comes back', async () => {
  targets.seeTo(groupOf([]));
  expect(reports.slice(-2)).toEqual(['draining', 'unused']);
  targets.seeTo(groupOf([HOST]));
  await expect.poll(() => reports.slice(-2)).toEqual(['initial', 'healthy']);
});

function groupOf(Targets: TargetGroup['Targets']): TargetGroup {
  return {
    TargetGroupArn: 'hosts',
    HealthCheckPath: '/health',
    HealthCheckIntervalSeconds: 30,
    HealthCheckTimeoutSeconds: 5,
    HealthyThresholdCount: 2,
    UnhealthyThresholdCount: 2,
    DrainSeconds: 75,
    IsSticky: true,
    StickySeconds: 86_400,
    Targets,
  };
}

function send({ agent }: Chosen): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ agent, path: HELD })
      .once('response', (answer) => void text(answer).then(resolve, reject))
      .once('error', reject)
      .end();
  });
}
