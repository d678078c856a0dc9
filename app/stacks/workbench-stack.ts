import { CfnOutput, Duration, Stack, type StackProps, TimeZone } from 'aws-cdk-lib';
import { InstanceType } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { Capacity, HostHours, HostImage, Weekday, Workbench } from '../../src';
import type { Settings } from '../settings';
import { daysNamed } from '../settings/blocks/hours';
import { accessOf, addAccessOutputs, publishBalancer } from './access';
import { dataAccessOf } from './data-access';
import { importedData, wantedHosts } from './data-stack';
import { releaseOf } from './gizmosql';
import { importedNetwork } from './network-stack';
import { PublishedValues } from './published';
import { workspaceOf } from './workspace';

/** Longer than a lunch. */
const DEFAULT_IDLE_MINUTES = 60;

/** The hosts. Destroying this stack and creating it again loses nothing. */
export class WorkbenchStack extends Stack {
  constructor(scope: Construct, id: string, settings: Settings, props: StackProps) {
    super(scope, id, props);
    const vpc = importedNetwork(this, settings);
    const workbench = new Workbench(this, 'Workbench', {
      vpc,
      data: importedData(this, settings),
      capacity: capacityOf(this, settings),
      access: accessOf(this, settings),
      image: imageOf(settings),
      dataAccess: dataAccessOf(this, settings.data),
      workspace: workspaceOf(this, settings, vpc),
      gizmosql: releaseOf(settings.gizmosql),
      gizmosqlUsername: settings.gizmosql.username,
      gizmosqlMemoryLimit: settings.gizmosql.memoryLimit,
      environmentName: settings.environment,
      sendMetrics: settings.alarms !== false || settings.dashboard !== false,
      healthyWithin: Duration.minutes(settings.healthyWithinMinutes),
      hours: hoursOf(settings.hours),
      idleStop: settings.idleStop && Duration.minutes(settings.idleStop.afterMinutes ?? DEFAULT_IDLE_MINUTES),
    });
    const published = new PublishedValues(settings.environment);
    published.publish(this, 'workbench/launcher-id', workbench.launcher.physicalId);
    if (workbench.hoursGroupName !== undefined) {
      published.publish(this, 'workbench/hours-group', workbench.hoursGroupName);
    }
    if (workbench.idleStopArn !== undefined) {
      published.publish(this, 'workbench/idle-stop-arn', workbench.idleStopArn);
    }
    publishBalancer(this, settings, workbench.balancer);
    addOutputs(this, workbench, settings);
    addAccessOutputs(this, workbench.balancer);
  }
}

/** What a person needs after a deployment. */
function addOutputs(stack: Stack, { launcher, commands }: Workbench, { hours, idleStop }: Settings): void {
  const output = (id: string, value: string, description: string) => new CfnOutput(stack, id, { value, description });
  output(launcher.outputName, launcher.physicalId, 'What runs the host');
  output('Region', stack.region, 'Where it runs');
  output('ConnectCommand', commands.connect, 'A recorded shell on the host');
  output('TableSleuthCommand', commands.tablesleuth, 'Keep it running, then open http://localhost:8080');
  output('GizmosqlCommand', commands.gizmosql, 'Keep it running, then connect to grpc://localhost:31337');
  output('HostLogsCommand', commands.hostLogs, 'Logs of the host, and of a boot that failed');
  output('SessionLogsCommand', commands.sessionLogs, 'What people typed and saw in sessions');
  if (hours !== undefined || idleStop !== undefined) {
    output('StartCommand', commands.start, 'Start the host now; it runs until its hours or idleness stop it');
    output('StopCommand', commands.stop, 'Stop the host now, until somebody or its hours start it');
  }
  if (commands.keepRunning !== undefined) {
    output('KeepRunningCommand', commands.keepRunning, 'Leave out the next stop');
  }
}

function capacityOf(scope: Construct, settings: Settings): Capacity {
  const { capacity } = settings;
  const instanceTypes = capacity.instanceTypes.map((type) => new InstanceType(type));
  const { spot, maxPrice, onDemandFallback, min, max, targetCpuPercent } = capacity;
  switch (capacity.kind) {
    case 'instance':
      return Capacity.onDemand({ instanceType: instanceTypes[0] });
    case 'autoScaling':
      return Capacity.autoScaling({ instanceTypes, spot, maxPrice, onDemandFallback, min, max, targetCpuPercent });
    case 'fleet':
      return Capacity.fleet({ instanceTypes, spot, maxPrice, wantedHosts: wantedHosts(scope, settings) });
  }
}

function hoursOf(hours: Settings['hours']): HostHours | undefined {
  if (hours === undefined) return undefined;
  const week = Object.values(Weekday);
  return HostHours.weekly({
    start: hours.start,
    stop: hours.stop,
    timeZone: TimeZone.of(hours.timeZone),
    days: hours.days === undefined ? undefined : daysNamed(hours.days).map((day) => week[day]!),
  });
}

function imageOf({ image, environment }: Settings): HostImage {
  switch (image.kind) {
    case 'amazonLinux':
      return HostImage.amazonLinux();
    case 'pipeline':
      return HostImage.pipeline(environment);
    case 'parameter':
      return HostImage.fromParameter(image.name);
  }
}
