import { Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { FindingsApi } from './findings-api';
import type { FindingsDatabase } from './findings-database';

const API = 'AWS/ApiGateway';

/** Answers of the API that are errors of its own. */
export function apiErrors(api: FindingsApi, options: MetricOptions = {}): Metric {
  return ofApi(api, '5XXError', { statistic: Stats.SUM, ...options });
}

/** Requests to the API. */
export function apiRequests(api: FindingsApi, options: MetricOptions = {}): Metric {
  return ofApi(api, 'Count', { statistic: Stats.SUM, ...options });
}

/** How long requests took, in milliseconds. */
export function apiLatency(api: FindingsApi, options: MetricOptions = {}): Metric {
  return ofApi(api, 'Latency', { statistic: 'p99', ...options });
}

/** How much of its largest capacity the database uses, in percent. */
export function capacityUsed({ cluster }: FindingsDatabase, options: MetricOptions = {}): Metric {
  return cluster.metric('ACUUtilization', { statistic: Stats.AVERAGE, ...options });
}

/** The capacity that is paid, in units. */
export function capacity({ cluster }: FindingsDatabase, options: MetricOptions = {}): Metric {
  return cluster.metric('ServerlessDatabaseCapacity', { statistic: Stats.AVERAGE, ...options });
}

function ofApi({ apiName }: FindingsApi, metricName: string, options: MetricOptions): Metric {
  return new Metric({ namespace: API, metricName, dimensionsMap: { ApiName: apiName }, ...options });
}
