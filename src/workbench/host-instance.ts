import { Stack } from 'aws-cdk-lib';
import { CfnInstance, type CfnInstanceProps } from 'aws-cdk-lib/aws-ec2';
import { InstanceIdTarget } from 'aws-cdk-lib/aws-elasticloadbalancingv2-targets';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeCheckov, COMPLIANCE_PACKS, Pack } from '../private/acknowledge';
import { PUBLIC_ADDRESS } from './host-launch-template';
import type { HostCall } from './host-call';
import { UI_PORT } from './host-commands';
import type { HostLauncherProps, IHostLauncher } from './host-launcher';

/**
 * One EC2 instance. It can be stopped and started, and keeps its disk; nobody replaces it when it is lost.
 */
export class HostInstance extends Construct implements IHostLauncher {
  public readonly signalLogicalId: string;
  public readonly outputName = 'InstanceId';
  public readonly physicalId: string;
  public readonly targetExpression: string;
  public readonly startCalls: HostCall[];
  public readonly stopCalls: HostCall[];

  constructor(scope: Construct, id: string, props: HostLauncherProps) {
    super(scope, id);
    const { launchTemplate } = props;
    const instance = new CfnInstance(this, 'Resource', {
      launchTemplate: {
        launchTemplateId: launchTemplate.launchTemplateId,
        version: launchTemplate.versionNumber,
      },
      ...placement(props),
      propagateTagsToVolumeOnCreation: true,
    });
    instance.cfnOptions.creationPolicy = {
      resourceSignal: { count: 1, timeout: props.healthyWithin.toIsoString() },
    };
    acknowledgeInstance(instance, props.publicAddress);
    props.targetGroup?.addTarget(new InstanceIdTarget(instance.ref, UI_PORT));

    this.signalLogicalId = instance.logicalId;
    this.physicalId = instance.ref;
    this.targetExpression = instance.ref;
    this.startCalls = [this.call('start')];
    this.stopCalls = [this.call('stop')];
  }

  private call(verb: 'start' | 'stop'): HostCall {
    const stack = Stack.of(this);
    return {
      name: 'Instance',
      action: `ec2:${verb}Instances`,
      request: { InstanceIds: [this.physicalId] },
      resourceArn: stack.formatArn({ service: 'ec2', resource: 'instance', resourceName: this.physicalId }),
      command: `aws ec2 ${verb}-instances --region ${stack.region} --instance-ids ${this.physicalId}`,
    };
  }
}

/** EC2 refuses a subnet beside a network interface, and the template has an interface where hosts have an address. */
function placement(props: HostLauncherProps): Pick<CfnInstanceProps, 'subnetId' | 'networkInterfaces'> {
  const [subnetId] = props.subnets.subnetIds;
  if (!props.publicAddress) {
    return { subnetId };
  }
  const groupSet = [props.securityGroup.securityGroupId];
  return { networkInterfaces: [{ deviceIndex: '0', subnetId, associatePublicIpAddress: true, groupSet }] };
}

function acknowledgeInstance(instance: CfnInstance, publicAddress: boolean): void {
  const monitoring =
    'Detailed monitoring costs $2.10 a month and CPU figures every five minutes are enough for one host';
  acknowledge(instance, [Pack.AWS_SOLUTIONS], 'EC28', monitoring);
  acknowledge(instance, [Pack.HIPAA], 'EC2InstanceDetailedMonitoringEnabled', monitoring);
  acknowledge(
    instance,
    [Pack.AWS_SOLUTIONS],
    'EC29',
    'The host holds nothing that a new one would not have, and a protected one could not be replaced by a deployment',
  );
  acknowledge(
    instance,
    COMPLIANCE_PACKS,
    'EC2InstanceProfileAttached',
    'The launch template attaches the instance profile; the rule reads the instance alone',
  );
  if (publicAddress) {
    acknowledge(instance, COMPLIANCE_PACKS, 'EC2InstanceNoPublicIp', PUBLIC_ADDRESS);
    acknowledgeCheckov(instance, ['CKV_AWS_88'], PUBLIC_ADDRESS);
    acknowledge(
      instance,
      COMPLIANCE_PACKS,
      'EC2InstancesInVPC',
      'The network interface names the subnet; the rule looks for it on the instance itself',
    );
  }
}
