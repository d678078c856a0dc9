import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { HostCall } from './host-call';
import type { IHostLauncher } from './host-launcher';
import type { IWorkbenchData } from './workbench-data';

/** Where nginx serves TableSleuth on a host. */
export const UI_PORT = 8080;
/** Where GizmoSQL listens on a host. */
export const GIZMOSQL_PORT = 31337;

/**
 * Lines of shell for a person with the AWS CLI and its Session Manager plugin. They find a running host by themselves,
 * so they stay right when the host is replaced.
 */
export interface HostCommands {
  /** Opens a recorded shell on the host. */
  readonly connect: string;
  /** Forwards TableSleuth to http://localhost:8080 while it runs. */
  readonly tablesleuth: string;
  /** Forwards GizmoSQL to grpc://localhost:31337 while it runs. */
  readonly gizmosql: string;
  /** Follows the host's log, and that of a boot that failed. */
  readonly hostLogs: string;
  /** Follows what people type and see in sessions. */
  readonly sessionLogs: string;
  /** Starts the host. */
  readonly start: string;
  /** Stops the host. A group and a fleet end it; the next start launches a new one. */
  readonly stop: string;
  /**
   * Leaves out the next stop of the hours.
   *
   * @default - there are no hours
   */
  readonly keepRunning?: string;
}

/** The commands for one launcher of hosts. */
export function hostCommands(
  scope: Construct,
  launcher: IHostLauncher,
  sessionDocumentName: string,
  data: IWorkbenchData,
): HostCommands {
  const { region } = Stack.of(scope);
  const session = `aws ssm start-session --region ${region} --target ${launcher.targetExpression}`;
  const forward = (port: number) =>
    `${session} --document-name AWS-StartPortForwardingSession ` +
    `--parameters '{"portNumber":["${port}"],"localPortNumber":["${port}"]}'`;
  const follow = (logGroupName: string) => `aws logs tail --region ${region} --follow ${logGroupName}`;
  return {
    connect: `${session} --document-name ${sessionDocumentName}`,
    tablesleuth: forward(UI_PORT),
    gizmosql: forward(GIZMOSQL_PORT),
    hostLogs: follow(data.hostLogGroup.logGroupName),
    sessionLogs: follow(data.sessionLogGroup.logGroupName),
    start: allOf(launcher.startCalls),
    stop: allOf(launcher.stopCalls),
  };
}

function allOf(calls: HostCall[]): string {
  return calls.map(({ command }) => command).join(' && ');
}
