import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, test } from 'vitest';
import { startEmulatedAccount } from '../../emulator/account';
import { loopDevicesOf, mountsOfMachines, whereMachinesRun } from './fixtures/machines';
import { eventually, processesOf, processesWith } from './fixtures/processes';

const STARTER = path.join(__dirname, 'fixtures', 'machine-and-wait.ts');
let stateDirectory = '';

whereMachinesRun(() => Promise.resolve());

afterEach(() => rmSync(stateDirectory, { recursive: true, force: true }));

describe('a program whose account has a machine', () => {
  test.each(['SIGKILL', 'SIGINT'] as const)(
    'leaves no process, mount or block device when it gets %s',
    async (signal) => {
      const { child, instanceId } = await programWithMachine();
      expect(processesOf(instanceId).length).toBeGreaterThan(1);
      expect(loopDevicesOf(stateDirectory)).toHaveLength(1);
      child.kill(signal);
      await once(child, 'exit');
      expect(await eventually(() => processesOf(instanceId).length === 0)).toBe(true);
      expect(await eventually(() => processesWith(stateDirectory).length === 0)).toBe(true);
      expect(await eventually(() => loopDevicesOf(stateDirectory).length === 0)).toBe(true);
      expect(mountsOfMachines()).toEqual([]);
    },
  );

  test('leaves sockets and what its volumes held behind when it is killed, which the next program removes', async () => {
    const { child } = await programWithMachine();
    child.kill('SIGKILL');
    await once(child, 'exit');
    const ofChild = new RegExp(`^tablesleuth-machines?-${child.pid}-`);
    const folders = () => readdirSync(tmpdir()).filter((name) => ofChild.test(name));
    expect(folders()).toHaveLength(2);
    expect(readdirSync(path.join(stateDirectory, 'volumes'))).toHaveLength(1);
    const account = await startEmulatedAccount({ stateDirectory, machines: true });
    await account.stop();
    expect(folders()).toEqual([]);
    expect(existsSync(path.join(stateDirectory, 'volumes'))).toBe(false);
  });
});

async function programWithMachine(): Promise<{ child: ChildProcess; instanceId: string }> {
  stateDirectory = mkdtempSync(path.join(tmpdir(), 'emulated-account-'));
  const child = spawn(process.execPath, ['--import', 'tsx', STARTER, stateDirectory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, ...(JSON.parse(line) as { instanceId: string }) };
}
