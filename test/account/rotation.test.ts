import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import {
  GetCommandInvocationCommand,
  GetParameterCommand,
  ListCommandsCommand,
  ListDocumentsCommand,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { afterAll, describe, expect, test } from 'vitest';
import type { Outcome } from '../../emulator/machine/process';
import { withSoftware } from '../support/installed-software';
import { Deployment } from './deployment';
import { whereMachinesRun } from './fixtures/machines';

const PYTHON = '/opt/tablesleuth/venv/bin/python';
const MOST_REFUSED_SECONDS = 15;
const LONG_QUERY = 'SELECT count(*) FROM range(20000) a, range(50000) b WHERE (a.range * b.range) % 7 >= 0';
const BUCKET = 'lake-of-the-rotation';

let deployment: Deployment;
let secrets: SecretsManagerClient;
let secretId: string;
let host: string;

whereMachinesRun(async () => {
  deployment = await Deployment.start('rotation', { enforceIam: true, machines: await withSoftware() });
  const s3 = new S3Client(deployment.account.client);
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'numbers.csv', Body: 'number\n41\n1\n' }));
  const deployed = await deployment.deploy(
    'useSpot=true',
    `data.buckets=["arn:aws:s3:::${BUCKET}"]`,
    ...deployment.account.machines!.gizmosqlSettings,
  );
  expect(deployed.exitCode, deployed.output).toBe(0);
  secrets = new SecretsManagerClient(deployment.account.client);
  secretId = (await secrets.send(new ListSecretsCommand({}))).SecretList![0]!.ARN!;
  host = (await deployment.hosts())[0]!.InstanceId!;
  for (const name of ['watch_logins.py', 'query.py']) {
    const program = readFileSync(path.join(__dirname, '..', 'host', 'fixtures', name), 'utf8');
    await on(`cat >/usr/local/share/${name} <<'PROGRAM'\n${program}\nPROGRAM`);
  }
});

afterAll(() => deployment?.stop());

