import { resourcesOf, type TemplateDocument, textOf } from './template';

/** A statement of an identity's policy, with its actions and resources as text. */
export interface Statement {
  /** The logical id of the policy, or of the role that it is inline in. */
  readonly policy: string;
  readonly sid: string | undefined;
  readonly effect: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly condition: unknown;
}

interface StatementDocument {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action?: unknown;
  readonly NotAction?: unknown;
  readonly Resource?: unknown;
  readonly NotResource?: unknown;
  readonly Condition?: unknown;
}

interface PolicyDocument {
  readonly Statement: StatementDocument | readonly StatementDocument[];
}

const IDENTITIES = ['AWS::IAM::Role', 'AWS::IAM::User', 'AWS::IAM::Group'];
const POLICIES = ['AWS::IAM::ManagedPolicy', 'AWS::IAM::Policy'];

/** Every statement of every identity's policy in a template, wherever the policy is written. */
export function statementsOf(template: TemplateDocument): Statement[] {
  const separate = resourcesOf(template, ...POLICIES).map(({ id, Properties }) => [id, Properties?.PolicyDocument]);
  const inline = resourcesOf(template, ...IDENTITIES).flatMap(({ id, Properties }) =>
    asList(Properties?.Policies).map((policy) => [id, (policy as { PolicyDocument: unknown }).PolicyDocument]),
  );
  return [...separate, ...inline].flatMap(([id, document]) =>
    asList((document as PolicyDocument).Statement).map((each) => statement(template, id as string, each)),
  );
}

/** The policies of AWS's own that identities of a template have, whose statements no template shows. */
export function awsManagedPolicies(template: TemplateDocument): string[] {
  return resourcesOf(template, ...IDENTITIES)
    .flatMap(({ Properties }) => asList(Properties?.ManagedPolicyArns))
    .map((arn) => textOf(template, arn))
    .filter((arn) => arn.includes(':aws:policy/'));
}

/** What allows more than one named action: `s3:*`, `s3:Get*`, `*`, and whatever is not listed. */
export function wildcardActions(template: TemplateDocument): string[] {
  return statementsOf(template)
    .filter(({ effect }) => effect === 'Allow')
    .flatMap(({ policy, actions }) =>
      actions.filter((action) => action.includes('*')).map((action) => `${policy} allows ${action}`),
    );
}

/** Resources with a wildcard in statements that allow something, as `actions on resource`. */
export function wildcardResources(template: TemplateDocument): string[] {
  return statementsOf(template)
    .filter(({ effect }) => effect === 'Allow')
    .flatMap(({ actions, resources }) =>
      resources.filter((each) => each.includes('*')).map((each) => `${actions.join(', ')} on ${each}`),
    );
}

function statement(template: TemplateDocument, policy: string, document: unknown): Statement {
  const { Sid, Effect, Action, NotAction, Resource, NotResource, Condition } = document as StatementDocument;
  const texts = (value: unknown) => asList(value).map((each) => textOf(template, each));
  return {
    policy,
    sid: Sid,
    effect: Effect,
    actions: NotAction === undefined ? texts(Action) : texts(NotAction).map((action) => `* except ${action}`),
    resources: NotResource === undefined ? texts(Resource) : texts(NotResource).map((arn) => `* except ${arn}`),
    condition: Condition,
  };
}

function asList(value: unknown): readonly unknown[] {
  if (value === undefined) {
    return [];
  }
  return Array.isArray(value) ? value : [value];
}
