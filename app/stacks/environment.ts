import { type Stack, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { type Settings, settingsOfRegions } from '../settings';
import { CopiesStack, copiesOf } from './copies-stack';
import { DataStack } from './data-stack';
import { ImageStack } from './image-stack';
import { NetworkStack } from './network-stack';
import { OperationsStack } from './operations-stack';
import { OverviewStack } from './overview-stack';
import { ServiceStack } from './service-stack';
import { SweepStack } from './sweep-stack';
import { WorkbenchStack } from './workbench-stack';

/**
 * All stacks of one environment, in an app or a stage. No stack of a region depends on one
 * of another region with hosts, so that one region can fail alone.
 */
export function addEnvironment(scope: Construct, settings: Settings): void {
  const copies = addCopies(scope, settings);
  for (const ofRegion of settingsOfRegions(settings)) {
    addRegion(scope, ofRegion, copies);
  }
  if (OverviewStack.isNeeded(settings)) {
    new OverviewStack(scope, stackName('Overview', settings), settings, {
      ...stackProps('Overview', settings),
      description: 'TableSleuth: the dashboard over all regions',
    });
  }
  Tags.of(scope).add('tablesleuth:environment', settings.environment);
  for (const [key, value] of Object.entries(settings.tags)) {
    Tags.of(scope).add(key, value);
  }
}

/** The name of a stack of a part: `Tablesleuth<Part>-<environment>`, and its region where there are several. */
export function stackName(part: string, { environment, region, regions }: Settings): string {
  return [`Tablesleuth${part}`, environment, ...(regions.length > 1 ? [region] : [])].join('-');
}

/** Where a stack of a part goes. Its name is said, because in a stage CDK would put the stage's before it. */
function stackProps(part: string, settings: Settings) {
  return {
    env: { account: settings.account, region: settings.region },
    stackName: stackName(part, settings),
  };
}

/** The stacks of one region, in the order in which they are deployed. */
function addRegion(scope: Construct, settings: Settings, copies: CopiesStack | undefined): void {
  const name = (part: string) => stackName(part, settings);
  const props = (part: string, description: string) => ({ ...stackProps(part, settings), description });

  const data = new DataStack(scope, name('Data'), settings, props('Data', 'TableSleuth: password, key and logs'));
  const before: Stack[] = [data];
  if (settings.network.vpcId === undefined) {
    const networkProps = props('Network', 'TableSleuth: network');
    before.push(after(before, new NetworkStack(scope, name('Network'), settings, settings.network, networkProps)));
  }
  if (ImageStack.isNeeded(settings)) {
    const imageProps = props('Image', 'TableSleuth: images of hosts');
    before.push(after(before, new ImageStack(scope, name('Image'), settings, imageProps)));
  }
  const sweep = addSweep(scope, settings, before);
  const workbench = new WorkbenchStack(scope, name('Workbench'), settings, props('Workbench', 'TableSleuth: hosts'));
  after(before, workbench);

  const operations = new OperationsStack(
    scope,
    name('Operations'),
    settings,
    props('Operations', 'TableSleuth: alarms, schedules and protection'),
  );
  after(sweep === undefined ? [workbench] : [workbench, sweep], operations);
  if (copies !== undefined) operations.addStackDependency(copies);
  if (ServiceStack.isNeeded(settings)) {
    const serviceProps = props('Service', 'TableSleuth: findings about tables');
    after([operations], new ServiceStack(scope, name('Service'), settings, serviceProps));
  }
}

function addSweep(scope: Construct, settings: Settings, before: readonly Stack[]): SweepStack | undefined {
  if (!SweepStack.isNeeded(settings)) return undefined;
  const props = { ...stackProps('Sweep', settings), description: 'TableSleuth: inspection of all tables' };
  const sweep = new SweepStack(scope, stackName('Sweep', settings), settings, props);
  after(before, sweep);
  return sweep;
}

/** The one stack that is in no region of hosts; the plans that fill it name it by names that are known before it is there. */
function addCopies(scope: Construct, settings: Settings): CopiesStack | undefined {
  const destination = copiesOf(settings);
  if (destination === undefined) return undefined;
  const stackName = `TablesleuthCopies-${settings.environment}`;
  return new CopiesStack(scope, stackName, settings, {
    stackName,
    env: { account: settings.account, region: destination.region },
    description: 'TableSleuth: copies of backups',
  });
}

/** Deploys a stack after others. */
function after(others: readonly Stack[], stack: Stack): Stack {
  for (const other of others) stack.addStackDependency(other);
  return stack;
}
