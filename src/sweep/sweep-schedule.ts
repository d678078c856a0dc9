import { Duration, Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule, CfnScheduleGroup, type ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';

export interface SweepScheduleProps {
  readonly schedule: ScheduleExpression;
  readonly queueArn: string;
  readonly definitionArn: string;
}

/** The name of the planner's job, which tells it from its workers. */
export const PLAN_JOB_NAME = 'sweep-plan';

/** A sweep that begins later than this is as good as the next one. */
const TRY_FOR = Duration.hours(1);

/** Submits the planner when it is time: EventBridge Scheduler calls AWS Batch itself. */
export class SweepSchedule extends Construct {
  constructor(scope: Construct, id: string, { schedule, queueArn, definitionArn }: SweepScheduleProps) {
    super(scope, id);
    const { partition } = Stack.of(this);
    // A group of its own is what tells the calls of this schedule from all others in the account, for its role.
    const group = new CfnScheduleGroup(this, 'Group');
    new CfnSchedule(this, 'Resource', {
      description: 'TableSleuth: begins a sweep',
      groupName: group.ref,
      scheduleExpression: schedule.expressionString,
      scheduleExpressionTimezone: schedule.timeZone?.timezoneName,
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: `arn:${partition}:scheduler:::aws-sdk:batch:submitJob`,
        roleArn: this.role(group.attrArn, [definitionArn, queueArn]).roleArn,
        input: Stack.of(this).toJsonString({
          JobName: PLAN_JOB_NAME,
          JobQueue: queueArn,
          JobDefinition: definitionArn,
        }),
        retryPolicy: { maximumEventAgeInSeconds: TRY_FOR.toSeconds(), maximumRetryAttempts: 30 },
      },
    });
  }

  private role(groupArn: string, resources: string[]): Role {
    const description = 'Begins the TableSleuth sweep when it is time';
    const statements = [new PolicyStatement({ actions: ['batch:SubmitJob'], resources })];
    return new Role(this, 'Role', {
      description,
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account, 'aws:SourceArn': groupArn } },
      }),
      managedPolicies: [new ManagedPolicy(this, 'Policy', { description, statements })],
    });
  }
}
