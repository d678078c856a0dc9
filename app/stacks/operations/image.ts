import { ImageNotices } from '../../../src';
import { buildsImages } from '../../settings';
import type { OperationsPart } from './part';

/** Builds of images that failed. */
export const image: OperationsPart = {
  isOn: (settings) => buildsImages(settings) && settings.alarms !== false,
  add: (stack, { settings, alerts }) => {
    if (alerts === undefined) return;
    new ImageNotices(stack, 'ImageNotices', { alerts, pipelineName: settings.environment });
  },
};
