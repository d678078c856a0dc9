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

/** A call of an API, as IAM sees it. */
export interface Call {
  readonly action: string;
  readonly resource: string;
  /** The keys of the request that conditions ask for; one that is not here is not there. */
  readonly keys?: Readonly<Record<string, string>>;
}

/**
 * What says whether IAM lets a role make a call, by the statements of the policies that it has: those of templates here allow by
 * name, and ask at most whether a key is there. Anything else throws, so that nothing is taken for refused by mistake.
 */
export function callsOf(template: TemplateDocument, role: string): (call: Call) => boolean {
  const policies = policiesOf(template, role);
  const applying = statementsOf(template).filter(({ policy }) => policies.includes(policy) || policy === role);
  return (call) => applying.some((each) => allows(each, call));
}

function policiesOf(template: TemplateDocument, role: string): string[] {
  const attached = resourcesOf(template, 'AWS::IAM::Role')
    .filter(({ id }) => id === role)
    .flatMap(({ Properties }) => asList(Properties?.ManagedPolicyArns).map((arn) => textOf(template, arn)));
  const inline = resourcesOf(template, ...POLICIES)
    .filter(({ Properties }) => asList(Properties?.Roles).some((each) => textOf(template, each) === `<${role}>`))
    .map(({ id }) => id);
  return [...attached.map((ref) => ref.replace(/^<(.*)>$/, '$1')), ...inline];
}

function allows({ effect, actions, resources, condition }: Statement, { action, resource, keys = {} }: Call): boolean {
  if (effect !== 'Allow' || [...actions, ...resources].some((each) => each.startsWith('* except'))) {
    throw new Error(`a statement that this does not judge: ${effect} ${actions.join(', ')}`);
  }
  const fits = actions.some((each) => matches(each, action)) && resources.some((each) => matches(each, resource));
  return fits && holds(condition, keys);
}

function holds(condition: unknown, keys: Readonly<Record<string, string>>): boolean {
  return Object.entries((condition ?? {}) as Record<string, Record<string, string>>).every(([operator, wanted]) => {
    if (operator !== 'Null') throw new Error(`a condition that this does not judge: ${operator}`);
    return Object.entries(wanted).every(([key, isMissing]) => String(!(key in keys)) === isMissing);
  });
}

function matches(pattern: string, text: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
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