/** One story in one account, with IAM enforced: the function has its own role, the host its own. */
describe('the password of a deployed host', { concurrent: false }, () => {
  test('was proven by the rotation’s test when it was deployed, and is rotated only later', async () => {
    const tested = await eventually(async () => (await functionLog()).find((line) => line.includes('proved version')));
    expect(tested).toContain(host);
    expect((await secrets.send(new DescribeSecretCommand({ SecretId: secretId }))).LastRotatedDate).toBeUndefined();
    expect(await eventually(async () => ((await pending()) === undefined ? true : undefined))).toBe(true);
  });

  test('stays, and works, when a host cannot use the new one; the failure is counted', async () => {
    const old = await value();
    await on(`mkdir -p /run/systemd/system/gizmosql.service.d
      cat >/run/systemd/system/gizmosql.service.d/test.conf <<'UNIT'
[Service]
ExecStartPre=/bin/sh -c 'printf %%s "$$GIZMOSQL_PASSWORD" | sha256sum | cmp - /run/old-password'
UNIT
      . /run/tablesleuth-secret/password.env; printf %s "$GIZMOSQL_PASSWORD" | sha256sum >/run/old-password
      chmod 644 /run/old-password; systemctl daemon-reload`);
    await rotate();
    expect(await eventually(errors, 120_000)).toBe('1.0');
    await on('rm -r /run/systemd/system/gizmosql.service.d; systemctl daemon-reload');
    expect(await value()).toBe(old);
    expect(await pending()).toBeUndefined();
    expect(await query(old, 'SELECT 42')).toMatchObject({ status: 0, stdout: '42\n' });
    expect(await on('curl --fail --silent http://127.0.0.1:8080/health')).toContain('"healthy": true');
    expect((await functionLog()).join()).toContain('the old password is back and works');
  });

  test('changes while a query runs and connections are open: the query ends well, logins are refused for seconds', async () => {
    const old = await value();
    const running = query(old, LONG_QUERY);
    const idle = on('timeout 60 bash -c "exec 3<>/dev/tcp/127.0.0.1/31337; cat <&3" || true');
    await on('rm -f /run/stop-watching');
    const watching = on(`${PYTHON} /usr/local/share/watch_logins.py /run/stop-watching`);
    await sleep(1_000);
    await rotate();
    const rotated = await eventually(async () => ((await value()) === old ? undefined : await value()), 120_000);
    expect(await query(rotated!, 'SELECT 42')).toMatchObject({ status: 0, stdout: '42\n' });
    expect(await query(old, 'SELECT 42')).toMatchObject({ status: 1 });
    expect(await running).toMatchObject({ status: 0, stdout: '1000000000\n' });
    expect(await on('curl --fail --silent http://127.0.0.1:8080/health')).toContain('"healthy": true');
    await on('touch /run/stop-watching');
    const seen = JSON.parse(await watching) as Record<'gizmosql' | 'tablesleuth', { seconds: number }>;
    console.info(`refused at most: ${JSON.stringify(seen)}`);
    expect(seen.gizmosql.seconds).toBeLessThan(MOST_REFUSED_SECONDS);
    expect(seen.tablesleuth.seconds).toBeLessThan(MOST_REFUSED_SECONDS);
    await idle;
  });

  test('is in no log of the function or of the host, and in no command or its output', async () => {
    const shown = [...(await functionLog()), ...(await commands())].join('\n');
    expect(shown).toContain('the old password is refused');
    expect(shown).not.toContain(await value());
    expect(await on(`journalctl --all --output=export | grep -caF -f - <<'WORD' || true\n${await value()}\nWORD`)).toBe(
      '0',
    );
  });

  test('is proven by the document, sent to the hosts’ tag by hand, which takes nothing but a version', async () => {
    const ssm = new SSMClient(deployment.account.client);
    const { DocumentIdentifiers = [] } = await ssm.send(new ListDocumentsCommand({}));
    const DocumentName = DocumentIdentifiers.find(({ DocumentType }) => DocumentType === 'Command')!.Name!;
    const Targets = [{ Key: 'tag:tablesleuth:environment', Values: ['dev'] }];
    const send = (version: string) =>
      ssm.send(new SendCommandCommand({ DocumentName, Targets, Parameters: { version: [version] } }));
    await expect(send("x'; reboot; '")).rejects.toThrow(/does not match the pattern/);
    const CommandId = (await send('AWSCURRENT')).Command!.CommandId!;
    const answer = await eventually(async () => {
      const invocation = await ssm.send(new GetCommandInvocationCommand({ CommandId, InstanceId: host }));
      return ['Pending', 'InProgress'].includes(invocation.Status!) ? undefined : invocation;
    });
    expect(answer).toMatchObject({ Status: 'Success' });
    expect(answer?.StandardOutputContent).toContain('version AWSCURRENT is in use and works');
  });

  test('lets GizmoSQL read after the role’s credentials ended, without a restart', async () => {
    const read = async () => query(await value(), `SELECT sum(number) FROM 's3://${BUCKET}/numbers.csv'`);
    expect(await read()).toMatchObject({ status: 0, stdout: '42\n' });
    const pid = await on('systemctl show --property=MainPID --value gizmosql');
    const list = async () => query(await value(), `SELECT count(*) FROM glob('s3://${BUCKET}/*')`);
    const before = await usedKey();
    await on('systemctl stop tablesleuth-credentials.timer');
    await deployment.account.machines!.expireCredentials(host);
    expect(await list()).toMatchObject({ status: 1 });
    await on('systemctl start tablesleuth-credentials.service tablesleuth-credentials.timer');
    expect(await usedKey()).not.toBe(before);
    expect(await list()).toMatchObject({ status: 0, stdout: '1\n' });
    expect(await read()).toMatchObject({ status: 0, stdout: '42\n' });
    expect(await on('systemctl show --property=MainPID --value gizmosql')).toBe(pid);
  });

  async function value(): Promise<string> {
    return (await secrets.send(new GetSecretValueCommand({ SecretId: secretId }))).SecretString!;
  }

  /** The version that is pending and not current. */
  async function pending(): Promise<string | undefined> {
    const { VersionIdsToStages = {} } = await secrets.send(new DescribeSecretCommand({ SecretId: secretId }));
    return Object.keys(VersionIdsToStages).find((id) => VersionIdsToStages[id]!.join() === 'AWSPENDING');
  }

  function rotate(): Promise<unknown> {
    return secrets.send(new RotateSecretCommand({ SecretId: secretId }));
  }

  function query(password: string, sql: string): Promise<Outcome> {
    const script = `${PYTHON} /usr/local/share/query.py <<'INPUT'\n${password}\n${sql}\nINPUT`;
    return deployment.account.machines!.run(host, script);
  }

  async function usedKey(): Promise<string> {
    const sql = "SELECT secret_string FROM duckdb_secrets() WHERE name = 'instance_role'";
    const { stdout } = await query(await value(), sql);
    return /key_id=(\w+)/.exec(stdout)![1]!;
  }

  /** What was sent to hosts, and what they answered. */
  async function commands(): Promise<string[]> {
    const ssm = new SSMClient(deployment.account.client);
    const { Commands = [] } = await ssm.send(new ListCommandsCommand({}));
    const answers = Commands.map(async (command) => {
      const invocation = { CommandId: command.CommandId, InstanceId: command.InstanceIds![0] };
      return JSON.stringify([command, await ssm.send(new GetCommandInvocationCommand(invocation))]);
    });
    return Promise.all(answers);
  }

  /** What the function said: it writes into the hosts' log group. */
  async function functionLog(): Promise<string[]> {
    const { Parameter } = await new SSMClient(deployment.account.client).send(
      new GetParameterCommand({ Name: '/tablesleuth/dev/data/host-log-group' }),
    );
    const { events = [] } = await new CloudWatchLogsClient(deployment.account.client).send(
      new FilterLogEventsCommand({ logGroupName: Parameter!.Value! }),
    );
    const ofFunction = events.filter(({ logStreamName }) => logStreamName?.includes('$LATEST'));
    return ofFunction.map(({ message = '' }) => message);
  }

  /** The sum of the metric that the alarm watches, once it is above zero; asked with the account's own key. */
  async function errors(): Promise<string | undefined> {
    const { accessKeyId, secretAccessKey } = deployment.account.client.credentials;
    const sum = await on(`export AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey}
      cloudwatch() { aws cloudwatch --region us-east-2 --output text "$@"; }
      name=$(cloudwatch list-metrics --namespace AWS/Lambda --query 'Metrics[].Dimensions[].Value' |
        tr '\\t' '\\n' | grep -m 1 PasswordRotation)
      cloudwatch get-metric-statistics --namespace AWS/Lambda --metric-name Errors --statistics Sum --period 3600 \\
        --dimensions Name=FunctionName,Value="$name" --start-time "$(date -d -30min +%FT%TZ)" \\
        --end-time "$(date -d +30min +%FT%TZ)" --query 'Datapoints[0].Sum'`);
    return Number(sum) > 0 ? sum : undefined;
  }
});

/** What a script prints on the host, run as root. */
async function on(script: string): Promise<string> {
  const { status, stdout, stderr } = await deployment.account.machines!.run(host, script);
  if (status !== 0) throw new Error(`exit code ${status}: ${script}\n${stdout}${stderr}`);
  return stdout.trim();
}

/** What `look` finds, or undefined when it found nothing in time. */
async function eventually<Found>(
  look: () => Promise<Found | undefined>,
  withinMs = 60_000,
): Promise<Found | undefined> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; await sleep(500)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  return undefined;
}
