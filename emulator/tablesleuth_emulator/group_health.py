"""Members of a group that somebody calls unhealthy, or ends: the group replaces them, or does with one less."""

from __future__ import annotations

import time
from typing import Any

from ministack.services import autoscaling as service
from ministack.services import ec2 as ec2_service

from .group_members import leave, resize
from .launching import is_true, terminate
from .registry import Properties

Found = tuple[Properties, Properties]


def install() -> None:
    """Answer the two actions, which ministack lacks."""
    service._ACTION_MAP.update(SetInstanceHealth=_set_health, TerminateInstanceInAutoScalingGroup=_terminate)


def _set_health(params: Properties) -> Any:
    found = _member(params)
    if found is None:
        return _unknown(params)
    group, member = found
    respects_grace = service._p(params, "ShouldRespectGracePeriod") != "false"
    if not (respects_grace and is_in_grace(group, member)):
        member["HealthStatus"] = service._p(params, "HealthStatus")
    if member["HealthStatus"] == "Unhealthy":
        terminate([member["InstanceId"]])
    return service._xml(200, "SetInstanceHealthResponse", "")


def is_in_grace(group: Properties, member: Properties) -> bool:
    """Whether a member is too new for its group to go by its health."""
    began = ec2_service._instances[member["InstanceId"]].get("_in_service_at", time.time())
    return bool(time.time() < began + int(group["HealthCheckGracePeriod"]))


def _terminate(params: Properties) -> Any:
    found = _member(params)
    if found is None:
        return _unknown(params)
    group, member = found
    if is_true(service._p(params, "ShouldDecrementDesiredCapacity")):
        if group["DesiredCapacity"] <= group["MinSize"]:
            message = "Currently, desiredSize equals minSize. Terminating instance without replacement will violate it"
            return service._error("ValidationError", message)
        group["DesiredCapacity"] -= 1
    leave(group, member)
    resize(group)
    activity = {"AutoScalingGroupName": group["AutoScalingGroupName"], "StatusCode": "InProgress"}
    body = service._member_xml({"TerminateInstanceInAutoScalingGroupResult": {"Activity": activity}})
    return service._xml(200, "TerminateInstanceInAutoScalingGroupResponse", body)


def _member(params: Properties) -> Found | None:
    wanted = service._p(params, "InstanceId")
    members = ((group, member) for group in service._asgs.values() for member in group["Instances"])
    return next((found for found in members if found[1]["InstanceId"] == wanted), None)


def _unknown(params: Properties) -> Any:
    message = f"Instance Id not found - No managed instance found for instance ID: {service._p(params, 'InstanceId')}"
    return service._error("ValidationError", message)
