import * as z from 'zod';

/** Where a finding lies. */
export interface Arrival {
  readonly bucket: string;
  readonly key: string;
  /** Without one the newest is meant: the bucket keeps no versions. */
  readonly version: string | undefined;
}

/** What Amazon EventBridge says about a new object. Of its other fields nothing is needed. */
const event = z.object({
  source: z.literal('aws.s3'),
  'detail-type': z.literal('Object Created'),
  detail: z.object({
    bucket: z.object({ name: z.string() }),
    object: z.object({ key: z.string(), 'version-id': z.string().optional() }),
  }),
});

/** The object that a message is about. Throws when that is not one of the bucket's. */
export function arrivalIn(message: string, bucket: string): Arrival {
  const { detail } = event.parse(JSON.parse(message));
  if (detail.bucket.name !== bucket) throw new Error(`it is about the bucket ${detail.bucket.name}, not ${bucket}`);
  return { bucket, key: detail.object.key, version: detail.object['version-id'] };
}
