import type { Stack } from 'aws-cdk-lib';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { AlertTopic } from '../../../src';
import type { Settings } from '../../settings';

/** What every part of the operations stack is given. */
export interface OperationsContext {
  readonly settings: Settings;
  /** Where people are told; undefined when `alarms` is off. An alarm of yours needs `new SnsAction(topic)`, no more. */
  readonly topic?: ITopic;
  /** The same with its key, for who publishes without being an alarm. */
  readonly alerts?: AlertTopic;
}

/** One thing that operates a workbench: alarms, hours, backups. The settings switch it on. */
export interface OperationsPart {
  readonly isOn: (settings: Settings) => boolean;
  /** Composes constructs of the library; makes no resource of its own. */
  readonly add: (stack: Stack, context: OperationsContext) => void;
}
