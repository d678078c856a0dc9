import { ImageNotices } from '../../../src';
import type { OperationsPart } from './part';

/** Builds of images that failed. */
export const image: OperationsPart = {
  isOn: (settings) => settings.image.kind === 'pipeline' && settings.alarms !== false,
  add: (stack, { settings, alerts }) => {
    if (alerts === undefined) return;
    new ImageNotices(stack, 'ImageNotices', { alerts, pipelineName: settings.environment });
  },
};
