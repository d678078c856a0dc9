import { GizmoSqlRelease } from '../../src/workbench/gizmosql-release';
import { checkAgainstSchema } from './check';
import { type Locate, type Problem, SettingsError, show, writePath } from './problem';
import { judgeTogether } from './rules';
import { type CompletedSettings, type GivenSettings, settingsSchema } from './schema';

/** What runs the host, with every shorthand resolved. */
export interface CapacitySettings {
  readonly kind: 'instance' | 'autoScaling' | 'fleet';
  readonly spot: boolean;
  /** At least one, all of one CPU architecture. */
  readonly instanceTypes: readonly string[];
  /** The most to pay for a spot host, in USD per hour. */
  readonly maxPrice?: number;
  /** True only for a spot Auto Scaling group. */
  readonly onDemandFallback: boolean;
  /** The fewest and the most hosts; 1 and 1 of everything but a group. */
  readonly min: number;
  readonly max: number;
  /** The average processor time, in percent, that a group of several hosts is kept at. */
  readonly targetCpuPercent: number;
}

/** A VPC that is made. */
export interface NewNetworkSettings {
  readonly vpcId?: undefined;
  readonly cidr: string;
  readonly maxAzs: number;
  readonly natGateways: number;
}

/** A VPC that exists. */
export interface ExistingNetworkSettings {
  readonly vpcId: string;
  /** Without them the VPC is looked up in the account at synth. */
  readonly subnets?: ReadonlyArray<{ readonly id: string; readonly availabilityZone: string }>;
}

type Shorthands = 'region' | 'regions' | 'account' | 'useSpot' | 'capacity' | 'network' | 'deleteDataOnDestroy';

/** The settings of one environment, checked and complete. */
export interface Settings extends Readonly<Omit<CompletedSettings, Shorthands>> {
  readonly environment: string;
  /** Where the settings are deployed to; the first of several regions, until `settingsOfRegions` has split them. */
  readonly region: string;
  /** All regions of the environment, at least one. With several, stacks are named with theirs. */
  readonly regions: readonly string[];
  /** Undefined when neither the settings nor the CDK CLI know it: the stacks are then bound to no account. */
  readonly account?: string;
  readonly capacity: CapacitySettings;
  readonly network: NewNetworkSettings | ExistingNetworkSettings;
}

/** What is known about an environment before its settings are checked. */
export interface SettingsInput {
  readonly environment: string;
  /** The file's name, for messages. */
  readonly source: string;
  readonly document: unknown;
  /** What the CDK CLI knows. */
  readonly defaults: { readonly account?: string; readonly region?: string };
  /**
   * Where a person finds a path.
   *
   * @default - `source: path.to.key`
   */
  readonly locate?: Locate;
}

const FALLBACK_REGION = 'us-east-2';
const DEFAULT_TARGET_CPU_PERCENT = 70;
const ENVIRONMENT_NAME = /^[A-Za-z][A-Za-z0-9-]{0,29}$/;

/**
 * Checks the settings of an environment and completes them. Pure: the same input gives the same settings.
 *
 * @throws SettingsError with every problem at once.
 */
export function resolveSettings(input: SettingsInput): Settings {
  const { environment, source, document, defaults } = input;
  const locate = input.locate ?? ((path) => [source, writePath(path)].filter(Boolean).join(': '));
  const { problems, good } = checkAgainstSchema(document);
  const completed = settingsSchema.parse(good);
  const regions = completed.regions ?? [completed.region ?? defaults.region ?? FALLBACK_REGION];
  const region = regions[0] ?? FALLBACK_REGION;
  const account = completed.account ?? defaults.account;
  const wrong = problems.map(({ path }) => writePath(path));
  const impossible = judgeTogether({
    environment,
    given: good,
    completed,
    region,
    regions,
    account,
    isWrong: (key) => wrong.some((path) => path === key || path.startsWith(`${key}.`) || path.startsWith(`${key}[`)),
    knownGizmoSqlVersions: GizmoSqlRelease.KNOWN_VERSIONS,
  });
  const described = [...problems, ...impossible].map(({ path, says }: Problem) => `${locate(path)}: ${says}`);
  const all = [...problemOfName(environment, source), ...described, ...problemOfDefault(completed, defaults.region)];
  if (all.length > 0) throw new SettingsError(all);
  const { useSpot: _useSpot, deleteDataOnDestroy: _deleteDataOnDestroy, ...rest } = completed;
  return {
    ...rest,
    environment,
    region,
    regions,
    account,
    capacity: resolveCapacity(good, completed),
    network: resolveNetwork(completed),
  };
}

function problemOfName(environment: string, source: string): string[] {
  if (ENVIRONMENT_NAME.test(environment)) return [];
  const wants = 'up to 30 letters, digits and dashes, beginning with a letter: it becomes part of the names of stacks';
  return [`${source}: context: got an environment named ${JSON.stringify(environment)}, wants ${wants}`];
}

/** The CLI takes the region from a profile or a variable of the shell, which may hold anything. */
function problemOfDefault(completed: CompletedSettings, region: string | undefined): string[] {
  const checked = settingsSchema.shape.region.safeParse(region);
  if ((completed.region ?? completed.regions) !== undefined || checked.success) return [];
  return checked.error.issues.map((issue) => `CDK_DEFAULT_REGION: got ${show(region)}, wants ${issue.message}`);
}

function resolveCapacity(given: GivenSettings, { capacity, instanceType }: CompletedSettings): CapacitySettings {
  const spot = given.useSpot ?? capacity.spot ?? false;
  const instanceTypes = capacity.instanceTypes ?? [instanceType];
  const kind = capacity.kind ?? (spot || instanceTypes.length > 1 ? 'autoScaling' : 'instance');
  const onDemandFallback =
    spot && kind === 'autoScaling' && (capacity.onDemandFallback ?? capacity.maxPrice === undefined);
  return { kind, spot, instanceTypes, maxPrice: capacity.maxPrice, onDemandFallback, ...resolveSize(capacity) };
}

function resolveSize({
  min = 1,
  max = min,
  targetCpuPercent = DEFAULT_TARGET_CPU_PERCENT,
}: CompletedSettings['capacity']): Pick<CapacitySettings, 'min' | 'max' | 'targetCpuPercent'> {
  return { min, max, targetCpuPercent };
}

function resolveNetwork({ network }: CompletedSettings): Settings['network'] {
  const { vpcId, subnets, cidr, maxAzs, natGateways } = network;
  return vpcId === undefined ? { cidr, maxAzs, natGateways } : { vpcId, subnets };
}
