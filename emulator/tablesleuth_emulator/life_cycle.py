"""The life of an instance: its states, who hears of each, and the API actions that change them.

Starting, stopping and ending take time: an instance enters ``pending``, ``stopping`` or ``shutting-down``, and settles
in ``running``, ``stopped`` or ``terminated`` when the keeper of the machines says so. Without machines
(``TABLESLEUTH_MACHINES`` is not 1) instances are records, which settle at once.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2 as ec2_service
from ministack.services import eventbridge

from . import spot
from .registry import Properties

Listener = Callable[[Properties, str], None]

_CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}
SETTLED = {"pending": "running", "stopping": "stopped", "shutting-down": "terminated"}
_RUNS_WITHIN_SECONDS = 120
_ENDED_WITHIN_SECONDS = 120
_listeners: list[Listener] = []


@dataclass(frozen=True)
class _Action:
    """What an API action does to an instance, and in which states it does nothing because it is done already."""

    enters: str
    allowed: frozenset[str]
    done: frozenset[str]
    verb: str


_ACTIONS = {
    "StartInstances": _Action("pending", frozenset({"stopped"}), frozenset({"pending", "running"}), "started"),
    "StopInstances": _Action("stopping", frozenset({"running"}), frozenset({"stopping", "stopped"}), "stopped"),
    "TerminateInstances": _Action(
        "shutting-down",
        frozenset({"pending", "running", "stopping", "stopped"}),
        frozenset({"shutting-down", "terminated"}),
        "terminated",
    ),
}


def machines_exist() -> bool:
    """Whether instances are machines that somebody keeps, or records."""
    return os.environ.get("TABLESLEUTH_MACHINES") == "1"


def install() -> None:
    """Put the life cycle behind EC2's own actions."""
    native_launch = ec2_service._launch_instances_internal

    def launch(*arguments: Any, **named: Any) -> list[Properties]:
        created: list[Properties] = native_launch(*arguments, **named)
        for record in created:
            record["State"] = _state("pending")
        return created

    ec2_service._launch_instances_internal = launch
    native_run = ec2_service._ACTION_MAP["RunInstances"]

    def run(params: dict[str, list[str]]) -> Any:
        is_spot = ec2_service._p(params, "InstanceMarketOptions.MarketType") == "spot"
        at_shutdown = ec2_service._p(params, "InstanceInitiatedShutdownBehavior") or "stop"
        if is_spot and not spot.is_available():
            return ec2_service._error("InsufficientInstanceCapacity", "There is no Spot capacity available.", 500)
        response = native_run(params)
        if response[0] < 400:
            body = response[2].decode() if isinstance(response[2], bytes) else response[2]
            for instance_id in re.findall(r"<instanceId>(i-\w+)</instanceId>", body):
                record = ec2_service._instances[instance_id]
                record.update({"InstanceLifecycle": "spot"} if is_spot else {})
                record["InstanceInitiatedShutdownBehavior"] = at_shutdown
                begin(record)
        return response

    ec2_service._ACTION_MAP["RunInstances"] = run
    for name, action in _ACTIONS.items():
        ec2_service._ACTION_MAP[name] = _answer_with(name, action)
    ec2_service._ACTION_MAP["RebootInstances"] = _reboot


def when_entered(listener: Listener) -> None:
    """Have a function told of every instance and the state that it entered."""
    _listeners.append(listener)


def begin(record: Properties) -> None:
    """Start the life of an instance whose record is complete."""
    record["_begun"] = True
    enter(record, "pending")


def has_begun(record: Properties) -> bool:
    """Whether an instance's record is complete, so that a machine may be made of it."""
    return bool(record.get("_begun"))


def enter(record: Properties, state: str) -> None:
    """Put an instance into a state, send the event that AWS sends, and tell whoever wants to know."""
    record["State"] = _state(state)
    if state == "terminated":
        record["_terminated_at"] = time.time()
    emit(
        "aws.ec2",
        "EC2 Instance State-change Notification",
        {"instance-id": record["InstanceId"], "state": state},
        [f"arn:aws:ec2:{get_region()}:{get_account_id()}:instance/{record['InstanceId']}"],
    )
    for tell in _listeners:
        tell(record, state)
    if state in SETTLED and not machines_exist():
        enter(record, SETTLED[state])


