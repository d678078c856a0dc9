"""The update of a group by an instance refresh: new members are in service before old ones leave.

A new member is in service when its hook lets it, and, in a group that goes by its load balancer, when that calls it healthy.
AWS waits for its warm-up as well, and tries for an hour to get one into service. Here the first one that does not get there fails
the refresh.
"""

from __future__ import annotations

import time

from . import target_health
from .calls import ServiceRefused
from .group_members import leave, resize, staying
from .registry import Properties

_LOOK_EVERY_SECONDS = 0.1
_ENDS_WITHIN_SECONDS = 300


def refresh(group: Properties, preferences: Properties) -> None:
    """Replace every member of a group that was launched before now, as many at once as the percentages allow."""
    if int(preferences.get("MinHealthyPercentage", 100)) < 100:
        raise ServiceRefused("Only a refresh that launches before it ends is emulated: MinHealthyPercentage 100")
    more = (int(preferences.get("MaxHealthyPercentage", 110)) - 100) / 100
    outdated = [member["InstanceId"] for member in staying(group)]
    resize(group)
    while outdated:
        size = min(max(int(group["DesiredCapacity"] * more), 1), len(outdated))
        _launch(group, size, outdated)
        batch, outdated = outdated[:size], outdated[size:]
        # First those that go, so that what is launched for the rest stays.
        for member in [one for one in staying(group) if one["InstanceId"] in batch]:
            leave(group, member)
        group["_surge"] = 0
        _await_end(group, batch)
    resize(group)


def _launch(group: Properties, size: int, outdated: list[str]) -> None:
    """Launch members and wait until they are in service."""
    known = {member["InstanceId"] for member in group["Instances"]}
    group["_surge"] = size
    resize(group)
    new = {member["InstanceId"] for member in staying(group)} - known
    while True:
        states = {member["InstanceId"]: member["LifecycleState"] for member in group["Instances"]}
        lost = sorted(instance_id for instance_id in new if instance_id not in states)
        if lost:
            raise ServiceRefused(f"The instance refresh failed: {', '.join(lost)} did not get into service")
        if all(states[instance_id] == "InService" and target_health.is_well(group, instance_id) for instance_id in new):
            return
        time.sleep(_LOOK_EVERY_SECONDS)


def _await_end(group: Properties, instance_ids: list[str]) -> None:
    deadline = time.monotonic() + _ENDS_WITHIN_SECONDS
    while any(member["InstanceId"] in instance_ids for member in group["Instances"]):
        if time.monotonic() > deadline:
            raise ServiceRefused(f"{', '.join(instance_ids)} did not end within {_ENDS_WITHIN_SECONDS} seconds")
        time.sleep(_LOOK_EVERY_SECONDS)
