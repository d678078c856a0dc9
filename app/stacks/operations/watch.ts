import type { Stack } from 'aws-cdk-lib';
import type { IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import {
  type AlertTopic,
  BalancerAlarms,
  HostAlarms,
  HostCallAlarms,
  HostMetrics,
  HostNotices,
  WorkbenchDashboard,
} from '../../../src';
import type { Settings } from '../../settings';
import { balancerNames } from '../access';
import { PublishedValues } from '../published';
import type { OperationsPart } from './part';

/** Alarms and dashboard: one part, because the dashboard shows the alarms. */
export const watch: OperationsPart = {
  isOn: (settings) => settings.alarms !== false || hasDashboard(settings),
  add: (stack, { settings, alerts }) => {
    const metrics = metricsOf(stack, settings);
    const alarms = alerts === undefined ? undefined : alarmsOf(stack, settings, metrics, alerts);
    if (hasDashboard(settings)) {
      new WorkbenchDashboard(stack, 'Dashboard', {
        metrics,
        hostLogGroup: LogGroup.fromLogGroupName(stack, 'HostLogs', read(stack, settings, 'data/host-log-group')),
        alarms,
        hourlyPrice: typeof settings.dashboard === 'object' ? settings.dashboard.hourlyPrice : undefined,
      });
    }
  },
};

/** Everything that tells people; what of it is an alarm, for the dashboard. */
function alarmsOf(stack: Stack, settings: Settings, metrics: HostMetrics, alerts: AlertTopic): IAlarm[] | undefined {
  const { alarms, environment, capacity } = settings;
  if (alarms === false) return undefined;
  const ofHosts = new HostAlarms(stack, 'HostAlarms', {
    metrics,
    topic: alerts.topic,
    stopsOnPurpose: stopsOnPurpose(settings),
    cpuPercent: alarms.cpuPercent,
    diskPercent: alarms.diskPercent,
    // A file system of EFS is never full.
    diskPaths: hasVolume(settings) ? ['/', '/workspace'] : undefined,
  });
  new HostNotices(stack, 'HostNotices', { alerts, environmentName: environment, spot: capacity.spot });
  return [...ofHosts.alarms, ...balancerAlarmsOf(stack, settings, alerts), ...callAlarmsOf(stack, settings, alerts)];
}

/** Alarms about what a load balancer sees of hosts, where there is one. */
function balancerAlarmsOf(stack: Stack, settings: Settings, { topic }: AlertTopic): IAlarm[] {
  if (settings.access.kind !== 'loadBalancer') return [];
  const { alarms } = new BalancerAlarms(stack, 'BalancerAlarms', {
    environmentName: settings.environment,
    topic,
    ...balancerNames(stack, settings),
    stopsOnPurpose: stopsOnPurpose(settings),
  });
  return alarms;
}

function stopsOnPurpose({ hours, idleStop }: Settings): boolean {
  return hours !== undefined || idleStop !== undefined;
}

/** Alarms about starts and stops, where anything but a person makes them. */
function callAlarmsOf(stack: Stack, settings: Settings, { topic }: AlertTopic): IAlarm[] {
  const { environment: environmentName, hours, idleStop } = settings;
  if (hours === undefined && idleStop === undefined) return [];
  const { alarms } = new HostCallAlarms(stack, 'HostCallAlarms', {
    environmentName,
    topic,
    scheduleGroupName: hours && read(stack, settings, 'workbench/hours-group'),
    idleStopArn: idleStop && read(stack, settings, 'workbench/idle-stop-arn'),
  });
  return alarms;
}

function hasVolume({ workspace }: Settings): boolean {
  return workspace !== undefined && workspace.mode !== 'shared';
}

/** Of several regions there is one over all, in the overview's stack. */
function hasDashboard({ dashboard, regions }: Settings): boolean {
  return dashboard !== false && regions.length === 1;
}

function metricsOf(stack: Stack, settings: Settings): HostMetrics {
  const launcher = () => read(stack, settings, 'workbench/launcher-id');
  switch (settings.capacity.kind) {
    case 'instance':
      return HostMetrics.ofInstance(settings.environment, launcher());
    case 'autoScaling':
      return HostMetrics.ofGroup(settings.environment, launcher());
    case 'fleet':
      return HostMetrics.ofFleet(settings.environment);
  }
}

function read(stack: Stack, settings: Settings, key: string): string {
  return new PublishedValues(settings.environment).read(stack, key);
}
