import { z } from 'zod';
import { text } from '../vocabulary';

/** AWS allows 50 tags on a resource; CDK and this app add some of their own to subnets, volumes and groups. */
const MAX_TAGS = 40;

const TAG_RULE = 'letters, digits, spaces and _ . : / = + - @, not beginning with aws:';
const tagText = (min: number, max: number, what: string) =>
  text(
    new RegExp(`^(?!aws:)[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]{${min},${max}}$`, 'iu'),
    `${what} of ${min} to ${max} characters: ${TAG_RULE}`,
  );

/** Tags on everything. */
export const tags = z
  .record(tagText(1, 128, 'a tag name'), tagText(0, 256, 'a text in quotes'), {
    error: 'a block of tag names and texts',
  })
  .refine((all) => Object.keys(all).length <= MAX_TAGS, { error: `at most ${MAX_TAGS} tags` })
  .default({})
  .meta({ description: 'Tags on every resource that takes tags, for cost reports and policies.' });
