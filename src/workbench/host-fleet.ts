import { CfnWaitCondition, Stack, Token } from 'aws-cdk-lib';
import { CfnEC2Fleet } from 'aws-cdk-lib/aws-ec2';
import type { IStringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { fail } from '../private/validate';
import type { HostCall } from './host-call';
import { type HostLauncherProps, type IHostLauncher, runningInstanceWithTag } from './host-launcher';

export interface HostFleetProps extends HostLauncherProps {
  readonly spot: boolean;
  /** USD an hour. */
  readonly maxPrice?: number;
  /** Remembers whether hours want a host now: `1` or `0`. Needed with hours, and made before the fleet. */
  readonly wantedHosts?: IStringParameter;
}

/**
 * An EC2 Fleet of one host that EC2 maintains. A changed host means a new fleet, because CloudFormation replaces a fleet
 * whose launch template changes; the old fleet goes when the new one's host is healthy.
 */
export class HostFleet extends Construct implements IHostLauncher {
  public readonly signalLogicalId: string;
  public readonly outputName = 'FleetId';
  public readonly physicalId: string;
  public readonly targetExpression: string;
  public readonly startCalls: HostCall[];
  public readonly stopCalls: HostCall[];

  constructor(scope: Construct, id: string, props: HostFleetProps) {
    super(scope, id);
    if (props.targetGroup !== undefined) {
      fail(this, 'EC2 registers no host of a fleet at a load balancer: take an Auto Scaling group or one instance');
    }
    const wantedHosts = props.hasHours ? props.wantedHosts : undefined;
    if (props.hasHours && wantedHosts === undefined) {
      fail(
        this,
        'hours need `wantedHosts` of the fleet: each changed host is a new fleet, which has to know their state',
      );
    }
    const fleet = this.fleet(props, wantedHosts === undefined ? 1 : Token.asNumber(wantedHosts.stringValue));
    this.signalLogicalId = props.hasHours ? fleet.logicalId : this.healthy(props, fleet).logicalId;
    this.physicalId = fleet.attrFleetId;
    this.targetExpression = runningInstanceWithTag(Stack.of(this).region, 'aws:ec2:fleet-id', fleet.attrFleetId);
    this.startCalls = this.calls(1, wantedHosts);
    this.stopCalls = this.calls(0, wantedHosts);
  }

  private calls(hosts: number, wantedHosts?: IStringParameter): HostCall[] {
    const stack = Stack.of(this);
    const modify: HostCall = {
      name: 'Capacity',
      action: 'ec2:modifyFleet',
      request: {
        FleetId: this.physicalId,
        TargetCapacitySpecification: { TotalTargetCapacity: hosts },
      },
      resourceArn: stack.formatArn({ service: 'ec2', resource: 'fleet', resourceName: this.physicalId }),
      command:
        `aws ec2 modify-fleet --region ${stack.region} --fleet-id ${this.physicalId} ` +
        `--target-capacity-specification TotalTargetCapacity=${hosts}`,
    };
    return wantedHosts === undefined ? [modify] : [modify, remember(stack, hosts, wantedHosts)];
  }

  private fleet(props: HostFleetProps, totalTargetCapacity: number): CfnEC2Fleet {
    const { launchTemplate, spot } = props;
    const overrides = props.instanceTypes.flatMap((type) =>
      props.subnets.subnetIds.map((subnetId) => ({
        instanceType: type.toString(),
        subnetId,
        maxPrice: props.maxPrice?.toString(),
      })),
    );
    return new CfnEC2Fleet(this, 'Resource', {
      type: 'maintain',
      replaceUnhealthyInstances: true,
      excessCapacityTerminationPolicy: 'termination',
      targetCapacitySpecification: {
        totalTargetCapacity,
        defaultTargetCapacityType: spot ? 'spot' : 'on-demand',
      },
      launchTemplateConfigs: [
        {
          launchTemplateSpecification: {
            launchTemplateId: launchTemplate.launchTemplateId,
            version: launchTemplate.versionNumber,
          },
          overrides,
        },
      ],
      spotOptions: spot
        ? { allocationStrategy: 'price-capacity-optimized', instanceInterruptionBehavior: 'terminate' }
        : undefined,
      onDemandOptions: spot ? undefined : { allocationStrategy: 'lowest-price' },
    });
  }

  /** EC2 fleets know no creation policy, so a condition of its own waits; a new one for each different host. */
  private healthy(props: HostFleetProps, fleet: CfnEC2Fleet): CfnWaitCondition {
    const condition = new CfnWaitCondition(this, `Healthy${props.fingerprint}`);
    condition.cfnOptions.creationPolicy = {
      resourceSignal: { count: 1, timeout: props.healthyWithin.toIsoString() },
    };
    condition.node.addDependency(fleet);
    return condition;
  }
}

/** A new fleet has as many hosts as the last call wanted. */
function remember({ region }: Stack, hosts: number, wantedHosts: IStringParameter): HostCall {
  const { parameterName, parameterArn } = wantedHosts;
  return {
    name: 'Memory',
    action: 'ssm:putParameter',
    request: { Name: parameterName, Value: `${hosts}`, Overwrite: true },
    resourceArn: parameterArn,
    command: `aws ssm put-parameter --region ${region} --name ${parameterName} --value ${hosts} --overwrite`,
  };
}
