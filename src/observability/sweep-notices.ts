import { Construct } from 'constructs';
import { addAlertRule } from '../private/alert-rule';
import type { AlertTopic } from './alert-topic';

export interface SweepNoticesProps {
  /** Where people are told. */
  readonly alerts: AlertTopic;

  /** The queue of the `Sweep`. */
  readonly queueArn: string;
}

/**
 * Tells people that a sweep failed: its planner, or workers after all their attempts. A table that cannot be read is no such
 * failure, but a finding. Free.
 */
export class SweepNotices extends Construct {
  constructor(scope: Construct, id: string, props: SweepNoticesProps) {
    super(scope, id);
    const { alerts, queueArn } = props;
    addAlertRule(this, {
      alerts,
      description: 'TableSleuth: a sweep failed',
      roleDescription: 'Tells people that a sweep failed',
      eventPattern: {
        source: ['aws.batch'],
        'detail-type': ['Batch Job State Change'],
        // An array fails once; each of its members would tell as well.
        detail: { jobQueue: [queueArn], status: ['FAILED'], arrayProperties: { index: [{ exists: false }] } },
      },
      text: {
        inputPathsMap: { job: '$.detail.jobId', name: '$.detail.jobName', reason: '$.detail.statusReason' },
        inputTemplate:
          '"The job <name> (<job>) of the TableSleuth sweep failed: <reason>. Tables that it had read have their findings; ' +
          'the next sweep reads all of them. Its log is what the output SweepLogsCommand shows"',
      },
      noQueue: 'EventBridge tries for a day by itself, and a sweep that goes on failing tells again at its next time',
    });
  }
}
