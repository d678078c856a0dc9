import { type Duration, Token } from 'aws-cdk-lib';
import { type BundleLocation, bundleScript } from './bundle-script';

/** What a host's user data is made of. Every value may be a token, except the digest and the time. */
export interface HostUserDataOptions extends BundleLocation {
  readonly region: string;
  readonly stackName: string;
  /** The resource of the stack that waits for this host's signal. */
  readonly signalLogicalId: string;
  readonly logGroupName: string;
  /** How long the resource waits. The host gives up `REPORT_SECONDS` before. */
  readonly healthyWithin: Duration;
  /** The hook of its group that a host completes when it is healthy, so that it gets work, and abandons when it is not. */
  readonly launchHook?: string;
  /** The lines of `/etc/tablesleuth/settings.env`; no secret among them. */
  readonly settings: Record<string, string>;
}

/**
 * What a host leaves of the time that it has. A launch and boot take 20 to 50 seconds of it, because the resource waits
 * from the launch on; the rest is for sending the log and the signal, which the host gives at most 50 seconds.
 */
export const REPORT_SECONDS = 90;

/**
 * The script that cloud-init runs once on a new host: fetch the bundle unless the image holds it, check it, run it, and tell CloudFormation how
 * it ended, before CloudFormation gives up by itself. A failure also sends the end of the boot log away, because the
 * machine is about to disappear.
 */
export function hostUserData(options: HostUserDataOptions): string {
  const settings = Object.entries(options.settings).map(([key, value]) => settingLine(key, value));
  return [
    '#!/bin/bash',
    'set -euo pipefail',
    ...ownLog(),
    `export AWS_REGION="${options.region}" AWS_DEFAULT_REGION="${options.region}"`,
    'metadata() {',
    '  curl -sf --connect-timeout 2 --max-time 5 --retry 10 --retry-connrefused --retry-max-time 60 "$@"',
    '}',
    'token=$(metadata -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 300" http://169.254.169.254/latest/api/token)',
    'instance=$(metadata -H "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/meta-data/instance-id)',
    ...report(options),
    ...withinTime(options.healthyWithin.toSeconds()),
    ...bundleScript(options, 'within_time '),
    "cat > /etc/tablesleuth/settings.env <<'SETTINGS'",
    ...settings,
    'SETTINGS',
    'within_time bash /opt/tablesleuth/host/install',
    'within_time bash /opt/tablesleuth/host/configure',
    '',
  ].join('\n');
}

/**
 * Everything is printed straight into a file, which therefore is complete whenever it is read; it is in memory, so that
 * a full disk loses none of it. `tail` shows it to cloud-init's own log meanwhile, and ends with the script.
 */
function ownLog(): string[] {
  return [
    'log=/run/tablesleuth-boot.log',
    'exec 3>&1 >> "$log" 2>&1',
    'tail --lines=+1 --follow --sleep-interval=0.2 --pid="$$" "$log" >&3 3>&- &',
    'exec 3>&-',
  ];
}

/** Whatever ends the script, CloudFormation is told, and after a failure the log is sent first. */
function report({ logGroupName, stackName, signalLogicalId, launchHook }: HostUserDataOptions): string[] {
  const stream = `--log-group-name "${logGroupName}" --log-stream-name "$instance/boot"`;
  const hasHook = launchHook !== undefined;
  return [
    ...(hasHook ? completion(launchHook) : []),
    'send_log() {',
    '  tail -n 200 "$log" | python3 -c \'import json, sys, time; now = int(time.time() * 1000); print(json.dumps([{"timestamp": now, "message": line.rstrip("\\n") or " "} for line in sys.stdin]))\' > /run/boot-log.json',
    `  timeout 15 aws logs create-log-stream ${stream}`,
    `  timeout 15 aws logs put-log-events ${stream} --log-events file:///run/boot-log.json > /run/boot-log.sent`,
    '}',
    'finish() {',
    '  code=$?',
    '  trap - EXIT',
    '  set +e',
    '  status=SUCCESS',
    '  if [ "$code" -ne 0 ]; then',
    '    status=FAILURE',
    `    echo "host did not become healthy (exit code $code); this log is stream $instance/boot of log group ${logGroupName}"`,
    '    send_log',
    '  fi',
    ...when(hasHook, '  [ "$status" = FAILURE ] || complete_launch CONTINUE'),
    `  timeout 20 aws cloudformation signal-resource --stack-name "${stackName}" --logical-resource-id "${signalLogicalId}" --unique-id "$instance" --status "$status" || echo "no deployment waits for this host"`,
    ...when(hasHook, '  [ "$status" = SUCCESS ] || complete_launch ABANDON'),
    '  exit "$code"',
    '}',
    'trap finish EXIT',
  ];
}

/** A host that is healthy is in service before a deployment hears of it; one that is abandoned is ended, and so has said all. */
function completion(launchHook: string): string[] {
  return [
    'complete_launch() {',
    '  group=$(timeout 10 aws autoscaling describe-auto-scaling-instances --instance-ids "$instance" --query "AutoScalingInstances[0].AutoScalingGroupName" --output text)',
    `  timeout 10 aws autoscaling complete-lifecycle-action --lifecycle-hook-name "${launchHook}" --auto-scaling-group-name "$group" --instance-id "$instance" --lifecycle-action-result "$1" || echo "no group waits for this host"`,
    '}',
  ];
}

function when(isSo: boolean, line: string): string[] {
  return isSo ? [line] : [];
}

/** A command that is not done in time is stopped together with everything that it started, and the log says so. */
function withinTime(healthyWithin: number): string[] {
  return [
    'within_time() {',
    `  local code=0 left=$((${healthyWithin - REPORT_SECONDS} - SECONDS)) group`,
    '  timeout --kill-after=5 "$((left > 0 ? left : 1))" "$@" &',
    '  group=$!',
    '  wait "$group" || code=$?',
    '  [ "$code" -ne 0 ] || return 0',
    '  kill -KILL -- "-$group" 2> /dev/null || true',
    `  if [ "$SECONDS" -ge ${healthyWithin - REPORT_SECONDS} ]; then`,
    `    echo "$* did not end within $left s and was stopped: a new host has ${healthyWithin} s to become healthy, ${REPORT_SECONDS} of them to boot and to report. The lines above say how far it came; give it more time, or find what it waited for"`,
    '  fi',
    '  return "$code"',
    '}',
  ];
}

/** The host's shell reads the line, so a value must not end its quotes or be a command. */
function settingLine(key: string, value: string): string {
  if (!Token.isUnresolved(value) && /["$`\\\n]/.test(value)) {
    throw new Error(`${key} is ${JSON.stringify(value)}, expected no quote, dollar, backtick, backslash or line break`);
  }
  return `${key}="${value}"`;
}
