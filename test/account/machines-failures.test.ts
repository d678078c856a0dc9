import { CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetBucketPolicyCommand, PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { DeleteSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, describe, expect, test } from 'vitest';
import { Deployment } from './deployment';
import { mountsOfMachines, namespacesOfChildren, whereMachinesRun } from './fixtures/machines';
import { processesOf } from './fixtures/processes';

const ASSETS = 'cdk-hnb659fds-assets-000000000000-us-east-2';
const STACK = 'TablesleuthWorkbench-dev';
const BOUND_MS = 240_000;

let deployment: Deployment;

describe('a deployment fails, rolls back and leaves no machine, when', { concurrent: false }, () => {
  whereMachinesRun(async () => {
    deployment = await Deployment.start('machines-failures', { enforceIam: true, machines: true });
  });

  afterAll(() => deployment?.stop());

  test('the host may not read its bundle', async () => {
    const s3 = new S3Client(deployment.account.client);
    const { Policy: before } = await s3.send(new GetBucketPolicyCommand({ Bucket: ASSETS }));
    await s3.send(new PutBucketPolicyCommand({ Bucket: ASSETS, Policy: JSON.stringify(denyToHosts()) }));
    const log = await failsToDeploy();
    await s3.send(new PutBucketPolicyCommand({ Bucket: ASSETS, Policy: before }));
    expect(log).toMatch(/AccessDenied|403|Forbidden/);
  });

  test('GizmoSQL’s archive has another checksum than the settings say', async () => {
    const log = await failsToDeploy(`gizmosql.sha256=${'0'.repeat(64)}`);
    expect(log).toMatch(/gizmosql_cli_linux_\w+\.zip has sha256 [0-9a-f]{64}, GIZMOSQL_SHA256 wants 0{64}/);
  });

  test('its secret was deleted', async () => {
    const SecretId = await parameter('/tablesleuth/dev/data/gizmosql-secret-arn');
    await new SecretsManagerClient(deployment.account.client).send(
      new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }),
    );
    const log = await failsToDeploy();
    expect(log).toContain(`Secrets Manager refused ${SecretId}`);
  });

  test('the install does not end in the time that a host has, because the package index gives a byte a second', async () => {
    deployment.account.machines!.setSlowPackages(true);
    const log = await failsToDeploy('healthyWithinMinutes=3');
    deployment.account.machines!.setSlowPackages(false);
    const lines = log.split('\n');
    // The shell that was stopped may add a word of its own.
    expect(lines.filter((line) => line.startsWith('install: ')).at(-1)).toBe(
      'install: TableSleuth and its Python packages',
    );
    expect(lines.at(-2)).toMatch(
      /^bash \/opt\/tablesleuth\/host\/install did not end within \d+ s and was stopped: a new host has 180 s/,
    );
  });
});

describe('a deployment fails, rolls back and leaves no machine, on a computer', () => {
  whereMachinesRun(async () => {
    deployment = await Deployment.start('machines-full', { enforceIam: true, machines: { diskMiB: 1024 } });
  });

  afterAll(() => deployment?.stop());

  test('whose disks are too small', async () => {
    expect(await failsToDeploy()).toMatch(/the disk of \S+ has \d+ MiB free, the software needs \d+ MiB/);
  });
});

/** Deploys, sees it fail as it should, and gives the boot log that the host sent away before it ended. */
async function failsToDeploy(...settings: string[]): Promise<string> {
  const began = Date.now();
  const before = remains();
  const { gizmosqlSettings } = deployment.account.machines!;
  const { exitCode, output } = await deployment.deploy('useSpot=true', ...gizmosqlSettings, ...settings);
  expect(exitCode, output).not.toBe(0);
  expect(Date.now() - began).toBeLessThan(BOUND_MS);
  expect((await deployment.stacks())[STACK], output).toBe('ROLLBACK_COMPLETE');
  expect(await deployment.hosts()).toEqual([]);
  const { id, logGroup } = whereToLook(output);
  expect(processesOf(id)).toEqual([]);
  expect(remains()).toEqual(before);
  return bootLog(logGroup, id);
}

/** What a machine may leave on this computer. */
function remains(): Record<string, string[]> {
  return { mounts: mountsOfMachines(), namespaces: namespacesOfChildren() };
}

/** What the CDK CLI says to the person who deploys: what happened, on which host, and where its log is. */
function whereToLook(output: string): { id: string; logGroup: string } {
  expect(output).toContain('Received 1 FAILURE signal(s) out of 1');
  const id = /Received FAILURE signal with UniqueId (i-[0-9a-f]+)/.exec(output)?.[1];
  const command = /TablesleuthData-dev\.BootLogsCommand = aws logs tail --region us-east-2 --since 1h (\S+)/;
  const logGroup = command.exec(output)?.[1];
  expect({ id, logGroup }, output).toEqual({
    id: expect.any(String) as string,
    logGroup: expect.any(String) as string,
  });
  return { id: id!, logGroup: logGroup! };
}

async function bootLog(logGroupName: string, instanceId: string): Promise<string> {
  const { events = [] } = await new CloudWatchLogsClient(deployment.account.client).send(
    new GetLogEventsCommand({ logGroupName, logStreamName: `${instanceId}/boot`, startFromHead: true }),
  );
  const log = events.map(({ message }) => message);
  expect(log.at(-1)).toMatch(/^host did not become healthy/);
  expect(log.at(-1)).toContain(`this log is stream ${instanceId}/boot of log group ${logGroupName}`);
  return log.join('\n');
}

async function parameter(Name: string): Promise<string> {
  const { Parameter } = await new SSMClient(deployment.account.client).send(new GetParameterCommand({ Name }));
  return Parameter!.Value!;
}

function denyToHosts(): object {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:GetObject',
        Resource: `arn:aws:s3:::${ASSETS}/*`,
        Condition: { StringLike: { 'aws:PrincipalArn': 'arn:aws:*:*role/*HostRole*' } },
      },
    ],
  };
}
