"""EBS volumes of their own, such as a workspace that outlives its host, and their attachments."""

from __future__ import annotations

import time
from collections.abc import Callable

from ministack.services import ec2 as service

from . import signals
from .calls import ServiceRefused, ec2, text
from .network import tag
from .registry import Created, Properties, Registry, replacing

VOLUME = "AWS::EC2::Volume"
ATTACHMENT = "AWS::EC2::VolumeAttachment"
_UPDATED_IN_PLACE = {"AutoEnableIO", "Iops", "Size", "Tags", "Throughput", "VolumeType"}
_MODIFIED = ("Size", "VolumeType", "Iops", "Throughput")
_SETTLES_WITHIN_SECONDS = 120


def register(registry: Registry) -> None:
    registry.service(
        VOLUME,
        "Read back with its key; holds what a machine writes on it.",
        create=_create,
        delete=_delete,
        update=_update,
        snapshot=_snapshot,
    )
    registry.service(
        ATTACHMENT,
        "A block device in the machine; waits until it is there, and until it is unmounted and gone.",
        create=_attach,
        delete=_detach,
    )


def install() -> None:
    """Let both types wait for the machines."""
    signals.wait_beside_the_event_loop(VOLUME, ATTACHMENT)


def _create(_logical_id: str, properties: Properties, _stack: str) -> Created:
    members = ("AvailabilityZone", "Size", "VolumeType", "Encrypted", "Iops", "Throughput", "SnapshotId")
    volume_id = text(ec2("CreateVolume", **{name: properties.get(name) for name in members}), "volumeId")
    service._volumes[volume_id]["KmsKeyId"] = properties.get("KmsKeyId")
    tag(volume_id, properties)
    _await(f"{volume_id} to be created", lambda: service._volumes[volume_id]["State"] != "creating")
    return volume_id, {"VolumeId": volume_id}


def _update(volume_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str) -> Created:
    changed = {name for name in {*old, *new} if old.get(name) != new.get(name)}
    if not changed <= _UPDATED_IN_PLACE:
        return replacing(_create, _delete)(volume_id, old, new, stack_name, logical_id)
    if changed & {*_MODIFIED}:
        ec2("ModifyVolume", VolumeId=volume_id, **{name: new.get(name) for name in _MODIFIED})
        modification = service._volumes[volume_id]["_modification"]
        _await(f"{volume_id} to be modified", lambda: modification["ModificationState"] != "modifying")
    tag(volume_id, new)
    return volume_id, {"VolumeId": volume_id}


def _delete(volume_id: str, _properties: Properties) -> None:
    ec2("DeleteVolume", VolumeId=volume_id)


def _snapshot(volume_id: str, _properties: Properties) -> None:
    """Begin a snapshot. It is completed while the volume is deleted: this runs on the event loop, which must not wait."""
    snapshot_id = text(ec2("CreateSnapshot", VolumeId=volume_id), "snapshotId")
    tags = service._tags.get(volume_id)
    if tags:
        service._tags[snapshot_id] = list(tags)


def _attach(_logical_id: str, properties: Properties, _stack: str) -> Created:
    volume_id, instance_id = properties["VolumeId"], properties["InstanceId"]
    ec2("AttachVolume", VolumeId=volume_id, InstanceId=instance_id, Device=properties.get("Device"))
    _await(f"{volume_id} to be attached", lambda: _attachment_state(volume_id) != "attaching")
    if _attachment_state(volume_id) != "attached":
        raise ServiceRefused(f"{volume_id} could not be attached to {instance_id}")
    return f"{volume_id}|{instance_id}", {}


def _detach(_physical_id: str, properties: Properties) -> None:
    volume_id = properties["VolumeId"]
    volume = service._volumes.get(volume_id)
    if volume is None or not volume["Attachments"]:
        return
    ec2("DetachVolume", VolumeId=volume_id, InstanceId=properties["InstanceId"])
    _await(f"{volume_id} to be unmounted and detached", lambda: _attachment_state(volume_id) == "")


def _attachment_state(volume_id: str) -> str:
    return next((attachment["State"] for attachment in service._volumes[volume_id]["Attachments"]), "")


def _await(what: str, is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SETTLES_WITHIN_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {_SETTLES_WITHIN_SECONDS} seconds for {what}")
        time.sleep(0.1)
