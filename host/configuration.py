"""Writes the configuration files of one host from its settings: configuration.py FOLDER, with the settings in the environment.

Everything but main() is a pure function of the settings, so that tests can read what a host would get.
No file holds a secret: the two programs get the password when they start.
"""

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

STATE = "/var/lib/tablesleuth"
WORKSPACE = "/workspace"
# Leads to the folder of a shared workspace that this host alone has.
OWN_WORKSPACE = "/run/tablesleuth-own-workspace"
GIZMOSQL_URI = "grpc://127.0.0.1:31337"
METRICS_NAMESPACE = "CWAgent"

Settings = Mapping[str, str]

# What each key may hold. Values end up in files of several syntaxes, so nothing that any of them would read as its own is let in.
SHAPES = {
    "TABLESLEUTH_ENVIRONMENT": (r"[A-Za-z0-9][A-Za-z0-9_-]*", "a name such as dev"),
    "AWS_REGION": (r"[a-z]{2}(-[a-z]+)+-\d", "a region such as us-east-2"),
    "GIZMOSQL_SECRET_ARN": (r"arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:[\w/+=.@-]+", "the ARN of a secret"),
    "GIZMOSQL_USERNAME": (r"[A-Za-z_][A-Za-z0-9_.@-]*", "a user name of letters, digits and _ . @ -"),
    "GIZMOSQL_MEMORY_LIMIT": (r"\d+(\.\d+)?(%|[KMGT]i?B)", "a share or a size, such as 75% or 8GB"),
    "GLUE_CATALOG": (r"true|false", "true or false"),
    "TABLE_BUCKET_ARNS": (r"(arn:[\w-]+:s3tables:[\w-]+:\d{12}:bucket/[\w.-]+ ?)*", "ARNs of table buckets, separated by spaces"),
    "HOST_METRICS": (r"true|false", "true or false"),
    "HOST_LOG_GROUP": (r"[\w./#-]{1,512}", "the name of a log group"),
    "LOAD_BALANCER_ARN": (r"(arn:[\w-]+:elasticloadbalancing:[\w-]+:\d{12}:loadbalancer/app/[\w/-]+)?", "the ARN of a load balancer, or nothing"),
    "TARGET_GROUP_ARN": (r"(arn:[\w-]+:elasticloadbalancing:[\w-]+:\d{12}:targetgroup/[\w/-]+)?", "the ARN of a target group, or nothing"),
    "SIGN_IN_ISSUER": (r"(https://[\w./:~-]+)?", "the https URL of an identity provider, or nothing"),
    "SIGN_IN_CLIENT_ID": (r"[\w.:~-]*", "the id of a client of the identity provider, or nothing"),
    "WORKSPACE_VOLUME_ID": (r"(vol-[0-9a-f]{8,17})?", "the id of a volume, or nothing"),
    "WORKSPACE_FILE_SYSTEM_ID": (r"(fs-[0-9a-f]{8,17})?", "the id of a file system, or nothing"),
    "WORKSPACE_ACCESS_POINT_ID": (r"(fsap-[0-9a-f]{8,17})?", "the id of an access point, or nothing"),
}

# Nobody is let in by a load balancer unless all of them are known.
OF_THE_LOAD_BALANCER = ("LOAD_BALANCER_ARN", "SIGN_IN_ISSUER", "SIGN_IN_CLIENT_ID")


def problems(settings: Settings) -> list[str]:
    """Names every setting that cannot be used: all of them at once, each with what was got and what is wanted."""
    found = [
        f"{key} is {settings.get(key, '')!r}: {wanted} is wanted"
        for key, (shape, wanted) in SHAPES.items()
        if not re.fullmatch(shape, settings.get(key, ""))
    ]
    missing = [key for key in OF_THE_LOAD_BALANCER if settings.get(key, "") == ""]
    if 0 < len(missing) < len(OF_THE_LOAD_BALANCER):
        found.append(f"{', '.join(missing)} is missing: {', '.join(OF_THE_LOAD_BALANCER)} belong together")
    return found


