import { CfnResource, type pipelines, Stack } from 'aws-cdk-lib';
import { CfnPolicy } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import {
  acknowledge,
  acknowledgeCfnLint,
  acknowledgeCheckov,
  COMPLIANCE_PACKS,
  Pack,
  writtenArn,
} from '../private/acknowledge';

/** Wildcards of CDK Pipelines' own policies, each with why it is well. Any other one is a finding still. */
const WILDCARDS: ReadonlyArray<readonly [wildcard: RegExp, reason: string]> = [
  [
    /^(s3|kms):\w+\*$/,
    'CDK writes its grants on a bucket and its key so: reading, or writing, what the pipeline hands on',
  ],
  [
    /^<\w+ArtifactsBucket\w+\.Arn>\/\*$/,
    'Everything in the bucket is handed on by the pipeline, under names that it makes up',
  ],
  [/^arn:[\w-]+:s3:::[\w-]+eplicationbucket[0-9a-f]+\/\*$/, 'The same of the bucket that holds it in another region'],
  [/:log-group:\/aws\/codebuild\/(<\w+>:)?\*$/, 'Streams of the builds, whose names CodeBuild makes up'],
  [/:report-group\/(<\w+>-)?\*$/, 'Test reports of the builds, whose names CodeBuild makes up'],
  [
    /^arn:\*:iam::\d+:role\/\*$/,
    'Roles of the bootstrap alone, by a condition on their tag, to change the pipeline itself',
  ],
];

/** Statements about `*`, by all their actions, each with why AWS or CDK has nothing narrower. */
const EVERYTHING: Readonly<Record<string, string>> = {
  'codebuild:BatchGetBuilds': 'CDK lets what publishes assets start builds, which a statement beside it denies',
  'codebuild:StartBuild': 'The same',
  'codebuild:StopBuild': 'The same',
  'kms:Decrypt': 'CDK knows the key of another region by its alias alone; a statement beside it denies all other keys',
  'kms:DescribeKey': 'The same',
  'kms:Encrypt': 'The same',
  'kms:GenerateDataKey*': 'The same',
  'kms:ReEncrypt*': 'The same',
  'cloudformation:DescribeStacks': 'The CDK CLI reads the state of stacks to change the pipeline itself',
  's3:ListBucket': 'The CDK CLI looks for the bucket of the bootstrap to change the pipeline itself',
};

const READS = /:(Describe|List)/;

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
}

/**
 * Accepts what CDK Pipelines does by itself, on the very resources that it makes.
 *
 * @internal
 */
export function acceptPipelineFindings(pipeline: pipelines.CodePipeline, scope: IConstruct): void {
  for (const construct of scope.node.findAll()) {
    if (construct instanceof CfnPolicy) {
      acceptPolicy(construct);
    } else if (CfnResource.isCfnResource(construct) && construct.cfnResourceType === 'AWS::CodeBuild::Project') {
      acceptProject(construct);
    }
  }
  acceptPipeline(pipeline);
}

function acceptPipeline({ pipeline }: pipelines.CodePipeline): void {
  acknowledgeCfnLint(
    pipeline.node.defaultChild as CfnResource,
    ['E3703', 'W3005'],
    'cfn-lint reports its advice about Fn::Join as an error of each action that has one (E3703); CDK names the role beside ' +
      "the role's policy, which has to be there first (W3005)",
  );
}

function acceptPolicy(policy: CfnPolicy): void {
  const own = 'CDK Pipelines writes what a step may do into the role of that step, which nothing else has';
  acknowledge(policy, COMPLIANCE_PACKS, 'IAMNoInlinePolicy', own);
  const { Statement: statements } = Stack.of(policy).resolve(policy.policyDocument) as { Statement: Statement[] };
  for (const { Action, Resource } of statements.filter(({ Effect }) => Effect === 'Allow')) {
    const actions = [Action].flat();
    for (const action of actions) {
      accept(policy, 'Action', action);
    }
    for (const resource of [Resource].flat().map(writtenArn)) {
      if (resource === '*' && actions.every((action) => action in EVERYTHING)) {
        const reason = EVERYTHING[actions[0] ?? ''] ?? '';
        acknowledge(policy, [Pack.AWS_SOLUTIONS], 'IAM5[Resource::*]', reason);
        if (!actions.every((action) => READS.test(action))) acknowledgeCheckov(policy, ['CKV_AWS_111'], reason);
      } else {
        accept(policy, 'Resource', resource);
      }
    }
  }
}

function accept(policy: CfnPolicy, kind: 'Action' | 'Resource', what: string): void {
  const known = WILDCARDS.find(([wildcard]) => what.includes('*') && wildcard.test(what));
  if (known !== undefined) {
    acknowledge(policy, [Pack.AWS_SOLUTIONS], `IAM5[${kind}::${what}]`, known[1]);
  }
}

function acceptProject(project: CfnResource): void {
  const source = 'The project reads no repository: the pipeline hands it what the connection to the repository gave';
  acknowledge(project, [Pack.HIPAA, Pack.PCI], 'CodeBuildProjectSourceRepoUrl', source);
}
