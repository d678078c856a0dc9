import { SweepNotices } from '../../../src';
import { PublishedValues } from '../published';
import { SWEEP_QUEUE } from '../sweep-stack';
import type { OperationsPart } from './part';

/** Sweeps that failed. */
export const sweep: OperationsPart = {
  isOn: (settings) => settings.sweep !== undefined && settings.alarms !== false,
  add: (stack, { settings, alerts }) => {
    if (alerts === undefined) return;
    const queueArn = new PublishedValues(settings.environment).read(stack, SWEEP_QUEUE);
    new SweepNotices(stack, 'SweepNotices', { alerts, queueArn });
  },
};
