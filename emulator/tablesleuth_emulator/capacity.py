"""How many instances a group is to have: its minimum, maximum and desired capacity, and what changes them."""

from __future__ import annotations

from typing import Any

from ministack.services import autoscaling as service

from .calls import ServiceRefused
from .group_members import resize
from .registry import Properties

_MEMBERS = ("MinSize", "MaxSize", "DesiredCapacity")


def install() -> None:
    """Check the capacities that are asked for, and launch or end what they say."""
    native = service._ACTION_MAP["UpdateAutoScalingGroup"]

    def update(params: Properties) -> Any:
        return _checked(params) or native({name: value for name, value in params.items() if name not in _MEMBERS})

    def set_desired(params: Properties) -> Any:
        return _checked(params) or service._xml(200, "SetDesiredCapacityResponse", "")

    service._ACTION_MAP.update(UpdateAutoScalingGroup=update, SetDesiredCapacity=set_desired)


def change_capacity(group: Properties, asked: Properties) -> None:
    """Give a group the capacities that are asked for. A desired one that nobody names stays within the others."""
    least, most = (int(asked.get(name, group[name])) for name in ("MinSize", "MaxSize"))
    desired = int(asked.get("DesiredCapacity", min(max(group["DesiredCapacity"], least), most)))
    if least > most:
        raise ServiceRefused(f"Max bound, {most}, must be greater than or equal to min bound, {least}")
    if not least <= desired <= most:
        raise ServiceRefused(
            f"Desired capacity:{desired} must be between the specified min size:{least} and max size:{most}"
        )
    group.update(MinSize=least, MaxSize=most, DesiredCapacity=desired)
    resize(group)


def _checked(params: Properties) -> Any:
    """Change the capacity of a request’s group; an error where that is refused."""
    name = service._p(params, "AutoScalingGroupName")
    group = service._asgs.get(name)
    if group is None:
        return service._error("ValidationError", f"AutoScalingGroup name not found - AutoScalingGroup: {name}")
    asked = {member: service._p(params, member) for member in _MEMBERS if service._p(params, member) != ""}
    try:
        if asked:
            change_capacity(group, asked)
    except ServiceRefused as refusal:
        return service._error("ValidationError", str(refusal))
    return None
