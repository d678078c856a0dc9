import { z } from 'zod';
import { block, listOf, text, wholeNumber, yesOrNo } from '../vocabulary';

const STAGES = 'a list of stages, each with environment';
/** The ARN of a connection; its groups are region and account. */
export const CONNECTION =
  /^arn:aws[a-z-]*:(?:codeconnections|codestar-connections):([a-z0-9-]+):(\d{12}):connection\/[0-9a-f-]{36}$/;

/** An environment that the pipeline delivers to, as a person writes it. */
export const stageSchema = block({
  environment: z.string({ error: 'the name of an environment such as prod' }).meta({
    description: 'The environment that is delivered to.',
  }),
  approval: yesOrNo().default(false).meta({
    description: 'Whether somebody is shown the difference and the cost, and asked, before.',
  }),
});

/** The pipeline that delivers environments, as a person writes it. It belongs to none of them, and stands beside them. */
export const pipelineSchema = block({
  repository: text(/^[\w.-]+\/[\w.-]+$/, 'a repository, owner/name, such as my-team/tablesleuth-cdk').meta({
    description: 'The repository that is delivered: a copy of this one, with your settings in it.',
  }),
  branch: text(/^[\w./-]+$/, 'the name of a branch such as main')
    .default('main')
    .meta({
      description: 'The branch that is delivered: each commit, one after the other.',
    }),
  connectionArn: text(
    CONNECTION,
    'the ARN of a connection such as arn:aws:codeconnections:us-east-2:123456789012:connection/12345678-1234-1234-1234-123456789012',
  ).meta({
    description: "The connection to the repository's host. The pipeline is in its account and region.",
  }),
  watchMinutes: wholeNumber(0, 120).default(15).meta({
    description: 'How long alarms are watched after a delivery, before it counts as good.',
  }),
  stages: listOf(stageSchema, STAGES).min(1, { error: STAGES }).meta({
    description: 'The environments that are delivered to, one after the other.',
  }),
});
