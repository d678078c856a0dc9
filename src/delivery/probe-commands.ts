import { HostProbe } from './host-probe';

/** What is probed after a deployment. */
export interface ProbedEnvironment {
  readonly environmentName: string;
  readonly account: string;
  readonly regions: string[];
  /** Whether no host may run: outside of its hours, or since it was idle. */
  readonly mayBeStopped: boolean;
  /** How long an alarm may take to come on, in minutes. */
  readonly alarmMinutes: number;
}

const SHELL = `
set -euo pipefail
take_role() {
  local credentials
  credentials=$(aws sts assume-role --region "$2" --role-arn "$1" --role-session-name probe --output text \\
    --query "join(' ', [Credentials.AccessKeyId, Credentials.SecretAccessKey, Credentials.SessionToken])")
  read -r AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN <<< "$credentials"
  export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
}
alarms_on() {
  aws cloudwatch describe-alarms --region "$1" --alarm-name-prefix "tablesleuth-$2-" --state-value ALARM --output text \\
    --alarm-types MetricAlarm CompositeAlarm \\
    --query "join(' ', [MetricAlarms, CompositeAlarms][] | [?AlarmActions] | [].AlarmName)"
}
outcome() {
  aws ssm get-command-invocation --region "$1" --command-id "$2" --instance-id "$3" --output text --query "$4"
}
ask_host() {
  local region=$1 command=$2 host=$3 status=Pending
  for _ in $(seq 60); do
    sleep "\${PROBE_PAUSE:-5}"
    status=$(outcome "$region" "$command" "$host" Status) || status=Pending
    case $status in Pending|InProgress|Delayed) ;; *) break ;; esac
  done
  echo "$region $host: $status: $(outcome "$region" "$command" "$host" "join(' ', [StandardOutputContent, StandardErrorContent])")"
  [ "$status" = Success ]
}
ask_hosts() {
  local region=$1 environment=$2 document=$3 may_be_stopped=$4 hosts command
  hosts=$(aws ec2 describe-instances --region "$region" --output text --query "join(' ', Reservations[].Instances[].InstanceId)" \\
    --filters "Name=tag:tablesleuth:environment,Values=$environment" Name=instance-state-name,Values=running)
  if [ -z "$hosts" ]; then
    echo "$region: no host runs"
    [ "$may_be_stopped" = true ]
    return
  fi
  command=$(aws ssm send-command --region "$region" --document-name "$document" --instance-ids $hosts \\
    --output text --query Command.CommandId)
  for host in $hosts; do ask_host "$region" "$command" "$host"; done
}
watch_alarms() {
  local region=$1 environment=$2 before now alarm end=$((SECONDS + $3 * 60))
  before=$(alarms_on "$region" "$environment")
  now=$before
  while [ "$SECONDS" -lt "$end" ]; do
    sleep "\${PROBE_PAUSE:-30}"
    now=$(alarms_on "$region" "$environment")
    for alarm in $now; do
      case " $before " in *" $alarm "*) ;; *) echo "$region: the alarm $alarm came on"; return 1 ;; esac
    done
  done
  if [ -n "$now" ]; then echo "$region: alarms that are on: $now"; return 1; fi
  echo "$region: no alarm is on"
}
# A shell of its own, because the role is for one region; never part of a condition, where bash ignores failures.
probe() (
  take_role "$1" "$2"
  ask_hosts "$2" "$3" "$4" "$5"
  watch_alarms "$2" "$3" "$6"
)`.trim();

/**
 * The shell of a probe, for `bash` and AWS's command line: takes the role of each region, asks every running host for its
 * health, and watches the alarms. It fails when a host is not healthy, when none runs that should, as soon as an alarm
 * comes on, and when one is still on at the end. All regions are watched at the same time.
 */
export function probeCommands(environment: ProbedEnvironment, partition: string): string {
  const { environmentName, regions, mayBeStopped, alarmMinutes } = environment;
  const document = HostProbe.documentName(environmentName);
  const roles = probeRoles(environment, partition);
  const started = regions.map((region, index) => {
    const role = roles[index];
    return `probe ${role} ${region} ${environmentName} ${document} ${mayBeStopped} ${alarmMinutes} & probes="$probes $!"`;
  });
  const waiting = 'failed=0; for each in $probes; do wait "$each" || failed=1; done; exit $failed';
  return [SHELL, 'probes=', ...started, waiting].join('\n');
}

/** The roles of the probes of an environment, in the order of its regions. */
export function probeRoles(environment: ProbedEnvironment, partition: string): string[] {
  const { environmentName, account, regions } = environment;
  return regions.map(
    (region) => `arn:${partition}:iam::${account}:role/${HostProbe.roleName({ environmentName, region })}`,
  );
}
