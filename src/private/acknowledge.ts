import { type CfnResource, Stack, Validations } from 'aws-cdk-lib';
import type { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';

/** The rule packs that an acknowledgement can name, by the prefix of their findings. */
export enum Pack {
  AWS_SOLUTIONS = 'AwsSolutions',
  HIPAA = 'HIPAA.Security',
  NIST = 'NIST.800.53.R5',
  PCI = 'PCI.DSS.321',
  SERVERLESS = 'Serverless',
}

/** The packs that share their rules' names. */
export const COMPLIANCE_PACKS = [Pack.HIPAA, Pack.NIST, Pack.PCI];

/**
 * Accepts one finding on one construct, with the reason that a security reviewer reads.
 *
 * @param finding the finding's id without its pack, as a report prints it
 */
export function acknowledge(scope: IConstruct, packs: Pack[], finding: string, reason: string): void {
  for (const pack of packs) {
    // What `Validations.acknowledge` records. In aws-cdk-lib 2.263, the lowest that this package works with, that one
    // itself refuses the `::` that findings about IAM have in their id.
    scope.node.addMetadata(Validations.ACKNOWLEDGED_RULES_METADATA_KEY, { [`Annotation::${pack}-${finding}`]: reason });
  }
}

/** Accepts checks of checkov on one resource; checkov reads them, and shows the reason, in the template. */
export function acknowledgeCheckov(resource: CfnResource, checks: string[], reason: string): void {
  const { skip: others = [] } = (resource.getMetadata('checkov') ?? {}) as { skip?: Array<{ id: string }> };
  const skip = checks.map((id) => ({ id, comment: reason }));
  resource.addMetadata('checkov', { skip: [...others.filter(({ id }) => !checks.includes(id)), ...skip] });
}

/** Accepts rules of cfn-lint on one resource; cfn-lint reads them in the template. */
export function acknowledgeCfnLint(resource: CfnResource, rules: string[], reason: string): void {
  resource.addMetadata('cfn-lint', { config: { ignore_checks: rules }, reason });
}

/**
 * Accepts the resources with a wildcard in these statements of a policy, each by its own ARN: any other wildcard is
 * still a finding.
 */
export function acknowledgeWildcardResources(
  policy: ManagedPolicy,
  statements: PolicyStatement[],
  reason: string,
): void {
  const arns = statements.flatMap(({ resources }) => resources).map((arn) => writtenArn(Stack.of(policy).resolve(arn)));
  for (const arn of arns.filter((each) => each.includes('*'))) {
    acknowledge(policy, [Pack.AWS_SOLUTIONS], `IAM5[Resource::${arn}]`, reason);
  }
}

/** A resolved ARN as a report writes it: references in angle brackets. */
export function writtenArn(arn: unknown): string {
  if (typeof arn === 'string') {
    return arn;
  }
  const {
    Ref: name,
    'Fn::GetAtt': attribute,
    'Fn::Join': join,
  } = arn as {
    Ref?: string;
    'Fn::GetAtt'?: [string, string];
    'Fn::Join'?: [string, unknown[]];
  };
  if (name !== undefined) {
    return `<${name}>`;
  }
  if (attribute !== undefined) {
    return `<${attribute.join('.')}>`;
  }
  if (join !== undefined) {
    return join[1].map(writtenArn).join(join[0]);
  }
  return JSON.stringify(arn);
}