def has_volume(settings: Settings) -> bool:
    return settings.get("WORKSPACE_VOLUME_ID", "") != ""


def is_shared(settings: Settings) -> bool:
    return settings.get("WORKSPACE_FILE_SYSTEM_ID", "") != ""


def database_folder(settings: Settings) -> str:
    """Where GizmoSQL's database file is; nothing for a database in memory. Only one process can have the file open."""
    if is_shared(settings):
        return f"{OWN_WORKSPACE}/gizmosql"
    return f"{WORKSPACE}/gizmosql" if has_volume(settings) else ""


def programs_environment(settings: Settings) -> str:
    """What GizmoSQL and TableSleuth get as environment. TableSleuth reads one region variable, its libraries the other."""
    database = database_folder(settings)
    variables = {
        "AWS_REGION": settings["AWS_REGION"],
        "AWS_DEFAULT_REGION": settings["AWS_REGION"],
        # A host whose processors are all busy may take longer than the one second that is the default.
        "AWS_METADATA_SERVICE_TIMEOUT": "5",
        "AWS_METADATA_SERVICE_NUM_ATTEMPTS": "3",
        "GIZMOSQL_USERNAME": settings["GIZMOSQL_USERNAME"],
        "GIZMOSQL_MEMORY_LIMIT": settings["GIZMOSQL_MEMORY_LIMIT"],
        # Without a file the database is in memory. The unit adds this to GizmoSQL's command line.
        "GIZMOSQL_DATABASE_OPTION": f"--database-filename={database}/gizmosql.duckdb" if database else "",
        "TABLESLEUTH_CONFIG": "/etc/tablesleuth/tablesleuth.toml",
        "PYICEBERG_HOME": "/etc/tablesleuth/pyiceberg",
        # Snapshot comparison hands GizmoSQL a path in TableSleuth's temporary folder, so both must see the same one.
        "TMPDIR": f"{STATE}/tmp",
    }
    return "".join(f'{name}="{value}"\n' for name, value in variables.items())


def sign_in(settings: Settings) -> str:
    """What the header of the load balancer has to say; nothing where there is none."""
    if settings.get("LOAD_BALANCER_ARN", "") == "":
        return ""
    return "".join(f'{name}="{settings[name]}"\n' for name in ("AWS_REGION", *OF_THE_LOAD_BALANCER))


def tablesleuth(settings: Settings) -> str:
    username = json.dumps(settings["GIZMOSQL_USERNAME"])
    return f'[gizmosql]\nuri = "{GIZMOSQL_URI}"\nusername = {username}\ntls_skip_verify = false\n'


def pyiceberg(settings: Settings) -> str:
    """The catalogs. Their names are TableSleuth's own: it looks ARNs up in "s3tables"."""
    region = settings["AWS_REGION"]
    home = WORKSPACE if has_volume(settings) or is_shared(settings) else STATE
    catalogs: dict[str, dict[str, str]] = {
        "local": {
            "type": "sql",
            "uri": f"sqlite:///{home}/catalog/local.db",
            "warehouse": f"file://{home}/catalog/warehouse",
        }
    }
    if settings["GLUE_CATALOG"] == "true":
        catalogs["glue"] = {"type": "glue", "glue.region": region, "s3.region": region}
    for position, arn in enumerate(settings["TABLE_BUCKET_ARNS"].split()):
        bucket_region = arn.split(":")[3]
        catalogs["s3tables" if position == 0 else f"s3tables_{arn.rpartition('/')[2]}"] = {
            "type": "rest",
            "uri": f"https://s3tables.{bucket_region}.amazonaws.com/iceberg",
            "warehouse": arn,
            "rest.sigv4-enabled": "true",
            "rest.signing-name": "s3tables",
            "rest.signing-region": bucket_region,
        }
    lines = ["catalog:"]
    for name, properties in catalogs.items():
        lines.append(f"  {name}:")
        lines.extend(f"    {key}: {json.dumps(value)}" for key, value in properties.items())
    return "\n".join(lines) + "\n"


