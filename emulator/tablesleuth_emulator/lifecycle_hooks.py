"""Lifecycle hooks of Auto Scaling groups: a member waits, before it is in service or before it is ended, until somebody says
that it may go on, or until its time is over.

Where instances are records and signals are automatic, nobody is there to say it, and members go on at once.
"""

from __future__ import annotations

import contextvars
import os
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ministack.services import autoscaling as service

from . import life_cycle
from .registry import Properties

LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"
_STATES = {LAUNCHING: "Pending:Wait", TERMINATING: "Terminating:Wait"}
_EVENTS = {LAUNCHING: "EC2 Instance-launch Lifecycle Action", TERMINATING: "EC2 Instance-terminate Lifecycle Action"}
_LONGEST_SECONDS = 48 * 3600
_LOOK_EVERY_SECONDS = 0.25


@dataclass
class _Action:
    """A member that waits for a hook, and what happens with each result."""

    hook: Properties
    token: str
    began: float
    deadline: float
    proceed: Callable[[str], None]
    context: contextvars.Context


_waiting: dict[str, _Action] = {}
_lock = threading.RLock()


def install() -> None:
    """Answer the two actions that end or prolong a wait, which ministack takes without effect."""
    service._ACTION_MAP.update(CompleteLifecycleAction=_complete, RecordLifecycleActionHeartbeat=_prolong)
    life_cycle.when_entered(_follow)
    threading.Thread(target=_look_for_ever, name="lifecycle-hooks", daemon=True).start()


def replace_hooks(group_name: str, old: list[Properties], new: list[Properties]) -> None:
    """Give a group the hooks that its template lists, and take away those that it no longer does."""
    for hook in old:
        service._hooks.pop(f"{group_name}/{hook['LifecycleHookName']}", None)
    for hook in new:
        name = hook["LifecycleHookName"]
        service._hooks[f"{group_name}/{name}"] = service._hook_record(group_name, name, hook)


def wait(group: Properties, member: Properties, transition: str, proceed: Callable[[str], None]) -> None:
    """Have a member wait for its group's hook, then call with ``CONTINUE`` or ``ABANDON``; at once without a hook."""
    name = group["AutoScalingGroupName"]
    hook = next((one for one in service._hooks.values() if _is_for(one, name, transition)), None)
    if hook is None or not _somebody_answers():
        proceed("CONTINUE")
        return
    now, token = time.time(), str(uuid.uuid4())
    member["LifecycleState"] = _STATES[transition]
    context = contextvars.copy_context()
    with _lock:
        _waiting[member["InstanceId"]] = _Action(hook, token, now, now + hook["HeartbeatTimeout"], proceed, context)
    detail = {
        "LifecycleActionToken": token,
        "AutoScalingGroupName": name,
        "LifecycleHookName": hook["LifecycleHookName"],
        "EC2InstanceId": member["InstanceId"],
        "LifecycleTransition": transition,
    }
    life_cycle.emit("aws.autoscaling", _EVENTS[transition], detail, [group["AutoScalingGroupARN"]])


def forget(instance_id: str) -> None:
    """Nobody waits for an instance that is gone."""
    with _lock:
        _waiting.pop(instance_id, None)


def _follow(record: Properties, state: str) -> None:
    if state == "shutting-down":
        forget(record["InstanceId"])


def _is_for(hook: Properties, group_name: str, transition: str) -> bool:
    return hook["AutoScalingGroupName"] == group_name and hook["LifecycleTransition"] == transition


def _somebody_answers() -> bool:
    return os.environ.get("TABLESLEUTH_SIGNALS", "automatic") != "automatic"


def _complete(params: dict[str, Any]) -> Any:
    result = service._p(params, "LifecycleActionResult")
    if result not in ("CONTINUE", "ABANDON"):
        return service._error("ValidationError", f"Invalid LifecycleActionResult: {result}")
    with _lock:
        instance_id = _found(params)
        action = _waiting.pop(instance_id, None) if instance_id else None
    if action is None:
        return _none_active(params)
    action.proceed(result)
    return service._xml(200, "CompleteLifecycleActionResponse", "<CompleteLifecycleActionResult/>")


def _prolong(params: dict[str, Any]) -> Any:
    with _lock:
        action = _waiting.get(_found(params) or "")
        if action is None:
            return _none_active(params)
        longest = min(_LONGEST_SECONDS, 100 * action.hook["HeartbeatTimeout"])
        action.deadline = min(time.time() + action.hook["HeartbeatTimeout"], action.began + longest)
    return service._xml(200, "RecordLifecycleActionHeartbeatResponse", "<RecordLifecycleActionHeartbeatResult/>")


def _found(params: dict[str, Any]) -> str | None:
    group, hook = service._p(params, "AutoScalingGroupName"), service._p(params, "LifecycleHookName")
    instance_id, token = service._p(params, "InstanceId"), service._p(params, "LifecycleActionToken")
    return next(
        (
            found
            for found, action in _waiting.items()
            if (action.hook["AutoScalingGroupName"], action.hook["LifecycleHookName"]) == (group, hook)
            and (found == instance_id or action.token == token)
        ),
        None,
    )


def _none_active(params: dict[str, Any]) -> Any:
    message = f"No active Lifecycle Action found with instance ID {service._p(params, 'InstanceId')}"
    return service._error("ValidationError", message)


def _look_for_ever() -> None:
    while True:
        time.sleep(_LOOK_EVERY_SECONDS)
        now = time.time()
        with _lock:
            late = [(found, action) for found, action in _waiting.items() if action.deadline <= now]
            for found, _action in late:
                _waiting.pop(found)
        for _found_id, action in late:
            action.context.run(action.proceed, action.hook["DefaultResult"])
