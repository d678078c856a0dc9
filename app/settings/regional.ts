import { regionOfArn } from './region-rules';
import type { Settings } from './resolve';

/**
 * The settings of each region of an environment, in their order. Table buckets and keys, whose ARNs name a region, go to
 * their own region; buckets and Glue databases, which name none, to every one. With one region, all goes to that one.
 */
export function settingsOfRegions(settings: Settings): Settings[] {
  if (settings.regions.length === 1) return [settings];
  return settings.regions.map((region) => {
    const isHere = (arn: string) => regionOfArn(arn) === region;
    const { tableBuckets, kmsKeys } = settings.data;
    const data = {
      ...settings.data,
      tableBuckets: tableBuckets.filter(isHere),
      kmsKeys: kmsKeys.filter(isHere),
    };
    return { ...settings, region, data };
  });
}

/** Whether images of hosts are built in this region: in the first one, from where they are copied to the others. */
export function buildsImages({ image, region, regions }: Settings): boolean {
  return image.kind === 'pipeline' && region === regions[0];
}
