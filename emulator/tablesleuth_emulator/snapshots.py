"""Snapshots of EBS volumes. What one holds, and each copy of it, is a content that the keeper of the machines keeps."""

from __future__ import annotations

import re
from typing import Any

from ministack.services import ec2 as service

from . import life_cycle
from .volume_actions import is_root


def install() -> None:
    """Have a snapshot take the time that the copy of a volume takes."""
    native = service._ACTION_MAP["CreateSnapshot"]

    def create(params: dict[str, list[str]]) -> Any:
        response = native(params)
        found = re.search(r"<snapshotId>(snap-\w+)</snapshotId>", str(response[2]))
        snapshot = service._snapshots[found.group(1)] if found else None
        if snapshot is None or not life_cycle.machines_exist() or is_root(service._volumes[snapshot["VolumeId"]]):
            return response
        snapshot.update(State="pending", Progress="0%", _content=snapshot["SnapshotId"])
        return service._xml(200, "CreateSnapshotResponse", service._snapshot_inner_xml(snapshot))

    service._ACTION_MAP["CreateSnapshot"] = create
