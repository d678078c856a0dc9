"""EC2's actions on EBS volumes: what each refuses, and the states that a volume and its attachment go through.

Where instances are machines, creating, attaching, detaching and growing take time: the keeper of the machines does it
and says when it is done (``volume_reports``). Where they are records, each is done at once.
"""

from __future__ import annotations

import re
from typing import Any

from ministack.services import ec2 as service

from . import life_cycle
from .registry import Properties

Params = dict[str, list[str]]
Refusal = tuple[str, str]

_MODIFIED = ("Size", "VolumeType", "Iops", "Throughput")
_ATTACHABLE = ("running", "stopped")


def install() -> None:
    """Put the checks and the states behind EC2's own actions."""
    life_cycle.when_entered(_end_attachments)
    service._ACTION_MAP.update(
        CreateVolume=_create_after(service._ACTION_MAP["CreateVolume"]),
        AttachVolume=_attach,
        DetachVolume=_detach,
        ModifyVolume=_modify,
        DescribeVolumesModifications=_describe_modifications,
    )


def is_root(volume: Properties) -> bool:
    """Whether a volume is the disk that its instance boots from, which the machine brings along."""
    return any(
        attachment["VolumeId"] == mapping["Ebs"]["VolumeId"]
        for attachment in volume["Attachments"]
        for mapping in (service._instances.get(attachment["InstanceId"]) or {}).get("BlockDeviceMappings", [])[:1]
    )


def set_attachment(volume: Properties, state: str) -> None:
    """Put the attachment of a volume into a state, as the volume and the instance show it."""
    attachment = volume["Attachments"][0]
    attachment["State"] = state
    mappings = service._instances[attachment["InstanceId"]]["BlockDeviceMappings"]
    ours = [mapping for mapping in mappings if mapping["Ebs"]["VolumeId"] == volume["VolumeId"]]
    for mapping in ours:
        mapping["Ebs"]["Status"] = state
    if state == "detached":
        mappings[:] = [mapping for mapping in mappings if mapping not in ours]
        volume.update(Attachments=[], State="available")


def complete_modification(volume: Properties) -> None:
    """Show what a modification asked for."""
    modification = volume["_modification"]
    volume.update({name: modification[f"Target{name}"] for name in _MODIFIED})
    modification.update(ModificationState="completed", Progress=100, EndTime=service._now_ts())


def _create_after(native: Any) -> Any:
    def create(params: Params) -> Any:
        snapshot_id = service._p(params, "SnapshotId")
        snapshot = service._snapshots.get(snapshot_id) if snapshot_id else None
        size = service._p(params, "Size") or str((snapshot or {}).get("VolumeSize", ""))
        refusal = _creation_refusal(snapshot_id, snapshot, size)
        if refusal:
            return service._error(*refusal, 400)
        response = native({**params, **({"Size": [size]} if size else {})})
        found = re.search(r"<volumeId>(vol-\w+)</volumeId>", str(response[2]))
        volume = service._volumes[found.group(1)] if found else None
        if volume is None or not life_cycle.machines_exist():
            return response
        volume.update(State="creating", _content=(snapshot or {}).get("_content", ""))
        return service._xml(200, "CreateVolumeResponse", service._volume_inner_xml(volume))

    return create


def _creation_refusal(snapshot_id: str, snapshot: Properties | None, size: str) -> Refusal | None:
    if snapshot_id and snapshot is None:
        return "InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id}' does not exist."
    if snapshot is None:
        return None
    if snapshot["State"] != "completed":
        return "IncorrectState", f"Snapshot '{snapshot_id}' is not 'completed'."
    if int(size) < int(snapshot["VolumeSize"]):
        return "InvalidParameterValue", f"Volume of {size}GiB is smaller than snapshot '{snapshot_id}'"
    return None


def _attach(params: Params) -> Any:
    volume_id, instance_id, device = (service._p(params, name) for name in ("VolumeId", "InstanceId", "Device"))
    volume, instance = service._volumes.get(volume_id), service._instances.get(instance_id)
    if volume is None:
        return service._error("InvalidVolume.NotFound", f"The volume '{volume_id}' does not exist.", 400)
    if instance is None:
        return service._error("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist", 400)
    refusal = _attachment_refusal(volume, instance, device)
    if refusal:
        return service._error(*refusal, 400)
    attachment = {
        "VolumeId": volume_id,
        "InstanceId": instance_id,
        "Device": device,
        "State": "attaching",
        "AttachTime": service._now_ts(),
        "DeleteOnTermination": False,
    }
    volume.update(Attachments=[attachment], State="in-use")
    disk = {name: attachment[name] for name in ("VolumeId", "AttachTime", "DeleteOnTermination")}
    instance["BlockDeviceMappings"].append({"DeviceName": device, "Ebs": {**disk, "Status": "attaching"}})
    answer = service._xml(200, "AttachVolumeResponse", _attachment_xml(attachment))
    if not life_cycle.machines_exist():
        set_attachment(volume, "attached")
    return answer


