/** An instance as the account describes it to the keeper of the machines. */
export interface Instance {
  readonly InstanceId: string;
  readonly State: 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down';
  /** Base64. */
  readonly UserData: string;
  readonly Tags: Readonly<Record<string, string>>;
  /** Whether the launch template puts the tags into the instance's metadata. */
  readonly TagsInMetadata: boolean;
  readonly ImageId: string;
  /** The images that its image consists of, the lowest first; none when it is Amazon's own. */
  readonly ImageLayers: readonly string[];
  readonly InstanceType: string;
  readonly InstanceLifeCycle: string;
  /** Empty for an instance without a role. */
  readonly InstanceProfileArn: string;
  readonly DiskGiB: number;
  readonly PrivateIpAddress: string;
  readonly Architecture: string;
  readonly LaunchTime: string;
  readonly AvailabilityZone: string;
  readonly Region: string;
  readonly AccountId: string;
  /** How often somebody had it rebooted. */
  readonly Reboots: number;
  /** The state that the instance's group has in mind for it; empty for an instance of no group. */
  readonly TargetLifecycleState: '' | 'InService' | 'Terminated';
  /** Whether the group goes by how much of its processors the machine uses. */
  readonly IsMeasured: boolean;
}

/** An EBS volume, other than the root volume of an instance, as the account describes it. */
export interface Volume {
  readonly VolumeId: string;
  readonly State: 'creating' | 'available' | 'in-use' | 'modifying';
  /** What it has, or is to have. */
  readonly SizeGiB: number;
  /** The content that it begins with; empty: none. */
  readonly Content: string;
  /** Empty when it is attached to none. */
  readonly InstanceId: string;
  /** The name that the attachment asks for, such as /dev/sdf. */
  readonly Device: string;
  readonly Attachment: '' | 'attaching' | 'attached' | 'detaching';
}

/** A snapshot that is being made, or is complete. */
export interface Snapshot {
  readonly SnapshotId: string;
  readonly VolumeId: string;
  readonly State: 'pending' | 'completed';
  /** What it holds; copies of a snapshot hold the same. */
  readonly Content: string;
}

/** An image that is to be made of the disk of a stopped instance. */
export interface PendingImage {
  readonly ImageId: string;
  readonly InstanceId: string;
}

/** A script that somebody sent to an instance with Run Command. */
export interface Command {
  readonly Id: number;
  readonly InstanceId: string;
  readonly Script: string;
}

/** What the keeper has to see to. */
export interface Work {
  readonly Instances: readonly Instance[];
  readonly Commands: readonly Command[];
  readonly Volumes: readonly Volume[];
  readonly Snapshots: readonly Snapshot[];
  readonly Images: readonly PendingImage[];
}
