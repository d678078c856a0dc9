import { Mistake } from '../mistake';

/** What no template says, in a month in which the hosts always run. Each can be replaced on the command line. */
export const ASSUMPTIONS = {
  hoursPerDay: { value: 10, means: 'hours of a working day, in the column `hours`, unless the settings have `hours`' },
  daysPerWeek: { value: 5, means: 'working days of a week, unless the settings have `hours`' },
  activeHoursPerDay: { value: 4, means: 'hours of a working day in which somebody works, in the column `idle stop`' },
  idleMinutes: { value: 60, means: 'minutes until an idle host stops, unless the settings have `idleStop`' },
  hostMetrics: { value: 12, means: 'custom metrics that one host sends when alarms or a dashboard watch it' },
  logGb: { value: 0.1, means: 'GB that each log group takes' },
  natGb: { value: 10, means: 'GB that go through each NAT gateway' },
  endpointGb: { value: 1, means: 'GB that go through each interface endpoint' },
  kmsRequests: { value: 5000, means: 'requests to each key' },
  secretRequests: { value: 100, means: 'reads of each secret' },
  functionCalls: { value: 100, means: 'calls of each function, of one second' },
  stateTransitions: { value: 100, means: 'steps of each state machine' },
  scheduledInvocations: { value: 60, means: 'invocations by each schedule' },
  messages: { value: 1000, means: 'messages of each topic and queue' },
  snapshotGb: { value: 20, means: 'GB of snapshots that each backup plan keeps' },
  configurationItems: { value: 500, means: 'items that AWS Config records' },
  configurationEvaluations: { value: 100, means: 'evaluations of each Config rule' },
  fileGb: { value: 10, means: 'GB in each shared file system' },
  fileReadGb: { value: 20, means: 'GB read from each shared file system with elastic throughput' },
  fileWrittenGb: { value: 5, means: 'GB written to each shared file system with elastic throughput' },
  bucketGb: { value: 5, means: 'GB in each bucket' },
  actionMinutes: { value: 500, means: 'minutes that the actions of each pipeline take, but for approvals' },
  databaseUnitHours: { value: 20, means: 'ACU-hours of each serverless database above its least capacity' },
  databaseGb: { value: 5, means: 'GB in each database' },
  databaseRequests: { value: 1_000_000, means: 'pages that each database reads and writes' },
  workerHours: { value: 10, means: 'hours of workers beside those that always run' },
  apiRequests: { value: 10_000, means: 'requests to each API' },
  capacityUnits: { value: 0.1, means: 'capacity units that each load balancer uses, on average' },
} as const;

export type Assumption = keyof typeof ASSUMPTIONS;
export type Assumptions = Readonly<Record<Assumption, number>>;

/** The assumptions, with what the command line says put over them: `logGb=0.5`. */
export function assume(given: readonly string[] = []): Assumptions {
  const defaults = Object.entries(ASSUMPTIONS).map(([name, { value }]) => [name, value]);
  return Object.fromEntries([...defaults, ...given.map(readAssumption)]) as Assumptions;
}

function readAssumption(text: string): [Assumption, number] {
  const [name = '', value = ''] = text.split('=', 2);
  if (!Object.hasOwn(ASSUMPTIONS, name)) {
    throw new Mistake(`--assume: got ${name}, wants one of ${Object.keys(ASSUMPTIONS).join(', ')}`);
  }
  const number = value.trim() === '' ? NaN : Number(value);
  if (!Number.isFinite(number) || number < 0) {
    throw new Mistake(`--assume: ${name}: got ${value || 'nothing'}, wants a number that is not below 0`);
  }
  return [name as Assumption, number];
}
