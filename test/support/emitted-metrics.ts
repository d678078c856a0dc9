import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT } from './synthesis';

/** A metric as CloudWatch tells it from every other: one dimension more or less is another metric. */
export interface MetricIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

interface Measured {
  readonly measurement: readonly string[];
  readonly resources?: readonly string[];
  readonly append_dimensions?: Readonly<Record<string, string>>;
  readonly drop_original_metrics?: readonly string[];
}

interface AgentConfiguration {
  readonly metrics: {
    readonly namespace: string;
    readonly append_dimensions: Readonly<Record<string, string>>;
    readonly aggregation_dimensions: ReadonlyArray<readonly string[]>;
    readonly metrics_collected: Readonly<Record<string, Measured>>;
  };
}

interface EmbeddedMetrics {
  readonly _aws: {
    readonly CloudWatchMetrics: ReadonlyArray<{
      readonly Namespace: string;
      readonly Dimensions: ReadonlyArray<readonly string[]>;
      readonly Metrics: ReadonlyArray<{ readonly Name: string }>;
    }>;
  };
}

/**
 * The dimensions that the agent's plugins add by themselves, and what they say in an example; `drop_device` takes away
 * the disk's device. From the agent's documentation, "Metrics collected by the CloudWatch agent".
 */
const OWN_DIMENSIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  cpu: { cpu: 'cpu-total' },
  disk: { fstype: 'xfs' },
  mem: {},
  net: { interface: 'ens5' },
};

/** One of an instance's dimensions that the agent fills in. */
const INSTANCE = 'i-0123456789abcdef0';

/** As a text that is equal for equal metrics. */
export function written({ namespace, name, dimensions }: MetricIdentity): string {
  const sorted = Object.entries(dimensions).sort(([one], [other]) => one.localeCompare(other));
  return `${namespace} ${name} {${sorted.map(([key, value]) => `${key}=${value}`).join(', ')}}`;
}

/** Every metric that a host of an environment sends to CloudWatch: those of the agent, and its own. */
export function emittedMetrics(environment: string): MetricIdentity[] {
  return [...agentMetrics(agentConfiguration(environment)), ...embeddedMetrics(metricsLine(environment))];
}

/** The agent's configuration file, as `host/configuration.py` writes it. */
export function agentConfiguration(environment: string): AgentConfiguration {
  const settings = {
    TABLESLEUTH_ENVIRONMENT: environment,
    AWS_REGION: 'us-east-2',
    GIZMOSQL_SECRET_ARN: 'arn:aws:secretsmanager:us-east-2:111122223333:secret:Password-AbCdEf',
    GIZMOSQL_USERNAME: 'admin',
    GIZMOSQL_MEMORY_LIMIT: '60%',
    GLUE_CATALOG: 'false',
    TABLE_BUCKET_ARNS: '',
    HOST_METRICS: 'true',
    HOST_LOG_GROUP: 'hosts',
  };
  const folder = mkdtempSync(join(tmpdir(), 'agent-'));
  try {
    const options = { env: { PATH: process.env['PATH'], ...settings } };
    execFileSync('python3', ['-I', join(PROJECT, 'host/configuration.py'), folder], options);
    return JSON.parse(readFileSync(join(folder, 'cloudwatch-agent.json'), 'utf8')) as AgentConfiguration;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A line of the log that `host/bin/metrics.py` writes, with 7 for every figure. */
export function metricsLine(environment: string): string {
  const script =
    'import sys; sys.dont_write_bytecode = True; sys.path.insert(0, sys.argv[1]); import metrics; ' +
    'print(metrics.line(sys.argv[2], 1700000000.5, {name: 7 for name in metrics.UNITS}))';
  return execFileSync('python3', ['-c', script, join(PROJECT, 'host/bin'), environment], { encoding: 'utf8' });
}

/**
 * What the agent sends by a configuration: each metric with all its dimensions, unless that is dropped, and once more for
 * each list of `aggregation_dimensions` that is a real part of them. So does `ProcessRollup` in the agent's own source.
 */
export function agentMetrics({ metrics }: AgentConfiguration): MetricIdentity[] {
  return Object.entries(metrics.metrics_collected).flatMap(([plugin, measured]) =>
    measured.measurement.flatMap((measurement) => {
      const name = `${plugin}_${measurement}`;
      const paths = plugin === 'disk' ? (measured.resources ?? []).map((path) => ({ path })) : [{}];
      return paths.flatMap((path) => {
        const instance = Object.fromEntries(Object.keys(metrics.append_dimensions).map((key) => [key, INSTANCE]));
        const all = { ...OWN_DIMENSIONS[plugin], ...path, ...instance, ...measured.append_dimensions };
        const dropped = measured.drop_original_metrics?.includes(name) ?? false;
        const rolledUp = metrics.aggregation_dimensions.flatMap((keys) => rollUp(all, keys));
        return [...(dropped ? [] : [all]), ...rolledUp].map((dimensions) => ({
          namespace: metrics.namespace,
          name,
          dimensions,
        }));
      });
    }),
  );
}

/** What CloudWatch makes of a line in embedded metric format. */
export function embeddedMetrics(line: string): MetricIdentity[] {
  const content = JSON.parse(line) as EmbeddedMetrics & Record<string, unknown>;
  return content._aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Metrics.flatMap(({ Name }) =>
      Dimensions.map((keys) => ({
        namespace: Namespace,
        name: Name,
        dimensions: Object.fromEntries(keys.map((key) => [key, String(content[key])])),
      })),
    ),
  );
}

function rollUp(all: Readonly<Record<string, string>>, keys: readonly string[]): Array<Record<string, string>> {
  const isPart = keys.length < Object.keys(all).length && keys.every((key) => key in all);
  return isPart ? [Object.fromEntries(keys.map((key) => [key, all[key] ?? '']))] : [];
}