def cloudwatch_agent(settings: Settings) -> str:
    """Logs of the CloudWatch agent, and the metrics that somebody watches: every one of them costs money by the hour."""
    logs = [_log(settings, "/var/log/tablesleuth/workbench.log", "workbench"), _log(settings, "/var/log/cloud-init-output.log", "user-data")]
    content: dict[str, object] = {"agent": {"metrics_collection_interval": 60}}
    if settings["HOST_METRICS"] == "true":
        content["metrics"] = _metrics(settings)
        # What the host reports of itself goes the way of the logs.
        logs.append(_log(settings, "/var/log/tablesleuth-metrics/metrics.log", "metrics"))
    return _json({**content, "logs": {"logs_collected": {"files": {"collect_list": logs}}}})


def _metrics(settings: Settings) -> dict[str, object]:
    """Every metric is aggregated over the environment's name, and over the path for disks, and nothing else of it is sent: an
    alarm gets data whichever instance is running, needs no permission to look tags up, does not depend on the file system's
    type, and a new instance makes no new metrics to pay for.
    """
    disks = ["/", WORKSPACE] if has_volume(settings) else ["/"]  # A file system of EFS is never full.
    return {
        "namespace": METRICS_NAMESPACE,
        # Takes the place of the host's name, which would be another dimension.
        "append_dimensions": {"InstanceId": "${aws:InstanceId}"},
        "aggregation_dimensions": [["Environment"], ["Environment", "path"]],
        "metrics_collected": {
            "cpu": _measured(settings, "cpu", ["usage_active"], totalcpu=True),
            "disk": _measured(settings, "disk", ["used_percent"], resources=disks, drop_device=True),
            "mem": _measured(settings, "mem", ["used_percent"]),
            "net": _measured(settings, "net", ["bytes_recv", "bytes_sent"], resources=["*"]),
        },
    }


def _measured(settings: Settings, plugin: str, names: list[str], **more: object) -> dict[str, object]:
    return {
        "measurement": names,
        **more,
        "append_dimensions": {"Environment": settings["TABLESLEUTH_ENVIRONMENT"]},
        "drop_original_metrics": [f"{plugin}_{name}" for name in names],
    }


def _log(settings: Settings, path: str, stream: str) -> dict[str, str]:
    return {
        "file_path": path,
        "log_group_name": settings["HOST_LOG_GROUP"],
        "log_stream_name": "{instance_id}/" + stream,
        "timezone": "UTC",
    }


def _json(content: object) -> str:
    return json.dumps(content, indent=2) + "\n"


def workspace_mount(settings: Settings) -> str:
    """The unit that mounts the file system that hosts share: encrypted, and with the permissions of the instance's role."""
    access_point = settings["WORKSPACE_ACCESS_POINT_ID"]
    return f"""[Unit]
Description=The workspace's file system
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Mount]
What={settings["WORKSPACE_FILE_SYSTEM_ID"]}:/
Where={WORKSPACE}
Type=efs
Options=_netdev,noatime,nodev,nosuid,tls,iam,accesspoint={access_point}
TimeoutSec=60
"""


FILES = {
    "programs.env": programs_environment,
    "tablesleuth.toml": tablesleuth,
    "pyiceberg/.pyiceberg.yaml": pyiceberg,
    "cloudwatch-agent.json": cloudwatch_agent,
    "sign-in.env": sign_in,
}

SHARED_FILES = {"workspace.mount": workspace_mount}


def main() -> None:
    found = problems(os.environ)
    if found:
        sys.exit("\n".join(f"configuration: {problem}" for problem in found))
    folder = Path(sys.argv[1])
    for name, content in {**FILES, **(SHARED_FILES if is_shared(os.environ) else {})}.items():
        text = content(os.environ)
        if text != "":
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
