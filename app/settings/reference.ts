import { z } from 'zod';
import { pipelineSchema } from './blocks/pipeline';
import { settingsSchema } from './schema';

/** The part of JSON Schema that our own schema comes out as. */
export interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly defaultText?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: SchemaNode | false;
  readonly items?: SchemaNode;
  readonly oneOf?: readonly SchemaNode[];
  readonly anyOf?: readonly SchemaNode[];
}

let described: SchemaNode | undefined;

/** The settings as JSON Schema, with the defaults that are computed in words (`defaultText`). */
export function describedSchema(): SchemaNode {
  described ??= z.toJSONSchema(settingsSchema, { io: 'input', target: 'draft-7' }) as SchemaNode;
  return described;
}

/** The pipeline as JSON Schema. */
export function pipelineNode(): SchemaNode {
  return z.toJSONSchema(pipelineSchema, { io: 'input', target: 'draft-7' }) as SchemaNode;
}

/**
 * The JSON Schema of one environment's settings, for editors: completion, hover and a mark under a wrong value. That of a
 * pipeline, which stands beside the environments, is among its definitions.
 */
export function editorSchema(): unknown {
  return { ...forEditors(settingsSchema), definitions: { pipeline: forEditors(pipelineSchema) } };
}

function forEditors(schema: z.ZodType): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-7',
    override: ({ jsonSchema }) => {
      delete jsonSchema['defaultText'];
      if (jsonSchema['canBeFalse']) Object.assign(jsonSchema, { type: ['object', 'boolean'], not: { const: true } });
      delete jsonSchema['canBeFalse'];
    },
  });
}

/** What the schema says of a path, or undefined when the path is not a key that we know. */
export function nodeAt(path: readonly PropertyKey[]): SchemaNode | undefined {
  return path.reduce<SchemaNode | undefined>((node, key) => node && childOf(node, key), describedSchema());
}

/** The keys that are known below a path. */
export function keysAt(path: readonly PropertyKey[]): string[] {
  return Object.keys(propertiesOf(nodeAt(path) ?? {}));
}

/** Where a key that was written in the wrong place belongs: `network.maxAzs` for `maxAzs`. */
export function pathOfKey(key: string): string | undefined {
  return settingsKeys()
    .map((entry) => entry.key)
    .find((path) => path.endsWith(`.${key}`));
}

/** A key of the settings, as the reference lists it. */
export interface SettingsKey {
  readonly key: string;
  readonly node: SchemaNode;
}

/** Every key that takes a value, in the schema's order. */
export function settingsKeys(node: SchemaNode = describedSchema(), prefix = ''): SettingsKey[] {
  return Object.entries(propertiesOf(node)).flatMap(([name, child]) => {
    const key = `${prefix}${name}`;
    if (hasKeys(child)) return [...(child.anyOf ? [{ key, node: child }] : []), ...settingsKeys(child, `${key}.`)];
    const ofItems = child.items && hasKeys(child.items) ? settingsKeys(child.items, `${key}[].`) : [];
    return [{ key, node: child }, ...ofItems];
  });
}

function hasKeys(node: SchemaNode): boolean {
  return Object.keys(propertiesOf(node)).length > 0;
}

function childOf(node: SchemaNode, key: PropertyKey): SchemaNode | undefined {
  if (typeof key === 'number') return node.items;
  return propertiesOf(node)[String(key)] ?? (node.additionalProperties || undefined);
}

/** The keys of a block; of a block with alternatives, those of all of them, each key's values joined. */
function propertiesOf(node: SchemaNode): Record<string, SchemaNode> {
  const joined: Record<string, SchemaNode> = { ...node.properties };
  for (const alternative of node.oneOf ?? node.anyOf ?? []) {
    for (const [key, child] of Object.entries(alternative.properties ?? {})) {
      const values = [...(joined[key]?.enum ?? []), child.const].filter((value) => value !== undefined);
      joined[key] =
        values.length > 0 ? { type: child.type, ...joined[key], ...child, const: undefined, enum: values } : child;
    }
  }
  return joined;
}
