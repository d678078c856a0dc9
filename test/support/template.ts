/** A resource of a CloudFormation template. */
export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DependsOn?: string | readonly string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly CreationPolicy?: unknown;
  readonly UpdatePolicy?: unknown;
  readonly Metadata?: Readonly<Record<string, unknown>>;
}

/** A CloudFormation template as CDK writes it. */
export interface TemplateDocument {
  readonly Resources?: Readonly<Record<string, Resource>>;
  readonly Parameters?: Readonly<Record<string, { readonly Type: string; readonly Default?: string }>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown; readonly Description?: string }>>;
}

/** A resource with its logical id. */
export interface NamedResource extends Resource {
  readonly id: string;
}

/** All resources of a template, or those of some types. */
export function resourcesOf(template: TemplateDocument, ...types: string[]): NamedResource[] {
  return Object.entries(template.Resources ?? {})
    .map(([id, resource]) => ({ id, ...resource }))
    .filter(({ Type }) => types.length === 0 || types.includes(Type));
}

/** The one resource of a type; throws when there is none or more than one. */
export function resourceOf(template: TemplateDocument, type: string): NamedResource {
  const [first, ...others] = resourcesOf(template, type);
  if (first === undefined || others.length > 0) {
    throw new Error(`the template has ${others.length + (first ? 1 : 0)} resources of type ${type}, expected one`);
  }
  return first;
}

/** The properties of the one resource of a type. */
export function propertiesOf(template: TemplateDocument, type: string): Readonly<Record<string, unknown>> {
  return resourceOf(template, type).Properties ?? {};
}

/**
 * A template's value on one line: references in angle brackets, parameters that are read from Systems Manager by the
 * name that they have there.
 */
export function textOf(template: TemplateDocument, value: unknown): string {
  if (typeof value !== 'object' || value === null) {
    return String(value);
  }
  const [[name, argument] = ['', undefined]] = Object.entries(value);
  switch (name) {
    case 'Ref':
      return reference(template, String(argument));
    case 'Fn::GetAtt':
      return `<${(argument as string[]).join('.')}>`;
    case 'Fn::Base64':
      return textOf(template, argument);
    case 'Fn::Join': {
      const [separator, parts] = argument as [string, unknown[]];
      return parts.map((part) => textOf(template, part)).join(separator);
    }
    case 'Fn::Sub':
      return String(argument).replace(/\$\{([^}]+)\}/g, '<$1>');
    default:
      return `<${JSON.stringify(value)}>`;
  }
}

function reference(template: TemplateDocument, name: string): string {
  const parameter = template.Parameters?.[name];
  return parameter?.Type.startsWith('AWS::SSM::Parameter') ? `<ssm:${parameter.Default}>` : `<${name}>`;
}

/** A template's value with every reference as text, for comparisons. */
export function plain(template: TemplateDocument, value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => plain(template, item));
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const entries = Object.entries(value);
  const isReference = entries.length === 1 && /^(Ref|Fn::.+)$/.test(entries[0]?.[0] ?? '');
  return isReference
    ? textOf(template, value)
    : Object.fromEntries(entries.map(([key, item]) => [key, plain(template, item)]));
}