def _attachment_refusal(volume: Properties, instance: Properties, device: str) -> Refusal | None:
    volume_id, instance_id = volume["VolumeId"], instance["InstanceId"]
    if not device:
        return "MissingParameter", "The request must contain the parameter device"
    if volume["State"] == "in-use":
        return "VolumeInUse", f"{volume_id} is already attached to an instance"
    if volume["State"] != "available":
        return "IncorrectState", f"{volume_id} is not 'available'."
    if instance["State"]["Name"] not in _ATTACHABLE:
        return "IncorrectState", f"Instance '{instance_id}' is not 'running'."
    if volume["AvailabilityZone"] != instance["Placement"]["AvailabilityZone"]:
        return (
            "InvalidVolume.ZoneMismatch",
            f"The volume '{volume_id}' is not in the same availability zone as instance '{instance_id}'",
        )
    if any(mapping["DeviceName"] == device for mapping in instance["BlockDeviceMappings"]):
        return (
            "InvalidParameterValue",
            f"Invalid value '{device}' for unixDevice. Attachment point {device} is already in use",
        )
    return None


def _detach(params: Params) -> Any:
    volume_id, instance_id = service._p(params, "VolumeId"), service._p(params, "InstanceId")
    volume = service._volumes.get(volume_id)
    if volume is None:
        return service._error("InvalidVolume.NotFound", f"The volume '{volume_id}' does not exist.", 400)
    if not volume["Attachments"]:
        return service._error("IncorrectState", f"Volume '{volume_id}' is in the '{volume['State']}' state.", 400)
    attachment = volume["Attachments"][0]
    if instance_id and instance_id != attachment["InstanceId"]:
        message = f"The volume '{volume_id}' is not attached to instance '{instance_id}'."
        return service._error("InvalidAttachment.NotFound", message, 400)
    instance = service._instances[attachment["InstanceId"]]
    if is_root(volume) and instance["State"]["Name"] != "stopped":
        message = f"Unable to detach root volume '{volume_id}' from instance '{attachment['InstanceId']}'"
        return service._error("OperationNotPermitted", message, 400)
    set_attachment(volume, "detaching")
    answer = service._xml(200, "DetachVolumeResponse", _attachment_xml(attachment))
    if not life_cycle.machines_exist():
        set_attachment(volume, "detached")
    return answer


def _end_attachments(record: Properties, state: str) -> None:
    """What an instance that has ended does not take along is available again."""
    if state != "terminated":
        return
    for volume in list(service._volumes.values()):
        if any(attachment["InstanceId"] == record["InstanceId"] for attachment in volume["Attachments"]):
            volume.update(Attachments=[], State="available")


def _modify(params: Params) -> Any:
    volume_id = service._p(params, "VolumeId")
    volume = service._volumes.get(volume_id)
    if volume is None:
        return service._error("InvalidVolume.NotFound", f"The volume '{volume_id}' does not exist.", 400)
    given = {name: service._p(params, name) for name in _MODIFIED if service._p(params, name)}
    wanted = {name: value if name == "VolumeType" else int(value) for name, value in given.items()}
    if wanted.get("Size", volume["Size"]) < volume["Size"]:
        return service._error("InvalidParameterValue", "New size cannot be smaller than existing size", 400)
    if volume.get("_modification", {}).get("ModificationState") == "modifying":
        message = f"Volume '{volume_id}' is already being modified."
        return service._error("IncorrectModificationState", message, 400)
    volume["_modification"] = {
        "VolumeId": volume_id,
        "ModificationState": "modifying",
        **{f"Original{name}": volume.get(name) for name in _MODIFIED},
        **{f"Target{name}": wanted.get(name, volume.get(name)) for name in _MODIFIED},
        "StartTime": service._now_ts(),
        "Progress": 0,
    }
    answer = _modification_xml(volume["_modification"])
    if is_root(volume) or not life_cycle.machines_exist():
        complete_modification(volume)
    return service._xml(200, "ModifyVolumeResponse", f"<volumeModification>{answer}</volumeModification>")


def _describe_modifications(params: Params) -> Any:
    wanted = service._parse_member_list(params, "VolumeId")
    volumes = [volume for volume in service._volumes.values() if not wanted or volume["VolumeId"] in wanted]
    items = "".join(
        f"<item>{_modification_xml(volume['_modification'])}</item>" for volume in volumes if "_modification" in volume
    )
    body = f"<volumeModificationSet>{items}</volumeModificationSet>"
    return service._xml(200, "DescribeVolumesModificationsResponse", body)


def _modification_xml(modification: Properties) -> str:
    return "".join(
        f"<{name[0].lower()}{name[1:]}>{value}</{name[0].lower()}{name[1:]}>"
        for name, value in modification.items()
        if value is not None
    )


def _attachment_xml(attachment: Properties) -> str:
    return (
        f"<volumeId>{attachment['VolumeId']}</volumeId><instanceId>{attachment['InstanceId']}</instanceId>"
        f"<device>{attachment['Device']}</device><status>{attachment['State']}</status>"
        f"<attachTime>{attachment['AttachTime']}</attachTime><deleteOnTermination>false</deleteOnTermination>"
    )
