"""Target tracking of Auto Scaling groups by the processor time of their members.

Each minute the average of the members that are in service and warm is the group's ``CPUUtilization``. The two alarms that
AWS makes for a policy (ministack makes the same) judge it: above the target for 3 minutes, below nine tenths of it for 15.
While one of them is in alarm, the group grows to what the target needs, or loses one member.

The keeper of the machines tells how much of its processors each machine uses. ``PUT /_tablesleuth/minutes`` lets minutes
pass at once, each with what the machines use now. Without machines there are no figures but what somebody puts.
"""

from __future__ import annotations

import math
import os
import threading
import time

from ministack.core.responses import request_scope
from ministack.services import autoscaling as service
from ministack.services import cloudwatch
from ministack.services import ec2 as ec2_service

from . import alarms, minutes
from .endpoints import Document, Endpoint, Refused
from .group_members import resize, staying
from .registry import Properties, Registry

_MINUTE = 60
_MOST_MINUTES = 24 * 60
_CPU = "ASGAverageCPUUtilization"
#: The part of its processors that each instance's machine uses now, in percent.
_use: dict[str, float] = {}
_judging = threading.RLock()

ENDPOINTS = [Endpoint("PUT", "minutes", lambda _groups, body: _pass_minutes(body))]


def register(registry: Registry) -> None:
    registry.corrected(
        "AWS::AutoScaling::ScalingPolicy",
        "Target tracking by the processor time of machines; other policies are kept, and do nothing.",
    )


def install() -> None:
    """Begin to judge the groups every minute."""
    threading.Thread(target=_run, name="scaling-policies", daemon=True).start()


def goes_by_processors(group_name: str) -> bool:
    """Whether a group scales by the processor time of its members."""
    return any(policy["AutoScalingGroupName"] == group_name for policy in _policies())


def note_use(body: Document) -> Document:
    """The keeper of the machines says how much of its processors each machine uses."""
    _use.update({instance_id: float(percent) for instance_id, percent in body.items()})
    return {}


def _policies() -> list[Properties]:
    return [
        policy
        for policy in service._policies.values()
        if (policy.get("TargetTrackingConfiguration") or {}).get("PredefinedMetricSpecification", {}).get("PredefinedMetricType")
        == _CPU
    ]


def _run() -> None:
    while True:
        time.sleep(_MINUTE)
        with request_scope(os.environ["MINISTACK_ACCOUNT_ID"], os.environ["MINISTACK_REGION"]):
            _end_minute()


def _pass_minutes(body: Document) -> Document:
    count = body.get("count")
    if not isinstance(count, int) or not 1 <= count <= _MOST_MINUTES:
        raise Refused(400, f'"count" is {count!r}: a number of minutes from 1 to {_MOST_MINUTES} is wanted')
    for _minute in range(count):
        minutes.skip(_MINUTE)
        _end_minute()
    return {}


def _end_minute() -> None:
    with _judging:
        for policy in _policies():
            group = service._asgs.get(policy["AutoScalingGroupName"])
            if group is not None:
                _publish(group)
                _follow(group, policy)
        for do in minutes.at_end:
            do()


def _publish(group: Properties) -> None:
    figures = [_use[member["InstanceId"]] for member in _warm(group) if member["InstanceId"] in _use]
    if not figures:
        return
    dimensions = {"AutoScalingGroupName": group["AutoScalingGroupName"]}
    average, nothing = sum(figures) / len(figures), (None, None, None)
    cloudwatch._store_datum("AWS/EC2", "CPUUtilization", dimensions, minutes.now(), "Percent", average, *nothing)


def _warm(group: Properties) -> list[Properties]:
    """The members in service whose warm-up is over."""
    warm_up = group.get("DefaultInstanceWarmup") or 0
    records = ec2_service._instances
    return [
        member
        for member in staying(group)
        if member["LifecycleState"] == "InService"
        and records[member["InstanceId"]].get("_warm_from", 0.0) + warm_up <= minutes.now()
    ]


def _follow(group: Properties, policy: Properties) -> None:
    """Judge the policy's alarms, and change the capacity while one of them is in alarm."""
    ours = [cloudwatch._alarms[one["AlarmName"]] for one in policy.get("Alarms", [])]
    for alarm in ours:
        alarms.judge(alarm)
    states = {"High" if "-AlarmHigh-" in alarm["AlarmName"] else "Low": alarm["StateValue"] for alarm in ours}
    members, desired = _warm(group), group["DesiredCapacity"]
    used = sum(_use.get(member["InstanceId"], 0.0) for member in members)
    needed = math.ceil(used / policy["TargetTrackingConfiguration"]["TargetValue"])
    if states.get("High") == "ALARM":
        wanted = max(desired, needed)
    elif states.get("Low") == "ALARM" and len(members) == desired:
        wanted = max(desired - 1, needed)
    else:
        return
    wanted = min(max(wanted, group["MinSize"]), group["MaxSize"])
    if wanted != desired:
        group["DesiredCapacity"] = wanted
        resize(group)
