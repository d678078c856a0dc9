/** One call of an AWS API that starts or stops hosts. */
export interface HostCall {
  /** What it does, as part of a name: `Capacity`. */
  readonly name: string;

  /** Service and action, as EventBridge Scheduler names them: `ec2:stopInstances`. */
  readonly action: string;

  /** The members of the request. */
  readonly request: Record<string, unknown>;

  /** The one resource that it changes. */
  readonly resourceArn: string;

  /** The same as a line of shell. */
  readonly command: string;
}

/** The permission for a call: `ec2:StopInstances` for `ec2:stopInstances`. */
export function permissionOf(action: string): string {
  return action.replace(/:[a-z]/, (start) => start.toUpperCase());
}
