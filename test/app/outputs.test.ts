import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { GivenSettings } from '../../app/settings/schema';
import { synthesize } from '../support/synthesis';
import { resourceOf, type TemplateDocument, textOf } from '../support/template';
import { HOURS } from '../support/variants';

const OUTPUTS = [
  'ConnectCommand',
  'GizmosqlCommand',
  'HostLogsCommand',
  'Region',
  'SessionLogsCommand',
  'TableSleuthCommand',
];

const KINDS: Array<[string, GivenSettings, outputName: string, type: string]> = [
  ['one instance', {}, 'InstanceId', 'AWS::EC2::Instance'],
  ['an Auto Scaling group', { useSpot: true }, 'AutoScalingGroupName', 'AWS::AutoScaling::AutoScalingGroup'],
  ['a fleet', { capacity: { kind: 'fleet' } }, 'FleetId', 'AWS::EC2::EC2Fleet'],
];

/** An output as a person sees it after a deployment; what AWS would fill in is the name of it. */
function output(template: TemplateDocument, name: string): string {
  return textOf(template, template.Outputs?.[name]?.Value).replace(/<(?:ssm:)?([\w/-]+)(?:\.\w+)?>/g, '$1');
}

/** Pastes a command into bash, where `aws` says what it was told, and finds the instance `i-0123` when it is asked. */
function paste(command: string): { found: string[]; told: string[] } {
  const aws = 'aws() { printf "%s\\n" "--- $1" "$@" >&2; if [ "$1" = ec2 ]; then echo i-0123; fi; }';
  const { status, stderr } = spawnSync('bash', ['-euc', `${aws}\n${command}`], { encoding: 'utf8' });
  expect(status).toBe(0);
  const calls = stderr.trim().split(/^--- \w+\n/m);
  return { found: calls.at(-2)?.trim().split('\n') ?? [], told: calls.at(-1)?.split('\n') ?? [] };
}

/** The word after an option. */
const after = (words: string[], option: string) => words[words.indexOf(option) + 1];

describe.each(KINDS)('the outputs of %s', (_name, settings, outputName, type) => {
  const template = synthesize(settings).workbench;
  const launcher = resourceOf(template, type).id;

  test('are all there, each with a description', () => {
    expect(Object.keys(template.Outputs ?? {}).sort()).toEqual([...OUTPUTS, outputName].sort());
    for (const { Description } of Object.values(template.Outputs ?? {})) {
      expect(Description).toMatch(/\w+ \w+/);
    }
  });

  test('name what runs the host, and where', () => {
    expect(output(template, outputName)).toBe(launcher);
    expect(output(template, 'Region')).toBe('us-east-2');
  });

  test.each([
    ['TableSleuthCommand', '8080'],
    ['GizmosqlCommand', '31337'],
  ])('%s can be pasted, and forwards port %s to the same port here', (name, port) => {
    const { told } = paste(output(template, name));
    expect(told.slice(0, 2)).toEqual(['ssm', 'start-session']);
    expect(after(told, '--region')).toBe('us-east-2');
    expect(after(told, '--document-name')).toBe('AWS-StartPortForwardingSession');
    expect(JSON.parse(after(told, '--parameters') ?? '')).toEqual({ portNumber: [port], localPortNumber: [port] });
    expect(after(told, '--target')).toBe(outputName === 'InstanceId' ? launcher : 'i-0123');
  });

  test('ConnectCommand can be pasted, and uses the document that records', () => {
    const { told } = paste(output(template, 'ConnectCommand'));
    expect(told.slice(0, 2)).toEqual(['ssm', 'start-session']);
    expect(after(told, '--document-name')).toBe(resourceOf(template, 'AWS::SSM::Document').id);
  });

  test('find the logs of hosts and of sessions', () => {
    const logGroup = (name: string) => paste(output(template, name)).told.at(-1);
    expect(paste(output(template, 'HostLogsCommand')).told.slice(0, 2)).toEqual(['logs', 'tail']);
    expect(logGroup('HostLogsCommand')).toBe('/tablesleuth/dev/data/host-log-group');
    expect(logGroup('SessionLogsCommand')).toBe('/tablesleuth/dev/data/session-log-group');
  });
});

test('the outputs of the service are those of the seed, and say where findings are and who answers', () => {
  const { service } = synthesize({ service: {} });
  const outputs = Object.fromEntries(
    Object.keys(service.Outputs ?? {}).map((name) => [
      name,
      output(service, name).replace(/(?<!\d\d)[0-9A-F]{8}\b/g, ''),
    ]),
  );
  expect(outputs).toEqual({
    LogBucketName: '/tablesleuth/dev/data/findings-bucket-name',
    DBClusterArn: 'arn:aws:rds:us-east-2:111122223333:cluster:Database',
    ApiEndpoint: 'https://Api.execute-api.us-east-2.<AWS::URLSuffix>/ApiDeploymentStagev1/',
    NotificationTopicArn: 'NotificationsTopic',
  });
  for (const { Description } of Object.values(service.Outputs ?? {})) expect(Description).toMatch(/\w+ \w+/);
});

test('the data stack, which is deployed before any host, tells where a boot that fails leaves its log', () => {
  const { data } = synthesize();
  const { told } = paste(output(data, 'BootLogsCommand'));
  expect(told).toEqual(['logs', 'tail', '--region', 'us-east-2', '--since', '1h', 'DataHostLogs82DD72DD']);
});

describe.each(KINDS)('with hours, the outputs of %s', (_name, settings, outputName, type) => {
  const template = synthesize({ ...settings, hours: HOURS }).workbench;
  const launcher = resourceOf(template, type).id;

  test('say how to start, to stop, and to leave a stop out', () => {
    const more = ['KeepRunningCommand', 'StartCommand', 'StopCommand'];
    expect(Object.keys(template.Outputs ?? {}).sort()).toEqual([...OUTPUTS, ...more, outputName].sort());
    for (const name of ['StartCommand', 'StopCommand']) {
      expect(output(template, name)).toMatch(new RegExp(`^aws \\w+ .* --region us-east-2 .*${launcher}`));
    }
    expect(output(template, 'KeepRunningCommand')).toContain('aws scheduler update-schedule --region us-east-2');
  });
});

test.each<[string, GivenSettings, string, string]>([
  ['an Auto Scaling group', { useSpot: true }, 'AWS::AutoScaling::AutoScalingGroup', 'aws:autoscaling:groupName'],
  ['a fleet', { capacity: { kind: 'fleet' } }, 'AWS::EC2::EC2Fleet', 'aws:ec2:fleet-id'],
])('commands find the running host of %s by the tag that AWS gives it', (_name, settings, type, tag) => {
  const template = synthesize(settings).workbench;
  const { found } = paste(output(template, 'ConnectCommand'));
  expect(found).toEqual(
    expect.arrayContaining([
      'describe-instances',
      `Name=tag:${tag},Values=${resourceOf(template, type).id}`,
      'Name=instance-state-name,Values=running',
      'Reservations[0].Instances[0].InstanceId',
    ]),
  );
});
