import { resolveSettings, type Settings } from './resolve';
import { isBlock } from './check';
import { nearest } from './nearest';
import { applyOverrides, type Override, readOverrides } from './override';
import { type Locate, type Path, SettingsError, show, writePath } from './problem';
import { keysAt } from './reference';
import { readYaml } from './yaml-document';

const CDK_JSON = 'cdk.json';
const DEFAULT_ENVIRONMENT = 'dev';
/** The context's key of the pipeline, and what asks for it in place of an environment. */
export const PIPELINE = 'pipeline';

/** Everything outside the program that settings come from. */
export interface SettingsOrigin {
  /** A value of the CDK context: `cdk.json` and `-c` on the command line, merged by the CDK CLI. */
  readonly context: (key: string) => unknown;
  readonly contextKeys: readonly string[];
  /**
   * The environment that is wanted.
   *
   * @default - the context's `environment`, else `dev`
   */
  readonly environment?: string;
  /** Reads a file of the project as text, by its path in the project; throws when it cannot. */
  readonly readFile: (path: string) => string;
  readonly env: { readonly CDK_DEFAULT_ACCOUNT?: string; readonly CDK_DEFAULT_REGION?: string };
}

/** A document, and where a person finds what is in it. */
export interface Entry {
  readonly source: string;
  readonly document: unknown;
  readonly locate: Locate;
}

/**
 * Finds an environment's settings, in the context or in the YAML file that the context names, puts the command line's
 * own values over them, checks and completes them.
 *
 * @throws SettingsError with every problem at once.
 */
export function loadSettings(origin: SettingsOrigin): Settings {
  const environments = listEnvironments(origin);
  const environment = origin.environment ?? textOf(origin.context('environment')) ?? DEFAULT_ENVIRONMENT;
  const entry = readEntry(origin, environment, environments);
  const others = origin.contextKeys.filter(
    (key) => !isOfCdk(key) && key !== 'environment' && key !== PIPELINE && !environments.includes(key),
  );
  const { overrides, problems } = readOverrides(origin.context, others, environments);
  const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = origin.env;
  const input = {
    environment,
    source: entry.source,
    document: applyOverrides(entry.document, overrides),
    defaults: { account: account || undefined, region: region || undefined },
    locate: locateWith(overrides, entry.locate),
  };
  if (problems.length === 0) return resolveSettings(input);
  throw new SettingsError([...problems, ...problemsOf(() => resolveSettings(input))]);
}

/** The context keys that are environments: those with a block of settings or a YAML file's name. */
function listEnvironments({ context, contextKeys }: SettingsOrigin): string[] {
  return contextKeys.filter((key) => {
    const value = mayNameEnvironment(key) ? context(key) : undefined;
    return isBlock(value) || isYamlName(value);
  });
}

/** A document of the context that is no environment, or the YAML file that it names. */
export function readDocument(origin: SettingsOrigin, key: string): Entry {
  const value = origin.context(key);
  return readEntry(origin, key, isBlock(value) || isYamlName(value) ? [key] : []);
}

function readEntry(origin: SettingsOrigin, environment: string, environments: readonly string[]): Entry {
  const value = environments.includes(environment) ? origin.context(environment) : undefined;
  const place = `${CDK_JSON}: ${writePath(['context', environment])}`;
  if (isYamlName(value)) return readYamlEntry(origin, place, value);
  if (isBlock(value)) {
    const locate = (path: Path) => `${CDK_JSON}: ${writePath(['context', environment, ...path])}`;
    return { source: CDK_JSON, document: value, locate };
  }
  const odd = mayNameEnvironment(environment) ? origin.context(environment) : undefined;
  if (odd !== undefined) {
    const wants = 'a block of settings, or the name of a .yaml file such as "app/environments/prod.yaml"';
    throw new SettingsError([`${place}: got ${show(odd)}, wants ${wants}`]);
  }
  throw new SettingsError([describeUnknownEnvironment(environment, environments)]);
}

function describeUnknownEnvironment(environment: string, environments: readonly string[]): string {
  if (environments.length === 0) {
    const example = '"dev": { "region": "us-east-2", "instanceType": "t3.small" }';
    return `${CDK_JSON}: context: got no environment, wants at least one block of settings such as ${example}`;
  }
  const near = nearest(environment, environments);
  const hint = near === undefined ? '' : `: did you mean ${near}?`;
  return `-c environment: got ${show(environment)}, wants one of ${environments.join(', ')}${hint}`;
}

function readYamlEntry({ readFile }: SettingsOrigin, place: string, file: string): Entry {
  let text: string;
  try {
    text = readFile(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SettingsError([`${place}: got ${show(file)}, wants a file in the project that can be read: ${reason}`]);
  }
  const yaml = readYaml(text);
  if (yaml.problems.length > 0) throw new SettingsError(yaml.problems.map((problem) => `${file}:${problem}`));
  const locate = (path: Path) => [`${file}:${yaml.lineOf(path)}`, writePath(path)].filter(Boolean).join(': ');
  return { source: file, document: yaml.content, locate };
}

/** A value that came from the command line is to be mended there, not in the file. */
function locateWith(overrides: readonly Override[], locate: Locate): Locate {
  return (path) => {
    const override = overrides.find(({ path: own }) =>
      own.every((key, index) => index >= path.length || key === path[index]),
    );
    return override !== undefined && path.length > 0 ? `-c ${writePath(path)}` : locate(path);
  };
}

function problemsOf(attempt: () => unknown): readonly string[] {
  try {
    attempt();
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
}

function mayNameEnvironment(key: string): boolean {
  return !isOfCdk(key) && key !== 'environment' && key !== PIPELINE && !keysAt([]).includes(key.split('.')[0] ?? key);
}

/** CDK's feature flags, lookups and own options, which share the context. */
function isOfCdk(key: string): boolean {
  return key.includes('@') || key.includes(':');
}

function isYamlName(value: unknown): value is string {
  return typeof value === 'string' && /\.ya?ml$/.test(value);
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
