import { z } from 'zod';
import { wantedOfVpcCidr } from './cidr';

/** What a value must be, in the words that follow "wants" in a message. */
type Wants = string;

export const text = (pattern: RegExp, wants: Wants) => z.string({ error: wants }).regex(pattern, { error: wants });
export const awsRegion = () =>
  text(/^[a-z]{2,}(-[a-z]+)*-(north|south|east|west|central)+-\d{1,2}$/, 'an AWS region such as us-east-2');
export const webAclArn = () =>
  text(/^arn:[\w-]+:wafv2:[\w-]+:\d{12}:regional\/webacl\/.+$/, 'the ARN of a regional web ACL of WAFv2');

/** The private IPv4 block of a VPC that is made. */
export const vpcCidr = (example: string) =>
  z.string({ error: `an IPv4 block such as ${example}` }).superRefine((cidr, context) => {
    const message = wantedOfVpcCidr(cidr);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
export const yesOrNo = () => z.boolean({ error: 'true or false' });

export const wholeNumber = (min: number, max: number) => {
  const error = `a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
};

export const listOf = <Item extends z.ZodType>(item: Item, wants: Wants) =>
  z
    .array(item, { error: wants })
    .refine((items) => new Set(items.map((entry) => JSON.stringify(entry))).size === items.length, {
      error: `${wants}, each once`,
    });

export const block = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? undefined : `a block of settings: ${Object.keys(shape).join(', ')}`,
  });

/** A part that is switched off with `false`. */
export const orFalse = <Shape extends z.core.$ZodLooseShape>(part: z.ZodObject<Shape, z.core.$strict>) =>
  z.union([part, z.literal(false)], { error: `false, or a block of settings: ${Object.keys(part.shape).join(', ')}` });

/** A part that `true` and `false` switch on and off as well, where its block says more. */
export const orSwitch = <Shape extends z.core.$ZodLooseShape>(part: z.ZodObject<Shape, z.core.$strict>) =>
  z.union([part, z.boolean()], { error: `true, false, or a block of settings: ${Object.keys(part.shape).join(', ')}` });
/** A part that is off when it is left out, or is `false`: its settings, or undefined when it is off. */
export const part = <Shape extends z.core.$ZodLooseShape>(shape: Shape) => {
  const settings = z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? undefined
        : `a block of settings: ${Object.keys(shape).join(', ')}; or false, which switches it off`,
  });
  const isOff = (given: unknown) => given === undefined || given === false;
  const orOff = z.preprocess((given) => (isOff(given) ? undefined : given), settings.optional());
  type Part = z.ZodType<z.output<typeof settings>, z.input<typeof settings> | false>;
  return orOff.meta({ canBeFalse: true }) as unknown as z.ZodOptional<Part>;
};
