import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { RegionsDashboard } from '../../src';
import type { Settings } from '../settings';

/** What is there once for all regions of an environment, in the first of them. It depends on no other stack. */
export class OverviewStack extends Stack {
  /** Whether there are several regions and something to show of them. */
  public static isNeeded({ regions, dashboard }: Settings): boolean {
    return regions.length > 1 && dashboard !== false;
  }

  constructor(scope: Construct, id: string, settings: Settings, props: StackProps) {
    super(scope, id, props);
    const { environment, regions, dashboard } = settings;
    new RegionsDashboard(this, 'Dashboard', {
      environmentName: environment,
      regions: [...regions],
      hourlyPrice: typeof dashboard === 'object' ? dashboard.hourlyPrice : undefined,
    });
  }
}
