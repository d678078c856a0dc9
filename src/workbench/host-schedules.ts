import { Duration, Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import { acknowledgeWildcardResources } from '../private/acknowledge';
import { type HostCall, permissionOf } from './host-call';
import type { HostHours } from './host-hours';
import type { IHostLauncher } from './host-launcher';

export interface HostSchedulesProps {
  readonly hours: HostHours;
  readonly launcher: IHostLauncher;
}

/** A start that is late by more than this is worth nothing, and a stop is tried again on the next day. */
const TRY_FOR = Duration.hours(1);

/**
 * Starts and stops hosts by the hours: EventBridge Scheduler calls the launcher's own API. No function is involved, and
 * each role may make one call. Costs nothing: AWS gives 14 million invocations a month.
 */
export class HostSchedules extends Construct {
  /** The group that all schedules are in, whose metrics tell of calls that failed. */
  public readonly groupName: string;

  /** A line of shell that leaves out the next stop. */
  public readonly keepRunningCommand: string;

  private readonly group: CfnScheduleGroup;
  private readonly hours: HostHours;

  constructor(scope: Construct, id: string, { hours, launcher }: HostSchedulesProps) {
    super(scope, id);
    this.hours = hours;
    this.group = new CfnScheduleGroup(this, 'Resource');
    this.groupName = this.group.ref;
    this.schedule('Start', launcher.startCalls, hours.startExpression);
    const stops = this.schedule('Stop', launcher.stopCalls, hours.stopExpression);
    this.keepRunningCommand = this.skipNext(stops);
  }

  private schedule(verb: 'Start' | 'Stop', calls: HostCall[], expression: string): CfnSchedule[] {
    const role = this.role(verb, calls);
    return calls.map(
      (call) =>
        new CfnSchedule(this, `${verb}${call.name}`, {
          description: `TableSleuth: ${verb.toLowerCase()}s the host`,
          groupName: this.group.ref,
          scheduleExpression: expression,
          scheduleExpressionTimezone: this.hours.timeZoneName,
          flexibleTimeWindow: { mode: 'OFF' },
          target: {
            arn: `arn:${Stack.of(this).partition}:scheduler:::aws-sdk:${call.action}`,
            roleArn: role.roleArn,
            input: Stack.of(this).toJsonString(call.request),
            retryPolicy: { maximumEventAgeInSeconds: TRY_FOR.toSeconds(), maximumRetryAttempts: 30 },
          },
        }),
    );
  }

  private role(verb: 'Start' | 'Stop', calls: HostCall[]): Role {
    const statements = calls.map(
      ({ action, resourceArn }) => new PolicyStatement({ actions: [permissionOf(action)], resources: [resourceArn] }),
    );
    const policy = new ManagedPolicy(this, `${verb}Policy`, {
      description: `${verb}s the TableSleuth host`,
      statements,
    });
    acknowledgeWildcardResources(policy, statements, 'The group’s id is random; its name is whole');
    const { account } = Stack.of(this);
    return new Role(this, `${verb}Role`, {
      description: `${verb}s the TableSleuth host by its hours`,
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': account, 'aws:SourceArn': this.group.attrArn } },
      }),
      managedPolicies: [policy],
    });
  }

  /** A schedule does nothing before its start date, and goes on by itself after it. */
  private skipNext(schedules: CfnSchedule[]): string {
    const { region } = Stack.of(this);
    const members =
      'Name,GroupName,Description,State,ScheduleExpression,ScheduleExpressionTimezone,FlexibleTimeWindow,Target';
    const same = members
      .split(',')
      .map((member) => `${member}:${member}`)
      .join(',');
    const names = schedules.map(({ ref }) => ref).join(' ');
    return (
      `for name in ${names}; do aws scheduler update-schedule --region ${region} ` +
      `--start-date $(($(date +%s) + ${this.hours.minutesPastStop * 60})) --cli-input-json "$(aws scheduler get-schedule ` +
      `--region ${region} --group-name ${this.group.ref} --name $name --output json --query '{${same}}')"; done`
    );
  }
}
