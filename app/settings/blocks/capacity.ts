import { z } from 'zod';
import { INSTANCE_TYPE } from '../instance-type';
import { block, listOf, text, wholeNumber, yesOrNo } from '../vocabulary';

/** The name of an EC2 instance type. */
export const instanceType = () => text(INSTANCE_TYPE, 'an EC2 instance type, family.size, such as t3.small');

/** How hosts are bought and kept running. */
export const capacity = block({
  kind: z.enum(['instance', 'autoScaling', 'fleet'], { error: 'instance, autoScaling or fleet' }).optional().meta({
    description:
      'What runs the host. `instance`: one on-demand EC2 instance. `autoScaling`: an Auto Scaling group that replaces a lost host. `fleet`: an EC2 Fleet of type maintain.',
    defaultText: '`autoScaling` with spot or several instance types, else `instance`',
  }),
  spot: yesOrNo().optional().meta({
    description:
      'Buys spot capacity: about 70 % cheaper, and AWS may take the host back with two minutes of notice. Not with kind `instance`.',
    defaultText: '`useSpot`, else `false`',
  }),
  instanceTypes: listOf(instanceType(), 'a list of 1 to 20 EC2 instance types')
    .min(1, { error: 'a list of 1 to 20 EC2 instance types' })
    .max(20, { error: 'a list of 1 to 20 EC2 instance types' })
    .optional()
    .meta({
      description:
        'The types a host may have, all of one CPU architecture. With spot, AWS picks the one that is cheap and unlikely to be taken back: more types, fewer interruptions.',
      defaultText: '`[instanceType]`',
    }),
  maxPrice: z
    .number({ error: 'a price in USD per hour above 0, such as 0.05' })
    .gt(0, { error: 'a price in USD per hour above 0, such as 0.05' })
    .optional()
    .meta({
      description: 'The most to pay for a spot host, in USD per hour. Above it no spot host runs. Only with spot.',
      defaultText: 'the on-demand price',
    }),
  onDemandFallback: yesOrNo().optional().meta({
    description:
      'When no spot capacity is to be had, an on-demand host runs instead, at the on-demand price. Only for kind `autoScaling` with spot.',
    defaultText: '`true` where it applies, unless there is a `maxPrice`',
  }),
  min: wholeNumber(1, 20).optional().meta({
    description: 'The fewest hosts of an Auto Scaling group. Outside of `hours` there are none.',
    defaultText: '`1`',
  }),
  max: wholeNumber(1, 20).optional().meta({
    description:
      'The most hosts of an Auto Scaling group. With more than one, hosts are added and leave by their load, each new one takes work when it is healthy, and each that leaves drains first. Every host is a pair of TableSleuth and GizmoSQL of its own.',
    defaultText: '`min`',
  }),
  targetCpuPercent: wholeNumber(10, 90).optional().meta({
    description:
      'The average processor time of all hosts, in percent, that the group is kept at. Needs a `max` above `min`.',
    defaultText: '`70`',
  }),
});
