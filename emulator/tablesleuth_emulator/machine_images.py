"""Images that were made of machines: what was written on the machine's disk, on top of the image that it booted.

The keeper of the machines saves a disk when it sees a new image, and boots an instance of it on what it saved.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from ministack.core.responses import get_account_id
from ministack.services import ec2 as ec2_service

from . import images, life_cycle
from .endpoints import Document, Endpoint, Refused

_STATES = ("available", "failed")


@dataclass
class _Made:
    instance_id: str
    #: Images that are laid over one another, the lowest first; this one is the last.
    layers: list[str]
    state: str


_made: dict[str, _Made] = {}

ENDPOINTS = [Endpoint("POST", r"images/(ami-\w+)", lambda groups, body: _report(groups[0], body))]


def make(instance_id: str, name: str) -> str:
    """Begin an image of a stopped instance. It is ``pending`` until its machine's disk is saved."""
    record = ec2_service._instances[instance_id]
    image_id = f"ami-{uuid.uuid4().hex[:17]}"
    layers = [*layers_of(record["ImageId"]), image_id]
    _made[image_id] = _Made(instance_id, layers, "pending" if life_cycle.machines_exist() else "available")
    images.publish(image_id, name, record["Architecture"], get_account_id())
    return image_id


def copy(image_id: str, name: str) -> str:
    """A copy of a finished image in the region of the running context: the same disk, under an id of its own."""
    original = _made[image_id]
    copy_id = f"ami-{uuid.uuid4().hex[:17]}"
    _made[copy_id] = _Made(original.instance_id, original.layers, original.state)
    images.publish(copy_id, name, images.architecture_of_image(image_id) or "x86_64", get_account_id())
    return copy_id


def state_of(image_id: str) -> str:
    """``pending``, ``available`` or ``failed``."""
    return _made[image_id].state


def layers_of(image_id: str) -> list[str]:
    """The images that an image consists of beside the root file system of machines; none for Amazon's own."""
    made = _made.get(image_id)
    return made.layers if made else []


def list_pending() -> list[Document]:
    """The disks that the keeper has to save."""
    return [
        {"ImageId": image_id, "InstanceId": made.instance_id}
        for image_id, made in list(_made.items())
        if made.state == "pending"
    ]


def _report(image_id: str, body: Document) -> Document:
    state = body.get("State")
    if image_id not in _made or state not in _STATES:
        raise Refused(409, f"{image_id} cannot be {state!r}")
    _made[image_id].state = state
    return {"State": state}
