import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { REPOSITORY } from '../../emulator/machine/cache';
import { run } from '../../emulator/machine/process';

const LAKE = 'arn:aws:s3tables:eu-west-1:111122223333:bucket/lake';
const SETTINGS = {
  TABLESLEUTH_ENVIRONMENT: 'dev',
  AWS_REGION: 'us-east-2',
  GIZMOSQL_SECRET_ARN: 'arn:aws:secretsmanager:us-east-2:111122223333:secret:Password-AbCdEf',
  GIZMOSQL_USERNAME: 'admin',
  GIZMOSQL_MEMORY_LIMIT: '75%',
  GLUE_CATALOG: 'false',
  TABLE_BUCKET_ARNS: '',
  HOST_METRICS: 'true',
  HOST_LOG_GROUP: '/tablesleuth/dev/host',
};

async function written(
  changes: Record<string, string> = {},
): Promise<{ files: (name: string) => string; stderr: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'configuration-'));
  const script = join(REPOSITORY, 'host/configuration.py');
  const { status, stderr } = await run(['python3', '-I', script, folder], {
    environment: { PATH: process.env['PATH'], ...SETTINGS, ...changes },
  });
  const all = [
    'programs.env',
    'tablesleuth.toml',
    'pyiceberg/.pyiceberg.yaml',
    'cloudwatch-agent.json',
    'workspace.mount',
  ];
  const names = all.filter((name) => existsSync(join(folder, name)));
  const files = new Map(status === 0 ? names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]) : []);
  rmSync(folder, { recursive: true });
  return { files: (name) => files.get(name) ?? '', stderr };
}

interface Agent {
  metrics: {
    namespace: string;
    aggregation_dimensions: string[][];
    metrics_collected: Record<string, Record<string, unknown>>;
  };
  logs: { logs_collected: { files: { collect_list: Record<string, string>[] } } };
}

async function agent(): Promise<Agent> {
  return JSON.parse((await written()).files('cloudwatch-agent.json')) as Agent;
}

async function catalogs(changes: Record<string, string>): Promise<Record<string, Record<string, string>>> {
  const file = parse((await written(changes)).files('pyiceberg/.pyiceberg.yaml')) as Record<string, never>;
  return file['catalog'] ?? {};
}

describe('the host’s settings', () => {
  it('fails on values it cannot use and names every one of them', async () => {
    const { stderr } = await written({ AWS_REGION: 'Ohio', GLUE_CATALOG: '', TABLE_BUCKET_ARNS: 'lake' });
    expect(stderr.trim().split('\n')).toEqual([
      "configuration: AWS_REGION is 'Ohio': a region such as us-east-2 is wanted",
      "configuration: GLUE_CATALOG is '': true or false is wanted",
      "configuration: TABLE_BUCKET_ARNS is 'lake': ARNs of table buckets, separated by spaces is wanted",
    ]);
  });

  it.each(['a"b', 'a\nb', '$(id)', "a'b", 'a b'])(
    'fails on the user name %j, which another syntax could misread',
    async (name) => {
      expect((await written({ GIZMOSQL_USERNAME: name })).stderr).toContain('GIZMOSQL_USERNAME is ');
    },
  );
});

describe('the catalogs', () => {
  it('are a local one alone when no data was named', async () => {
    expect(Object.keys(await catalogs({}))).toEqual(['local']);
  });

  it('have Glue when a Glue database was named', async () => {
    expect((await catalogs({ GLUE_CATALOG: 'true' }))['glue']).toMatchObject({
      type: 'glue',
      'glue.region': 'us-east-2',
    });
  });

  it('have the first table bucket under the name that TableSleuth looks for, in the bucket’s own region', async () => {
    expect((await catalogs({ TABLE_BUCKET_ARNS: LAKE }))['s3tables']).toEqual({
      type: 'rest',
      uri: 'https://s3tables.eu-west-1.amazonaws.com/iceberg',
      warehouse: LAKE,
      'rest.sigv4-enabled': 'true',
      'rest.signing-name': 's3tables',
      'rest.signing-region': 'eu-west-1',
    });
  });

  it('have every further table bucket under its own name', async () => {
    const second = LAKE.replace('lake', 'more');
    expect(Object.keys(await catalogs({ TABLE_BUCKET_ARNS: `${LAKE} ${second}` }))).toEqual([
      'local',
      's3tables',
      's3tables_more',
    ]);
  });
});

describe('the programs’ environment', () => {
  it('has the region under both names', async () => {
    const { files } = await written();
    expect(files('programs.env')).toContain('AWS_REGION="us-east-2"\nAWS_DEFAULT_REGION="us-east-2"\n');
  });

  it('has no password, and TableSleuth’s own file has none', async () => {
    const { files } = await written();
    expect(files('programs.env') + files('tablesleuth.toml')).not.toMatch(/password/i);
  });
});

