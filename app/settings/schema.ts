import { z } from 'zod';
import { access } from './blocks/access';
import { alarms } from './blocks/alarms';
import { backup } from './blocks/backup';
import { capacity, instanceType } from './blocks/capacity';
import { dashboard } from './blocks/dashboard';
import { compliance } from './blocks/compliance';
import { data } from './blocks/data';
import { gizmosql } from './blocks/gizmosql';
import { hours } from './blocks/hours';
import { idleStop } from './blocks/idle-stop';
import { image } from './blocks/image';
import { network } from './blocks/network';
import { service } from './blocks/service';
import { sweep } from './blocks/sweep';
import { tags } from './blocks/tags';
import { workspace } from './blocks/workspace';
import { awsRegion, block, listOf, text, wholeNumber, yesOrNo } from './vocabulary';

/** CloudWatch Logs' own values for a log group's retention. */
const LOG_RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

const REGIONS = 'a list of AWS regions such as [us-east-2, eu-west-1]';

/** The settings of one environment, as a person writes them: types, defaults and descriptions. */
export const settingsSchema = block({
  region: awsRegion().optional().meta({
    description: 'The AWS region that everything is deployed to.',
    defaultText: '`CDK_DEFAULT_REGION`, else `us-east-2`',
  }),
  regions: listOf(awsRegion(), REGIONS).min(1, { error: REGIONS }).optional().meta({
    description:
      'Several AWS regions, each with everything of its own: stacks, hosts, password, key, logs, alarms; the dashboard of the hosts is one over all, in the first. Stacks are then named with their region. Excludes `region`.',
    defaultText: '`[region]`',
  }),
  account: text(/^\d{12}$/, 'an AWS account: 12 digits in quotes, such as "123456789012"')
    .optional()
    .meta({
      description: 'The AWS account that is deployed to. Naming it makes a deploy with the wrong credentials fail.',
      defaultText: '`CDK_DEFAULT_ACCOUNT`: the account of the credentials in use',
    }),
  instanceType: instanceType().default('t3.small').meta({
    description: 'The EC2 instance type of the host: its CPU architecture, memory and most of its price.',
  }),
  useSpot: yesOrNo().optional().meta({
    description: 'Short for `capacity: { kind: autoScaling, spot: true }`; with `capacity.kind: fleet`, a spot fleet.',
    defaultText: '`capacity.spot`, else `false`',
  }),
  capacity: capacity.prefault({}).meta({ description: 'How the host is bought and kept running.' }),
  network: network.prefault({}).meta({ description: 'The VPC that the host runs in.' }),
  access,
  image,
  healthyWithinMinutes: wholeNumber(3, 60).default(20).meta({
    description:
      'The minutes that a new host has until it is healthy; then the deployment fails and is rolled back. The host stops 90 seconds earlier, sends its log away and says that it failed. 5 are enough for an image that holds the software; installing it takes longer.',
  }),
  data: data.prefault({}).meta({ description: 'What the host may read. With nothing named, it can read nothing.' }),
  gizmosql: gizmosql.prefault({}).meta({ description: 'The SQL server beside TableSleuth.' }),
  alarms,
  dashboard,
  hours: hours.meta({
    description: 'When the host runs; outside of the hours it is stopped. Left out or `false`, it runs always.',
  }),
  idleStop: idleStop.meta({
    description:
      'Stops a host that nobody uses; the output StartCommand starts it again. Left out or `false`, an idle host runs on.',
  }),
  compliance: compliance.meta({
    description:
      "Five of AWS Config's rules for the whole account in this region, so for one environment of it alone; and EBS encryption by default, which stays on for good. Left out or `false`, neither.",
  }),
  workspace: workspace.meta({
    description:
      "A volume that follows the host, or a file system that all hosts share, with GizmoSQL's database, the local catalog and results. Left out or `false`, they are lost with the host.",
  }),
  backup: backup.meta({
    description: 'A backup of the workspace every day. Left out or `false`, there is none. Needs `workspace`.',
  }),
  sweep: sweep.meta({
    description:
      'Inspects all tables on a schedule, as an array job of AWS Batch on Fargate, and keeps a finding document for each in a bucket. Left out or `false`, there is neither.',
  }),
  service: service.meta({
    description:
      'Keeps what sweeps found in a database, answers questions about it by an API, and tells people what got worse, with `alarms`. Left out or `false`, there is none of it.',
  }),
  logRetentionDays: z
    .literal(LOG_RETENTION_DAYS, { error: `a retention that CloudWatch Logs has: ${LOG_RETENTION_DAYS.join(', ')}` })
    .default(90)
    .meta({ description: 'The days that host, session and network logs are kept; then CloudWatch deletes them.' }),
  retain: yesOrNo().default(true).meta({
    description:
      'With true, everything that holds data (logs, secret, key) stays in the account when its stack is destroyed. With false it is deleted. An environment whose name begins with prod must say it twice: `deleteDataOnDestroy`.',
  }),
  deleteDataOnDestroy: yesOrNo().optional().meta({
    description: 'The second yes that `retain: false` needs in an environment whose name begins with prod.',
    defaultText: '`false`',
  }),
  tags,
});

/** Settings as they may be written: every key optional. */
export type GivenSettings = z.input<typeof settingsSchema>;

/** Settings with the schema's defaults, before shorthands are resolved. */
export type CompletedSettings = z.output<typeof settingsSchema>;
