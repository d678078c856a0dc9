"""What the keeper of the machines needs to know of volumes and snapshots, and what it reports."""

from __future__ import annotations

from ministack.core.responses import AccountRegionScopedDict, get_account_id, request_scope
from ministack.services import ec2 as service

from .endpoints import Document, Endpoint, Refused
from .registry import Properties
from .volume_actions import complete_modification, is_root, set_attachment

ENDPOINTS = [
    Endpoint("POST", r"volumes/(vol-\w+)", lambda groups, body: _report_volume(groups[0], body)),
    Endpoint("POST", r"snapshots/(snap-\w+)", lambda groups, body: _report_snapshot(groups[0], body)),
]


def list_volumes() -> list[Document]:
    """Every volume but those that instances boot from."""
    return [_describe_volume(volume) for volume, region in _all(service._volumes) if not _is_root_in(volume, region)]


def list_snapshots() -> list[Document]:
    """Every snapshot that holds something, or is to."""
    names = ("SnapshotId", "VolumeId", "State")
    return [
        {**{name: snapshot[name] for name in names}, "Content": snapshot["_content"]}
        for snapshot, _region in _all(service._snapshots)
        if snapshot.get("_content") and snapshot["State"] in ("pending", "completed")
    ]


def _all(records: AccountRegionScopedDict) -> list[tuple[Properties, str]]:
    return [(record, region) for (account, region, _id), record in records.all_items() if account == get_account_id()]


def _is_root_in(volume: Properties, region: str) -> bool:
    with request_scope(get_account_id(), region):
        return is_root(volume)


def _describe_volume(volume: Properties) -> Document:
    modification = volume.get("_modification") or {}
    is_modified = modification.get("ModificationState") == "modifying"
    attachment = next(iter(volume["Attachments"]), {})
    return {
        "VolumeId": volume["VolumeId"],
        "State": "modifying" if is_modified else volume["State"],
        "SizeGiB": modification["TargetSize"] if is_modified else volume["Size"],
        "Content": volume.get("_content", ""),
        "InstanceId": attachment.get("InstanceId", ""),
        "Device": attachment.get("Device", ""),
        "Attachment": attachment.get("State", ""),
    }


def _report_volume(volume_id: str, body: Document) -> Document:
    for volume, region in _all(service._volumes):
        if volume["VolumeId"] == volume_id:
            with request_scope(get_account_id(), region):
                _settle(volume, body)
            return {"State": volume["State"]}
    raise Refused(404, f"no volume {volume_id} in this account")


def _settle(volume: Properties, body: Document) -> None:
    now, wanted = _describe_volume(volume), body.get("State")
    if now["State"] == "modifying" and body.get("SizeGiB") == now["SizeGiB"]:
        complete_modification(volume)
    elif now["State"] == "modifying" and wanted == "failed":
        volume["_modification"]["ModificationState"] = "failed"
    elif now["State"] == "creating" and wanted in ("available", "failed"):
        volume["State"] = "available" if wanted == "available" else "error"
    elif now["Attachment"] == "attaching" and wanted in ("attached", "failed"):
        set_attachment(volume, "attached" if wanted == "attached" else "detached")
    elif now["Attachment"] == "detaching" and wanted == "detached":
        set_attachment(volume, "detached")
    else:
        raise Refused(409, f"{volume['VolumeId']} is {now['State']} {now['Attachment']}, which settles otherwise")


def _report_snapshot(snapshot_id: str, body: Document) -> Document:
    for snapshot, _region in _all(service._snapshots):
        if snapshot["SnapshotId"] == snapshot_id and snapshot["State"] == "pending":
            is_complete = body.get("State") == "completed"
            snapshot.update({"State": "completed", "Progress": "100%"} if is_complete else {"State": "error"})
            return {"State": snapshot["State"]}
    raise Refused(404, f"no snapshot {snapshot_id} is pending in this account")
