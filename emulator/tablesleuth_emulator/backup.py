"""AWS Backup: a plan's selections, and jobs that back up EBS volumes.

A backup of a volume is a snapshot, as on AWS, and it takes as long. Nothing begins at a plan's hour and nothing is copied,
and a vault's lock and policy refuse nothing: jobs are started by hand, and backups stay.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core.responses import get_region
from ministack.services import backup as service
from ministack.services import ec2 as ec2_service
from ministack.services.cloudformation import provisioners

from .calls import ServiceRefused, ec2, rest, text
from .registry import Created, Properties, Registry

_VAULT = "AWS::Backup::BackupVault"
_STATES = {"pending": "RUNNING", "completed": "COMPLETED", "error": "FAILED"}


def register(registry: Registry) -> None:
    registry.service(
        _VAULT,
        "Refuses a name that exists, and to go while it holds backups. Its lock and policy refuse nothing.",
        create=_create_vault,
        delete=_delete_vault,
        update=provisioners._backup_vault_update,
    )
    registry.service(
        "AWS::Backup::BackupSelection",
        "Kept with its plan; nothing begins at the plan's hour.",
        create=_create,
        delete=_delete,
    )


def install() -> None:
    """Make a backup of a volume a snapshot of it."""
    service._start_job = _start_after(service._start_job)
    service._describe_job = _describe_before(service._describe_job)
    service._list_recovery_points_by_vault = _list_recovery_points


def _create_vault(logical_id: str, properties: Properties, stack_name: str) -> Created:
    name = properties["BackupVaultName"]
    if name in service._vaults:
        raise ServiceRefused(f"Resource of type '{_VAULT}' with identifier '{name}' already exists.")
    return provisioners._backup_vault_create(logical_id, properties, stack_name)


def _delete_vault(name: str, properties: Properties) -> None:
    if any(job["BackupVaultName"] == name for job in service._jobs.values()):
        raise ServiceRefused(f"Backup vault cannot be deleted because it contains recovery points: {name}")
    provisioners._backup_vault_delete(name, properties)


def _create(_logical_id: str, properties: Properties, _stack: str) -> Created:
    plan_id = properties["BackupPlanId"]
    request = {"BackupSelection": properties["BackupSelection"]}
    selection_id = rest(service, "PUT", f"/backup/plans/{plan_id}/selections", request)["SelectionId"]
    return f"{selection_id}_{plan_id}", {"Id": selection_id, "SelectionId": selection_id, "BackupPlanId": plan_id}


def _delete(physical_id: str, _properties: Properties) -> None:
    selection_id, _, plan_id = physical_id.partition("_")
    rest(service, "DELETE", f"/backup/plans/{plan_id}/selections/{selection_id}", {})


def _start_after(native: Any) -> Any:
    def start(body: Properties) -> Any:
        kind, _, volume_id = body.get("ResourceArn", "").rpartition(":")[2].partition("/")
        if kind == "volume" and volume_id not in ec2_service._volumes:
            return service._err("ResourceNotFoundException", f"Volume '{volume_id}' not found.", 400)
        response = native(body)
        if kind != "volume" or response[0] != 200:
            return response
        job = service._jobs[json.loads(response[2])["BackupJobId"]]
        snapshot_id = text(ec2("CreateSnapshot", VolumeId=volume_id, Description="AWS Backup"), "snapshotId")
        source = {"Key": "aws:backup:source-resource", "Value": body["ResourceArn"]}
        ec2_service._tags.setdefault(snapshot_id, []).append(source)
        arn = f"arn:aws:ec2:{get_region()}::snapshot/{snapshot_id}"
        job.update(RecoveryPointArn=arn, ResourceType="EBS", State="RUNNING")
        answer = {name: job[name] for name in ("BackupJobId", "RecoveryPointArn", "CreationDate", "IsParent")}
        return service._ok(answer)

    return start


def _describe_before(native: Any) -> Any:
    def describe(job_id: str) -> Any:
        job = service._jobs.get(job_id)
        if job is not None and job.get("ResourceType") == "EBS":
            job["State"] = _state(job)
        return native(job_id)

    return describe


def _list_recovery_points(vault_name: str, query: Properties) -> Any:
    if vault_name not in service._vaults:
        return service._not_found(f"Vault '{vault_name}' not found.")
    jobs = [job for job in service._jobs.values() if job["BackupVaultName"] == vault_name]
    names = ("RecoveryPointArn", "BackupVaultName", "BackupVaultArn", "ResourceArn", "ResourceType", "CreationDate")
    points = [
        {**{name: job[name] for name in names}, "Status": "COMPLETED"}
        for job in jobs
        if job.get("ResourceType") == "EBS" and _state(job) == "COMPLETED"
    ]
    return service._paginate(points, query, "RecoveryPoints")


def _state(job: Properties) -> str:
    snapshot = ec2_service._snapshots.get(job["RecoveryPointArn"].rpartition("/")[2])
    return "FAILED" if snapshot is None else _STATES[snapshot["State"]]
