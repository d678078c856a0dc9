import { always, unknown, whileRunning } from '../charge';
import { blockOf, blocksOf, numberOf } from '../template';
import type { Rule } from './rule';

const DAYS_PER_MONTH = 365 / 12;
/** CloudFormation keeps what has no end for ever; two years of it are counted. */
const NO_END_DAYS = 731;
const MILLION = 1_000_000;

/** What is stored grows until the first of it is deleted; here is what it is then, and uncompressed. */
export const logGroup: Rule = ({ RetentionInDays }, { assumptions: { logGb } }) => {
  const days = numberOf(RetentionInDays) ?? NO_END_DAYS;
  const what = `${logGb} GB of logs, kept ${days} days`;
  return [whileRunning(what, 'logsIngested', logGb), whileRunning(what, 'logsStored', (logGb * days) / DAYS_PER_MONTH)];
};

/** An alarm over an expression is billed for each metric that the expression reads. */
export const alarm: Rule = ({ Period, Metrics }) => {
  const read = blocksOf(Metrics).filter(({ MetricStat }) => MetricStat !== undefined);
  const periods = [Period, ...read.map(({ MetricStat }) => blockOf(MetricStat).Period)].map(numberOf);
  const fast = periods.some((period) => period !== undefined && period < 60);
  return [always('alarm', fast ? 'fastAlarm' : 'alarm', Math.max(1, read.length))];
};

export const compositeAlarm: Rule = () => [unknown('composite alarm', 'no rate is known here')];

/** Target tracking makes two alarms of its own. */
export const scalingPolicy: Rule = ({ PolicyType }) =>
  PolicyType === 'TargetTrackingScaling' ? [always('2 alarms of target tracking', 'alarm', 2)] : [];

export const dashboard: Rule = () => [always('dashboard', 'dashboard', 1)];

export const topic: Rule = (_properties, { assumptions: { messages } }) => [
  always(`${messages} messages`, 'topicRequests', messages / MILLION),
];

export const queue: Rule = (_properties, { assumptions: { messages } }) => [
  always(`${messages} messages`, 'queueRequests', messages / MILLION),
];

export const configRule: Rule = (_properties, { assumptions: { configurationEvaluations } }) => [
  always(`${configurationEvaluations} evaluations`, 'configurationEvaluations', configurationEvaluations),
];

export const configRecorder: Rule = (_properties, { assumptions: { configurationItems } }) => [
  always(`${configurationItems} configuration items`, 'configurationItems', configurationItems),
];
