"""Scheduled actions of Auto Scaling groups, which change the group's capacity when they are due.

A thread looks at the clock. An endpoint of our own has a week pass at once, for whoever wants to see what a schedule
does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from ministack.core.responses import get_account_id, request_scope
from ministack.services import autoscaling as service

from .calls import ServiceRefused
from .capacity import change_capacity
from .endpoints import Document, Endpoint, Refused
from .group_members import tell_of_failure
from .recurrence import due, moment, parse, time_zone
from .registry import Properties, Registry

SCHEDULED_ACTION = "AWS::AutoScaling::ScheduledAction"
_LOOK_EVERY_SECONDS = 0.5
_CAPACITIES = ("MinSize", "MaxSize", "DesiredCapacity")

ENDPOINTS = [Endpoint("POST", "scheduled-actions", lambda _groups, body: _pass_time(body))]


def register(registry: Registry) -> None:
    registry.corrected(
        SCHEDULED_ACTION, "Changes the group’s capacity when it is due, in its time zone.", before=_check
    )


def install() -> None:
    """Refuse what AWS refuses, and begin to look at the clock."""
    native = service._ACTION_MAP["PutScheduledUpdateGroupAction"]
    names = ("Recurrence", "TimeZone", "StartTime", "EndTime", *_CAPACITIES, "AutoScalingGroupName")

    def put(params: Properties) -> Any:
        try:
            _check({name: service._p(params, name) for name in names})
        except ServiceRefused as refusal:
            return service._error("ValidationError", str(refusal))
        return native(params)

    service._ACTION_MAP["PutScheduledUpdateGroupAction"] = put
    _keep_looking(_now())


def _check(properties: Properties) -> None:
    name = properties.get("AutoScalingGroupName")
    if name not in service._asgs:
        raise ServiceRefused(f"AutoScalingGroup name not found - AutoScalingGroup: {name}")
    if all(properties.get(member) in (None, "") for member in _CAPACITIES):
        raise ServiceRefused("At least one of MinSize, MaxSize and DesiredCapacity has to be specified")
    time_zone(properties.get("TimeZone"))
    start = moment(properties.get("StartTime"))
    if properties.get("Recurrence"):
        parse(properties["Recurrence"])
    elif start is None:
        raise ServiceRefused("Either a recurrence or a start time has to be specified")
    elif start <= _now():
        raise ServiceRefused("Given start time is in the past")


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _keep_looking(after: datetime) -> None:
    def look() -> None:
        seen = after
        while True:
            time.sleep(_LOOK_EVERY_SECONDS)
            now = _now()
            _do(seen, now, lambda _account: True)
            seen = now

    threading.Thread(target=look, name="scheduled-actions", daemon=True).start()


def _do(after: datetime, until: datetime, is_ours: Callable[[str], bool]) -> list[Document]:
    """Do what is due, in order, and say what was done."""
    actions = [
        (when, account, region, key, action)
        for (account, region, key), action in service._scheduled_actions.all_items()
        if is_ours(account)
        for when in due(action, after, until)
    ]
    done = []
    for when, account, region, key, action in sorted(actions, key=lambda one: one[0]):
        with request_scope(account, region):
            _apply(action)
            if not action.get("Recurrence"):
                service._scheduled_actions.pop(key, None)
        done.append({"ScheduledActionName": action["ScheduledActionName"], "Time": when.isoformat()})
    return done


def _apply(action: Properties) -> None:
    group = service._asgs.get(action["AutoScalingGroupName"])
    if group is None:
        return
    asked = {name: action[name] for name in _CAPACITIES if int(action.get(name, -1)) >= 0}
    try:
        change_capacity(group, asked)
    except ServiceRefused as refusal:
        tell_of_failure(group, str(refusal))


def _pass_time(body: Document) -> Document:
    """Do at once what is due between two moments."""
    try:
        after, until = moment(body.get("After")), moment(body.get("Until"))
    except ServiceRefused as problem:
        raise Refused(400, str(problem)) from None
    if after is None or until is None:
        raise Refused(400, '"After" and "Until" are wanted, as 2030-01-31T12:00:00Z')
    return {"Done": _do(after, until, lambda account: account == get_account_id())}
