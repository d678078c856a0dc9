import type { GivenSettings } from '../../app/settings/schema';
import { HOURS } from './variants';

/** An environment with a spot group and every part that `SWITCHED_PARTS` switches off. */
export const EVERY_PART = {
  useSpot: true,
  hours: HOURS,
  idleStop: { afterMinutes: 60 },
  workspace: { sizeGiB: 1 },
  backup: { hour: 2 },
  alarms: { email: 'team@example.com' },
  dashboard: true,
  compliance: { recorder: 'create' },
  gizmosql: { rotationDays: 30 },
} satisfies GivenSettings;

/** A part that the settings switch on and off, and what is there because of it. */
export interface SwitchedPart {
  /** What the settings say when it is off, and nothing else is. */
  readonly off: GivenSettings;
  /** Its resources as `<stack>/<logical id without its digits>`; a name that ends in `*` stands for all that begin so. */
  readonly owns: readonly string[];
}

const BACKUP = ['Operations/Backup', 'Operations/BackupWorkspace', 'Operations/BackupPolicy', 'Operations/BackupRole'];

/** Every part of that environment. */
export const SWITCHED_PARTS: Readonly<Record<string, SwitchedPart>> = {
  hours: {
    off: { hours: false },
    owns: ['Workbench/WorkbenchHours*', 'Workbench/Publishedworkbenchhoursgroup', 'Operations/HostCallAlarmsHours*'],
  },
  idleStop: {
    off: { idleStop: false },
    owns: [
      'Workbench/WorkbenchIdleStop*',
      'Workbench/Publishedworkbenchidlestoparn',
      'Operations/HostCallAlarmsIdleStopFailed',
    ],
  },
  backup: { off: { backup: false }, owns: BACKUP },
  // There is no backup without a workspace.
  workspace: {
    off: { workspace: false, backup: false },
    owns: ['Data/Workspace', 'Data/Publisheddataworkspacevolume', 'Operations/HostAlarmsDiskFullworkspace', ...BACKUP],
  },
  alarms: {
    off: { alarms: false },
    owns: [
      'Operations/Alerts*',
      'Operations/HostAlarms*',
      'Operations/HostNotices*',
      'Operations/HostCallAlarms*',
      'Operations/PasswordRotationFailed',
    ],
  },
  dashboard: { off: { dashboard: false }, owns: ['Operations/Dashboard'] },
  compliance: {
    off: { compliance: false },
    owns: [
      'Data/ConfigurationHistory*',
      'Data/Publisheddataconfigurationhistorybucket',
      'Operations/AccountSettings*',
      // The function of CDK that makes the calls of the account's settings.
      'Operations/AWS679f53fac002430cb0da5b7982bd2287',
      'Operations/ComplianceRules*',
      'Operations/ConfigurationRecorder*',
    ],
  },
  rotation: { off: { gizmosql: { rotationDays: false } }, owns: ['Operations/PasswordRotation*'] },
};

/** A spot group with a sweep and what keeps its findings, and what has to do with them. */
export const EVERY_PART_WITH_FINDINGS = {
  useSpot: true,
  alarms: EVERY_PART.alarms,
  dashboard: true,
  gizmosql: { rotationDays: false },
  data: { buckets: ['arn:aws:s3:::lake'] },
  sweep: {},
  service: {},
} satisfies GivenSettings;

const TOLD_BY_SERVICE = ['Service/Alarms*', 'Service/NetworkSns*', 'Operations/Publishedoperationsalerttopicarn'];

/** Every part of that. */
export const SWITCHED_PARTS_WITH_FINDINGS: Readonly<Record<string, SwitchedPart>> = {
  alarms: {
    off: { alarms: false },
    owns: [
      ...['Operations/Alerts*', 'Operations/HostAlarms*', 'Operations/HostNotices*', 'Operations/SweepNotices*'],
      ...TOLD_BY_SERVICE,
    ],
  },
  dashboard: { off: { dashboard: false }, owns: ['Operations/Dashboard', 'Service/Dashboard'] },
  sweep: { off: { sweep: false }, owns: ['Sweep/*', 'Operations/SweepNotices*', 'Service/SweepEnd*'] },
  service: { off: { service: false }, owns: ['Service/*', 'Operations/Publishedoperationsalerttopicarn'] },
  'sweep and service': {
    off: { sweep: false, service: false },
    owns: [
      ...['Sweep/*', 'Service/*', 'Data/Findings*', 'Data/Publisheddatafindingsbucketname'],
      ...['Operations/SweepNotices*', 'Operations/Publishedoperationsalerttopicarn'],
    ],
  },
};

/** Whether a resource, as `<stack>/<logical id>`, is there because of a part. */
export function belongsTo({ owns }: SwitchedPart, resource: string): boolean {
  const name = resource.replace(/[0-9A-F]{8}$/, '');
  return owns.some((own) => (own.endsWith('*') ? name.startsWith(own.slice(0, -1)) : name === own));
}
