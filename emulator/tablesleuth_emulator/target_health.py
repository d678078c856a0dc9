"""How the targets of load balancers are, as their keeper found, and who waits for one of them to have drained.

A member of a group leaves its load balancers before anything else happens to it: nothing new reaches it, and what it has begun
is answered. Without machines nobody leads to a member, and there is nothing to wait for.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from ministack.services import alb as service

from .endpoints import Document
from .registry import Properties

STATES = ("initial", "healthy", "unhealthy", "draining", "unused")
_LOOK_EVERY_SECONDS = 0.1
#: How long the keeper may take to say that a target has drained whose time is over.
_LATE_SECONDS = 10

_found: dict[tuple[str, str], Document] = {}
_waiting: list[_Leaving] = []
_lock = threading.Lock()


@dataclass
class _Leaving:
    """A member that drains, and what happens to it then."""

    group: Properties
    member: Properties
    deadline: float
    proceed: Callable[[], None]
    context: contextvars.Context


def install() -> None:
    """Begin to look for members that have drained."""
    threading.Thread(target=_look_for_ever, name="target-health", daemon=True).start()


def note(report: Document) -> None:
    """Keep what the keeper found of a target."""
    _found[(str(report["TargetGroupArn"]), str(report["InstanceId"]))] = report


def of(group_arn: str, target: str) -> Document:
    """What was found last of a target; nothing of one that nobody has looked at."""
    return _found.get((group_arn, target), {})


def draining(group_arn: str) -> list[str]:
    """The targets of a group that were deregistered, and still answer what they have begun."""
    return [target for (arn, target), found in list(_found.items()) if arn == group_arn and found["State"] == "draining"]


def is_well(group: Properties, instance_id: str) -> bool:
    """Whether every load balancer of an Auto Scaling group calls a member healthy, where the group goes by that."""
    if "ELB" not in str(group.get("HealthCheckType")):
        return True
    return all(of(arn, instance_id).get("State") == "healthy" for arn in _target_groups(group))


def leave(group: Properties, member: Properties, proceed: Callable[[], None]) -> None:
    """Take a member out of its load balancers, and go on when it has drained; at once where none leads to it."""
    if not _is_led_to(group, member):
        proceed()
        return
    member["LifecycleState"] = "Terminating"
    seconds = max(delay_seconds(arn) for arn in _target_groups(group)) + _LATE_SECONDS
    leaving = _Leaving(group, member, time.monotonic() + seconds, proceed, contextvars.copy_context())
    with _lock:
        _waiting.append(leaving)


def delay_seconds(group_arn: str) -> int:
    """How long requests that a deregistered target has begun may take."""
    attributes = {entry["Key"]: entry["Value"] for entry in service._tg_attrs.get(group_arn, [])}
    return int(attributes.get("deregistration_delay.timeout_seconds", "300"))


def _target_groups(group: Properties) -> list[str]:
    return [arn for arn in group.get("TargetGroupARNs") or [] if arn in service._tgs]


def _is_led_to(group: Properties, member: Properties) -> bool:
    states = [of(arn, member["InstanceId"]).get("State", "unused") for arn in _target_groups(group)]
    return any(state != "unused" for state in states)


def _look_for_ever() -> None:
    while True:
        time.sleep(_LOOK_EVERY_SECONDS)
        with _lock:
            done = [one for one in _waiting if one.context.run(_has_left, one)]
            _waiting[:] = [one for one in _waiting if one not in done]
        for one in done:
            # It may have ended by itself meanwhile.
            if one.member in one.group["Instances"]:
                one.context.run(one.proceed)


def _has_left(leaving: _Leaving) -> bool:
    return time.monotonic() > leaving.deadline or not _is_led_to(leaving.group, leaving.member)
