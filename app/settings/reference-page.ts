import { pipelineNode, type SchemaNode, type SettingsKey, settingsKeys } from './reference';

const INTRODUCTION = `# Settings

Generated from the schema in \`app/settings/schema.ts\` by \`npx tsx scripts/settings-schema.ts\`.

Settings live under the name of their environment in the \`context\` of \`cdk.json\`. The entry may instead name a YAML
file in the project:

\`\`\`json
{
  "context": {
    "dev": { "region": "us-east-2", "instanceType": "t3.small", "useSpot": true },
    "prod": "app/environments/prod.yaml"
  }
}
\`\`\`

\`-c environment=prod\` picks an environment; without it, it is \`dev\`. \`-c key=value\` overrides one setting of the
environment, by its key in the table: \`-c useSpot=false\`, \`-c capacity.kind=fleet\`,
\`-c capacity.instanceTypes=m7g.large,m8g.large\`, \`-c 'network.subnets=[{"id": "subnet-…", "availabilityZone":
"us-east-2a"}]'\`. \`-c instanceType=t4g.small\` also sets aside the environment's own \`capacity.instanceTypes\`, and
\`-c regions=us-east-2,eu-west-1\` its own \`region\`. A setting that stands in the \`context\` itself, under no environment, counts as such an override.

Every problem is reported at once, as \`file: path.to.key: what it got, what it wants\`. An unknown key is a problem.

Editors complete and check YAML files by \`settings.schema.json\`, with this as the first line of the file:

\`\`\`yaml
# yaml-language-server: $schema=../../settings.schema.json
\`\`\`

## Keys
`;

const COMBINATIONS = `
## Which go together

- \`useSpot: true\` means \`capacity: { kind: autoScaling, spot: true }\`; with \`capacity.kind: fleet\` it means a spot fleet.
  With \`capacity.kind: instance\`, or with a \`capacity.spot\` that says otherwise, it is a problem.
- \`capacity.kind\` left out is \`autoScaling\` with spot or with several \`instanceTypes\`, else \`instance\`. \`instance\` takes
  one type.
- \`instanceType\` and \`capacity.instanceTypes\` may both be given when the first is among the second.
- \`capacity.instanceTypes\` are all x86_64 or all arm64 (Graviton): they share one image.
- \`capacity.maxPrice\` needs spot; \`capacity.onDemandFallback\` needs a spot Auto Scaling group.
- \`regions\` excludes \`region\`. With several, what exists in one region alone is a problem: \`network.vpcId\`,
  \`workspace.volumeId\` and \`fileSystemId\`, \`access.webAclArn\`, \`access.signIn.userPoolId\` and \`clientSecretArn\`.
  \`access.certificateArn\` lists a certificate of each; \`data.tableBuckets\` and \`data.kmsKeys\` go to the hosts of the
  region in their ARN, buckets and Glue databases to all hosts.
- \`network.vpcId\` excludes \`cidr\`, \`maxAzs\` and \`natGateways\`; \`network.subnets\` needs it.
- \`gizmosql.version\` other than a known one needs \`gizmosql.sha256\`.
- \`backup\` needs \`workspace\`; \`workspace.volumeId\` excludes \`workspace.sizeGiB\`.
- \`backup.copyToRegion\` is another region than \`region\`, of the same partition; \`backup.copyVaultName\` needs it.
- \`retain: false\` in an environment whose name begins with \`prod\` needs \`deleteDataOnDestroy: true\` as well.
`;

const NAMES_OF_TYPES: Readonly<Record<string, string>> = {
  boolean: '`true`, `false`',
  number: 'number',
  object: 'names and texts',
};

const PIPELINE = `
## Pipeline

The key \`pipeline\` of the \`context\` is no environment: it stands beside them, and delivers them
([operations](operations.md#pipeline)). \`-c environment=pipeline\` asks for it. It may name a YAML file as well, whose first
line is then \`# yaml-language-server: $schema=../../settings.schema.json#/definitions/pipeline\`.
`;

/** The page of documentation that lists every key: its type, its default, what happens. */
export function settingsPage(): string {
  const ofPipeline = settingsKeys(pipelineNode(), 'pipeline.');
  return `${INTRODUCTION}\n${tableOf(settingsKeys())}\n${COMBINATIONS}${PIPELINE}\n${tableOf(ofPipeline)}\n`;
}

function tableOf(keys: SettingsKey[]): string {
  const rows = keys.map(({ key, node }) => {
    const cells = [`\`${key}\``, typeOf(node), defaultOf(node), node.description ?? ''];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  const table = ['| key | type | default | what happens |', '| --- | --- | --- | --- |', ...rows].join('\n');
  return `<!-- prettier-ignore-start -->\n\n${table}\n\n<!-- prettier-ignore-end -->`;
}

function typeOf(node: SchemaNode): string {
  const { anyOf, type, items, minimum, maximum } = node;
  if (anyOf !== undefined) return anyOf.map(typeOf).reverse().join('; or ');
  const values = valuesOf(node);
  if (values !== undefined) return values.map((value) => `\`${String(value)}\``).join(', ');
  if (type === 'array') return items?.type === 'object' ? 'list of blocks' : 'list of texts';
  if (node.properties !== undefined) return 'a block';
  if (type === 'integer') return `whole number, ${minimum} to ${maximum}`;
  return NAMES_OF_TYPES[type ?? ''] ?? 'text';
}

function valuesOf({ const: only, enum: values }: SchemaNode): readonly unknown[] | undefined {
  return only === undefined ? values : [only];
}

function defaultOf(node: SchemaNode): string {
  if (node.defaultText !== undefined) return node.defaultText;
  return node.default === undefined ? 'none: it must be given' : `\`${JSON.stringify(node.default)}\``;
}
