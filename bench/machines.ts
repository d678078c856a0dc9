import { whyNoMachine } from '../emulator/machine/requirements';
import { NotMeasurable } from './figure';

/** Throws where no machine can run, with the reason. */
export async function requireMachines(): Promise<void> {
  const obstacle = await whyNoMachine();
  if (obstacle !== undefined) throw new NotMeasurable(obstacle);
}

/** How long something takes, in seconds. */
export async function secondsOf(task: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await task();
  return (performance.now() - started) / 1000;
}