describe('the CloudWatch agent’s configuration', () => {
  it('measures processors, disk, memory and network, and sends each once, aggregated over the environment', async () => {
    const { metrics } = await agent();
    expect(metrics.namespace).toBe('CWAgent');
    expect(metrics.aggregation_dimensions).toEqual([['Environment'], ['Environment', 'path']]);
    const environment = { append_dimensions: { Environment: 'dev' } };
    expect(metrics.metrics_collected).toEqual({
      cpu: {
        ...environment,
        measurement: ['usage_active'],
        totalcpu: true,
        drop_original_metrics: ['cpu_usage_active'],
      },
      disk: {
        ...environment,
        measurement: ['used_percent'],
        resources: ['/'],
        drop_device: true,
        drop_original_metrics: ['disk_used_percent'],
      },
      mem: { ...environment, measurement: ['used_percent'], drop_original_metrics: ['mem_used_percent'] },
      net: {
        ...environment,
        measurement: ['bytes_recv', 'bytes_sent'],
        resources: ['*'],
        drop_original_metrics: ['net_bytes_recv', 'net_bytes_sent'],
      },
    });
  });

  it('sends the journal, user data’s output and the host’s metrics to the environment’s log group, a stream an instance', async () => {
    const { logs } = await agent();
    expect(logs.logs_collected.files.collect_list).toEqual([
      expect.objectContaining({
        file_path: '/var/log/tablesleuth/workbench.log',
        log_group_name: '/tablesleuth/dev/host',
        log_stream_name: '{instance_id}/workbench',
      }),
      expect.objectContaining({
        file_path: '/var/log/cloud-init-output.log',
        log_group_name: '/tablesleuth/dev/host',
        log_stream_name: '{instance_id}/user-data',
      }),
      expect.objectContaining({
        file_path: '/var/log/tablesleuth-metrics/metrics.log',
        log_group_name: '/tablesleuth/dev/host',
        log_stream_name: '{instance_id}/metrics',
      }),
    ]);
  });
});

describe('a host with a workspace', () => {
  const changes = { WORKSPACE_VOLUME_ID: 'vol-0123456789abcdef0' };

  it('has GizmoSQL’s database and the local catalog on it', async () => {
    const { files } = await written(changes);
    expect(files('programs.env')).toContain(
      'GIZMOSQL_DATABASE_OPTION="--database-filename=/workspace/gizmosql/gizmosql.duckdb"\n',
    );
    expect((await catalogs(changes))['local']).toMatchObject({
      uri: 'sqlite:////workspace/catalog/local.db',
      warehouse: 'file:///workspace/catalog/warehouse',
    });
  });

  it('reports how full it is', async () => {
    const { files } = await written(changes);
    expect(JSON.parse(files('cloudwatch-agent.json'))).toMatchObject({
      metrics: { metrics_collected: { disk: { resources: ['/', '/workspace'] } } },
    });
  });

  it('fails when the volume’s id is none', async () => {
    const { stderr } = await written({ WORKSPACE_VOLUME_ID: 'vol-1; reboot' });
    expect(stderr).toContain("WORKSPACE_VOLUME_ID is 'vol-1; reboot': the id of a volume, or nothing is wanted");
  });
});

describe('a host with a shared workspace', () => {
  const changes = {
    WORKSPACE_FILE_SYSTEM_ID: 'fs-0123456789abcdef0',
    WORKSPACE_ACCESS_POINT_ID: 'fsap-0123456789abcdef0',
  };

  it('has GizmoSQL’s database where no other host has, and the local catalog where all have it', async () => {
    expect((await written(changes)).files('programs.env')).toContain(
      'GIZMOSQL_DATABASE_OPTION="--database-filename=/run/tablesleuth-own-workspace/gizmosql/gizmosql.duckdb"\n',
    );
    expect((await catalogs(changes))['local']).toMatchObject({ uri: 'sqlite:////workspace/catalog/local.db' });
  });

  it('mounts it encrypted, as the instance’s role, through the access point', async () => {
    expect((await written(changes)).files('workspace.mount')).toContain(
      'What=fs-0123456789abcdef0:/\nWhere=/workspace\nType=efs\n' +
        'Options=_netdev,noatime,nodev,nosuid,tls,iam,accesspoint=fsap-0123456789abcdef0\n',
    );
  });

  it('does not report how full it is: it never is', async () => {
    const { files } = await written(changes);
    expect(JSON.parse(files('cloudwatch-agent.json'))).toMatchObject({
      metrics: { metrics_collected: { disk: { resources: ['/'] } } },
    });
  });

  it('fails when an id is none, and names both', async () => {
    const { stderr } = await written({ WORKSPACE_FILE_SYSTEM_ID: 'fs-1 x', WORKSPACE_ACCESS_POINT_ID: 'a,suid' });
    expect(stderr).toContain("WORKSPACE_FILE_SYSTEM_ID is 'fs-1 x': the id of a file system, or nothing is wanted");
    expect(stderr).toContain("WORKSPACE_ACCESS_POINT_ID is 'a,suid': the id of an access point, or nothing is wanted");
  });
});

it('a host without a workspace keeps its database in memory, and mounts nothing', async () => {
  const { files } = await written();
  expect(files('programs.env')).toContain('GIZMOSQL_DATABASE_OPTION=""\n');
  expect(files('workspace.mount')).toBe('');
});
