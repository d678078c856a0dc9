import {
  DescribeInstancesCommand,
  EC2Client,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmulatedAccount } from '../emulator/account';
import { bootBareMachine } from './bare-machine';
import { type Figure, median } from './figure';
import { requireMachines, secondsOf } from './machines';

const ROUNDS = 5;
const MOST_SECONDS = 5;
const BOOT_WITHIN_SECONDS = 60;

/** From RunInstances until the account says `running`, against systemd-nspawn alone on the same root file system. */
export async function measureLaunch(): Promise<Figure> {
  await requireMachines();
  const account = await startEmulatedAccount({ stateDirectory: '.cache/bench/launch', machines: true });
  try {
    const ec2 = new EC2Client(account.client);
    const launches: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      launches.push(await launch(ec2));
      bare.push(await bootBareMachine());
    }
    return {
      name: 'launch of a machine to running',
      value: median(launches),
      peer: { name: 'bare systemd-nspawn', value: median(bare) },
      most: MOST_SECONDS,
    };
  } finally {
    await account.stop();
  }
}

async function launch(ec2: EC2Client): Promise<number> {
  let id = '';
  const seconds = await secondsOf(async () => {
    const { Instances } = await ec2.send(
      new RunInstancesCommand({ ImageId: 'ami-00000000000000001', InstanceType: 't3.small', MinCount: 1, MaxCount: 1 }),
    );
    id = Instances![0]!.InstanceId!;
    await reaches(ec2, id, 'running');
  });
  await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  await reaches(ec2, id, 'terminated');
  return seconds;
}

async function reaches(ec2: EC2Client, id: string, state: string): Promise<void> {
  for (const deadline = Date.now() + BOOT_WITHIN_SECONDS * 1000; Date.now() < deadline; await sleep(50)) {
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    if (Reservations?.[0]?.Instances?.[0]?.State?.Name === state) return;
  }
  throw new Error(`${id} was not ${state} within ${BOOT_WITHIN_SECONDS} seconds`);
}
