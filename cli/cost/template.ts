/** A resource of a template. */
export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Properties;
  readonly Metadata?: Readonly<Record<string, unknown>>;
}

/** Properties as CloudFormation has them: nothing is known about what is in them. */
export type Properties = Readonly<Record<string, unknown>>;

/** A synthesized template, and where it would be deployed. */
export interface PricedTemplate {
  readonly stack: string;
  readonly region: string;
  readonly resources: Readonly<Record<string, TemplateResource>>;
}

/** A property that is a block, or nothing. */
export function blockOf(value: unknown): Properties {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Properties) : {};
}

/** A property that is a list of blocks, or nothing. */
export function blocksOf(value: unknown): Properties[] {
  return Array.isArray(value) ? value.map(blockOf) : [];
}

/** A property that is a number, which CloudFormation often writes as text. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const number = Number(value);
  return value === '' || Number.isNaN(number) ? undefined : number;
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The logical id that a `Ref` or an `Fn::GetAtt` names. */
export function referenceOf(value: unknown): string | undefined {
  const { Ref, 'Fn::GetAtt': attribute } = blockOf(value);
  return textOf(Ref) ?? (Array.isArray(attribute) ? textOf(attribute[0]) : undefined);
}
