import { always, unknown } from '../charge';
import { blockOf, blocksOf, numberOf, textOf } from '../template';
import type { Rule } from './rule';

const MILLION = 1_000_000;
const REQUESTS = 10_000;

/** Replicas and rotations cost as much as a key; a new key has not been rotated yet. */
export const key: Rule = (_properties, { assumptions: { kmsRequests } }) => {
  const what = 'encryption key, not rotated yet';
  return [always(what, 'kmsKey', 1), always(what, 'kmsRequests', kmsRequests / REQUESTS)];
};

export const secret: Rule = ({ ReplicaRegions }, { assumptions: { secretRequests } }) => {
  const copies = 1 + blocksOf(ReplicaRegions).length;
  const what = copies > 1 ? `${copies} copies of a secret` : 'secret';
  return [always(what, 'secret', copies), always(what, 'secretRequests', secretRequests / REQUESTS)];
};

/** Standard parameters cost nothing. */
export const parameter: Rule = ({ Tier }) =>
  Tier === undefined || Tier === 'Standard' ? [] : [unknown('parameter', `no rate of the tier is known here`)];

export const lambdaFunction: Rule = ({ MemorySize }, { assumptions: { functionCalls } }) => {
  const gigabytes = (numberOf(MemorySize) ?? 128) / 1024;
  const what = `${functionCalls} calls`;
  return [
    always(what, 'lambdaRequests', functionCalls / MILLION),
    always(what, 'lambdaGbSeconds', functionCalls * gigabytes),
  ];
};

export const stateMachine: Rule = ({ StateMachineType }, { assumptions: { stateTransitions } }) =>
  StateMachineType === 'EXPRESS'
    ? [unknown('express workflow', 'no rate is known here')]
    : [always(`${stateTransitions} steps`, 'stateTransitions', stateTransitions / 1000)];

export const schedule: Rule = (_properties, { assumptions: { scheduledInvocations } }) => [
  always(`${scheduledInvocations} invocations`, 'scheduledInvocations', scheduledInvocations / MILLION),
];

export const backupPlan: Rule = ({ BackupPlan }, { assumptions: { snapshotGb } }) => {
  const copies = blocksOf(blockOf(BackupPlan).BackupPlanRule).flatMap(({ CopyActions }) => blocksOf(CopyActions));
  const why = 'what another region asks for it, and for the transfer to it, is not looked up here';
  return [
    always(`${snapshotGb} GB of snapshots`, 'snapshotGb', snapshotGb),
    ...copies.map(() => unknown(`copy of ${snapshotGb} GB in another region`, why)),
  ];
};

/** How long its jobs run depends on the tables that they read, which no template says. */
export const computeEnvironment: Rule = ({ ComputeResources }) => {
  const isSpot = blockOf(ComputeResources).Type === 'FARGATE_SPOT';
  const rate = isSpot ? 'on spot, for about 70 % less than on demand' : 'on demand';
  return [unknown('jobs', `vCPUs and memory by the second while jobs run, ${rate}; nothing between them`)];
};

/** What it builds, and how often, is in no template: new content as well as its schedule begins a build. */
export const imagePipeline: Rule = () => [
  unknown('images', 'build instances by the second, and a snapshot of about 5 GB for each image that is kept'),
];

/** All files are counted as Standard; what nobody uses for a while costs less, and to use it again more. */
export const fileSystem: Rule = ({ ThroughputMode }, { assumptions: { fileGb, fileReadGb, fileWrittenGb } }) => [
  always(`${fileGb} GB of files`, 'efsGb', fileGb),
  ...(ThroughputMode === 'elastic'
    ? [
        always(`${fileReadGb} GB read`, 'efsReadGb', fileReadGb),
        always(`${fileWrittenGb} GB written`, 'efsWrittenGb', fileWrittenGb),
      ]
    : []),
  ...(ThroughputMode === 'provisioned' ? [unknown('provisioned throughput', 'no rate is known here')] : []),
];

export const bucket: Rule = (_properties, { assumptions: { bucketGb } }) => [
  always(`${bucketGb} GB of objects`, 'bucketGb', bucketGb),
];

/** By people who sign in in a month; how many of them are free depends on how they do, and on all user pools of the account. */
export const userPool: Rule = () => [
  unknown('people who sign in', 'AWS asks for each of a month beyond those that are free in the whole account'),
];

/** The web ACL itself is of somebody else's stack. */
export const webAclAssociation: Rule = () => [
  unknown(
    'requests through the web ACL',
    'by the million; the web ACL and its rules are priced where they are declared',
  ),
];

export const pipeline: Rule = ({ PipelineType }, { assumptions: { actionMinutes } }) =>
  PipelineType === 'V2'
    ? [always(`${actionMinutes} minutes of actions`, 'pipelineMinutes', actionMinutes)]
    : [unknown('pipeline of type V1', 'no rate is known here')];

/** How long builds take, and how often something is pushed, is in no template. */
export const buildProject: Rule = ({ Environment }) => [
  unknown(
    `minutes of ${textOf(blockOf(Environment).ComputeType) ?? 'builds'}`,
    'by the minute of each build, in each region at its own rate',
  ),
];
