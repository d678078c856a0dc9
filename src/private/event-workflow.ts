import type { Duration } from 'aws-cdk-lib';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { acknowledge, acknowledgeWildcardResources, Pack } from './acknowledge';

/** An event, and the calls of AWS's API that answer it, without any function. */
export interface EventWorkflowProps {
  /** What the rule says of itself, and of what it starts. */
  readonly rule: { readonly description: string; readonly targetId: string };
  readonly eventPattern: object;
  /** In Amazon's states language. */
  readonly definition: object;
  /** What the calls need, and nothing else. */
  readonly statements: PolicyStatement[];
  readonly role: { readonly description: string; readonly policyDescription: string };
  /** Why a resource of the statements has a wildcard; left out where none has one. */
  readonly wildcardReason?: string;
  /** Why an event that is lost is no harm. */
  readonly lossReason: string;
}

/** Steps in Amazon's states language. */
export interface Workflow {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, object>>;
}

/** One step of a workflow, a call of an API, that is tried again for some minutes. */
export function apiCall(partition: string, action: string, parameters: object): object {
  return {
    Type: 'Task',
    Resource: `arn:${partition}:states:::aws-sdk:${action}`,
    Parameters: parameters,
    ResultPath: null,
    Retry: [{ ErrorEquals: ['States.TaskFailed'], IntervalSeconds: 30, MaxAttempts: 5, BackoffRate: 2 }],
  };
}

/** A step that waits. */
export function wait(duration: Duration): object {
  return { Type: 'Wait', Seconds: duration.toSeconds() };
}

/** Steps, one after the other. */
export function inOrder(steps: Readonly<Record<string, object>>): Workflow {
  const names = Object.keys(steps);
  const states = names.map((name, index): [string, object] => {
    const next = names[index + 1];
    return [name, { ...steps[name], ...(next === undefined ? { End: true } : { Next: next }) }];
  });
  return { StartAt: names[0]!, States: Object.fromEntries(states) };
}

/**
 * Makes the parts of a workflow in a construct of its own: a state machine, its role, and a rule that starts it. Returns
 * the state machine's ARN.
 */
export function addEventWorkflow(scope: Construct, props: EventWorkflowProps): string {
  const machine = new CfnStateMachine(scope, 'Resource', {
    stateMachineType: 'STANDARD',
    roleArn: caller(scope, props).roleArn,
    definition: props.definition,
  });
  const history = 'A standard workflow keeps the input and output of each of its steps for 90 days by itself';
  acknowledge(machine, [Pack.AWS_SOLUTIONS], 'SF1', history);
  acknowledge(machine, [Pack.AWS_SOLUTIONS], 'SF2', history);
  acknowledge(machine, [Pack.SERVERLESS], 'StepFunctionStateMachineXray', history);
  const rule = new CfnRule(scope, 'Rule', {
    description: props.rule.description,
    eventPattern: props.eventPattern,
    targets: [{ id: props.rule.targetId, arn: machine.attrArn, roleArn: starter(scope, machine).roleArn }],
  });
  acknowledge(rule, [Pack.SERVERLESS], 'EventBusDLQ', props.lossReason);
  return machine.attrArn;
}

function caller(scope: Construct, { statements, role, wildcardReason }: EventWorkflowProps): Role {
  const policy = new ManagedPolicy(scope, 'UpdatePolicy', { description: role.policyDescription, statements });
  if (wildcardReason !== undefined) acknowledgeWildcardResources(policy, statements, wildcardReason);
  return new Role(scope, 'Updater', {
    description: role.description,
    assumedBy: new ServicePrincipal('states.amazonaws.com'),
    managedPolicies: [policy],
  });
}

function starter(scope: Construct, machine: CfnStateMachine): Role {
  return new Role(scope, 'Starter', {
    description: 'Starts one state machine',
    assumedBy: new ServicePrincipal('events.amazonaws.com'),
    managedPolicies: [
      new ManagedPolicy(scope, 'StartPolicy', {
        description: 'Starts one state machine',
        statements: [new PolicyStatement({ actions: ['states:StartExecution'], resources: [machine.attrArn] })],
      }),
    ],
  });
}