def await_running(instance_id: str) -> None:
    """Wait until an instance runs, as CloudFormation does; raises when it ends instead. Does nothing on the event loop."""
    deadline = time.monotonic() + _RUNS_WITHIN_SECONDS
    while not _on_event_loop() and (state := ec2_service._instances[instance_id]["State"]["Name"]) != "running":
        if state != "pending" or time.monotonic() > deadline:
            raise RuntimeError(f"Resource did not stabilize: {instance_id} is {state}")
        time.sleep(0.1)


def await_end(instance_ids: list[str]) -> None:
    """Wait until instances are terminated, as CloudFormation does. Does nothing on the event loop, which has to be free
    to hear of it."""
    if _on_event_loop():
        return
    deadline = time.monotonic() + _ENDED_WITHIN_SECONDS
    for instance_id in instance_ids:
        while (record := ec2_service._instances.get(instance_id)) and record["State"]["Name"] != "terminated":
            if time.monotonic() > deadline:
                raise TimeoutError(f"{instance_id} did not end within {_ENDED_WITHIN_SECONDS} seconds")
            time.sleep(0.1)


def emit(source: str, detail_type: str, detail: Properties, resources: list[str]) -> None:
    """Send an event of AWS's own to the account's default bus. PutEvents rightly refuses such a source."""
    entry = {"Source": source, "DetailType": detail_type, "Detail": json.dumps(detail), "Resources": resources}
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def _state(name: str) -> Properties:
    return {"Code": _CODES[name], "Name": name}


def _on_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _answer_with(name: str, action: _Action) -> Callable[[dict[str, list[str]]], Any]:
    def answer(params: dict[str, list[str]]) -> Any:
        instance_ids = ec2_service._parse_member_list(params, "InstanceId")
        refusal = next(filter(None, (_refusal(action, instance_id) for instance_id in instance_ids)), None)
        if refusal:
            return ec2_service._error(*refusal, 400)
        items = "".join(_change(action, ec2_service._instances[instance_id]) for instance_id in instance_ids)
        return ec2_service._xml(200, f"{name}Response", f"<instancesSet>{items}</instancesSet>")

    return answer


def _reboot(params: dict[str, list[str]]) -> Any:
    """Have the keeper reboot machines, whose instances go on running meanwhile."""
    instance_ids = ec2_service._parse_member_list(params, "InstanceId")
    for instance_id in instance_ids:
        record = ec2_service._instances.get(instance_id)
        if record is None:
            message = f"The instance ID '{instance_id}' does not exist"
            return ec2_service._error("InvalidInstanceID.NotFound", message, 400)
        if record["State"]["Name"] not in ("pending", "running"):
            message = f"The instance '{instance_id}' is not in a state from which it can be rebooted."
            return ec2_service._error("IncorrectInstanceState", message, 400)
    for instance_id in instance_ids:
        record = ec2_service._instances[instance_id]
        record["_reboots"] = record.get("_reboots", 0) + 1
    return ec2_service._xml(200, "RebootInstancesResponse", "<return>true</return>")


def _refusal(action: _Action, instance_id: str) -> tuple[str, str] | None:
    record = ec2_service._instances.get(instance_id)
    if record is None:
        return "InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist"
    if record["State"]["Name"] not in action.allowed | action.done:
        return (
            "IncorrectInstanceState",
            f"The instance '{instance_id}' is not in a state from which it can be {action.verb}.",
        )
    if action.enters == "stopping" and record.get("InstanceLifecycle") == "spot":
        return (
            "UnsupportedOperation",
            f"You can't stop the Spot Instance '{instance_id}' because it is associated with a one-time Spot "
            "Instance request. You can only stop Spot Instances associated with persistent Spot Instance requests.",
        )
    return None


def _change(action: _Action, record: Properties) -> str:
    before, after = record["State"], record["State"]
    if before["Name"] in action.allowed:
        after = _state(action.enters)
        if action.enters == "shutting-down":
            _release_profile(record["InstanceId"])
        enter(record, action.enters)
    return (
        f"<item><instanceId>{record['InstanceId']}</instanceId>"
        f"<previousState><code>{before['Code']}</code><name>{before['Name']}</name></previousState>"
        f"<currentState><code>{after['Code']}</code><name>{after['Name']}</name></currentState></item>"
    )


def _release_profile(instance_id: str) -> None:
    ec2_service._sync_iam_instance_profile_associations()
    association = ec2_service._find_active_iam_instance_profile_association(instance_id)
    if association:
        ec2_service._mark_iam_instance_profile_association_disassociated(association)
